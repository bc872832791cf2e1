package cli

import (
	"context"
	"errors"
	"fmt"
	"net/url"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"github.com/godcp/godcp/conformance"
	"github.com/godcp/godcp/fsbase"
)

func (a *app) conformCmd() *cobra.Command {
	var f conformFlags
	cmd := &cobra.Command{
		Use:   "conform URL",
		Short: "Check that a storage can be trusted with checkpoints",
		Long: `Put the conformance suite to the storage at URL: whether nothing partial is ever
visible, whether a create-if-absent has one winner, whether readers keep their
version, and some hundred questions more. The suite works in a new folder below
URL and leaves nothing there, nor the folder of URL itself if it was not there.

Profiles go to stdout, then every check that failed, is excepted, or is absent
because the storage cannot do what it needs; with --verbose all of them. With
--json the report, as --report FILE writes it. The exit status is 1 if a MUST
check failed; a SHOULD check is advice.

  dcp conform s3://bucket/scratch --report report.json --junit junit.xml
  dcp conform /mnt/nfs/scratch --profile atomic,exclusive --rounds 1000
  dcp conform /mnt/nfs/scratch --only write/ --only race/overwrite
  dcp conform --list --profile swap`,
		Args: func(cmd *cobra.Command, args []string) error {
			if f.list {
				return wants(0, 1, "[URL]")(cmd, args)
			}
			return wants(1, 1, "URL")(cmd, args)
		},
		RunE: func(cmd *cobra.Command, args []string) error {
			checks, err := f.check()
			if err != nil {
				return err
			}
			if f.list {
				return a.printChecks(checks)
			}
			return a.conform(cmd.Context(), args[0], &f, checks)
		},
	}
	f.add(cmd)
	return cmd
}

// nonconformingError is a storage that failed checks.
type nonconformingError struct{ checks []string }

func (e nonconformingError) Error() string {
	return fmt.Sprintf("%s failed: %s", count(len(e.checks), "MUST check"), strings.Join(e.checks, ", "))
}

// conform runs the suite. Whatever it was given to write is written, and what
// the suite left is removed, before an error of the run is returned: also when
// it was cancelled.
func (a *app) conform(ctx context.Context, rawURL string, f *conformFlags, checks []conformance.Check) error {
	fsys, err := fsbase.Open(ctx, rawURL)
	if err != nil {
		return err
	}
	site := newSite(fsys)
	second, err := site.reach(ctx, rawURL)
	if err != nil {
		return errors.Join(err, site.tidy(ctx))
	}
	p := f.show.start(a, "conform", inChecks)
	options := f.options(checks,
		conformance.InFolder(site.folder),
		conformance.WithImplementation(conformance.Implementation{Name: fsbase.Redact(rawURL), Version: buildVersion()}),
		conformance.WithSecrets(passwords(rawURL)...), conformance.WithCheckpointID(rawURL),
		conformance.WithProgress(func(done, total int) { p.set(int64(done), int64(total)) }))
	if second {
		options = append(options, conformance.WithReopen(func(ctx context.Context, _ fsbase.FileSystemBase) (fsbase.FileSystemBase, error) {
			return fsbase.Open(ctx, rawURL)
		}))
	}
	rep, err := conformance.Verify(ctx, fsys, options...)
	p.stop()
	left := site.tidy(ctx)
	if rep == nil {
		return errors.Join(err, left)
	}
	if left != nil {
		rep.Notes = append(rep.Notes, "the run was not tidied up: "+left.Error())
	}
	if e := a.printConformance(rep, f); e != nil {
		return e
	}
	if e := f.write(rep); e != nil {
		return e
	}
	if err != nil {
		return err
	}
	var broken []string
	for _, c := range rep.Checks {
		if c.Broken() {
			broken = append(broken, c.ID)
		}
	}
	if len(broken) > 0 {
		return nonconformingError{broken}
	}
	return nil
}

// passwords returns what of a URL no error may show.
func passwords(rawURL string) []string {
	if u, err := url.Parse(rawURL); err == nil && u.User != nil {
		if p, ok := u.User.Password(); ok && p != "" {
			return []string{p}
		}
	}
	return nil
}

// tidyTimeout bounds the removal of what a run has left.
const tidyTimeout = time.Minute
