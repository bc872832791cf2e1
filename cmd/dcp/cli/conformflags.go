package cli

import (
	"bytes"
	"encoding/json"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"github.com/spf13/cobra"

	"github.com/godcp/godcp/conformance"
)

// conformFlags are the flags of dcp conform.
type conformFlags struct {
	show progressFlags

	list, verbose, costs    bool
	report, junit, markdown string

	profiles, only, except []string
	exceptions             []conformance.Exception

	seed   uint64
	limits conformance.Limits
}

func (f *conformFlags) add(cmd *cobra.Command) {
	f.show.add(cmd)
	flags := cmd.Flags()
	flags.BoolVar(&f.list, "list", false, "print the checks and what they demand, and run none")
	flags.BoolVar(&f.verbose, "verbose", false, "print every check")
	flags.StringVar(&f.report, "report", "", "write the report to this `file`, as JSON")
	flags.StringVar(&f.junit, "junit", "", "write the report to this `file`, as JUnit XML")
	flags.StringVar(&f.markdown, "markdown", "", "write the report to this `file`, as Markdown")
	flags.StringSliceVar(&f.profiles, "profile", nil, "run the checks of these `profiles`: "+strings.Join(profileNames(), ", "))
	flags.StringArrayVar(&f.only, "only", nil, "run this `check`, or this section with its slash; may be repeated")
	flags.StringArrayVar(&f.except, "except", nil, "`ID=reason`: the check is known to fail; may be repeated")
	flags.Uint64Var(&f.seed, "seed", 0, "repeat a run with the seed of its report")
	flags.IntVar(&f.limits.Rounds, "rounds", 0, "how often races are run (default 200)")
	flags.Int64Var(&f.limits.LargeSize, "large-size", 0, "`bytes` of a large stream, above the size of one part (default 12582912)")
	flags.Int64Var(&f.limits.HugeSize, "huge-size", 0, "`bytes` of the few huge streams, -1 for none (default 109051904)")
	flags.DurationVar(&f.limits.Timeout, "timeout", 0, "ends a check (default 5m0s)")
	flags.BoolVar(&f.costs, "costs", false, "measure what operations cost, too")
}

func profileNames() []string {
	var names []string
	for _, p := range conformance.Profiles() {
		names = append(names, string(p))
	}
	return names
}

// check says what is wrong with the flags, and returns the checks that they
// choose.
func (f *conformFlags) check() ([]conformance.Check, error) {
	if err := f.show.check(); err != nil {
		return nil, err
	}
	if f.limits.Rounds < 0 || f.limits.LargeSize < 0 || f.limits.Timeout < 0 {
		return nil, usage("leave the flag out for the default", "--rounds, --large-size and --timeout are never negative")
	}
	for _, p := range f.profiles {
		if err := oneOf("--profile", p, profileNames()); err != nil {
			return nil, err
		}
	}
	ids, sections := checkNames()
	for _, o := range f.only {
		if err := oneOf("--only", o, append(sections, ids...)); err != nil {
			return nil, err
		}
	}
	for _, x := range f.except {
		id, reason, _ := strings.Cut(x, "=")
		if err := oneOf("--except", id, ids); err != nil {
			return nil, err
		}
		if strings.TrimSpace(reason) == "" {
			return nil, usage("--except '"+id+"=why it cannot pass'", "--except %s gives no reason", id)
		}
		f.exceptions = append(f.exceptions, conformance.Exception{Check: id, Reason: reason})
	}
	for _, path := range []string{f.report, f.junit, f.markdown} {
		// Found out now, and not after the run.
		if fi, err := os.Stat(filepath.Dir(path)); path != "" && (err != nil || !fi.IsDir()) {
			return nil, usage("make the folder first", "%s: its folder is not there", path)
		}
	}
	checks := slices.DeleteFunc(conformance.Checks(), func(c conformance.Check) bool { return !f.chooses(c) })
	if len(checks) == 0 {
		return nil, usage("dcp conform --list prints the profile of each check", "--profile and --only leave no check")
	}
	return checks, nil
}

func (f *conformFlags) chooses(c conformance.Check) bool {
	section, _, _ := strings.Cut(c.ID, "/")
	return (len(f.profiles) == 0 || slices.Contains(f.profiles, string(c.Profile))) &&
		(len(f.only) == 0 || slices.Contains(f.only, c.ID) || slices.Contains(f.only, section+"/"))
}

// checkNames returns the IDs of all checks and their sections, with the slash.
func checkNames() (ids, sections []string) {
	for _, c := range conformance.Checks() {
		ids = append(ids, c.ID)
		section, _, _ := strings.Cut(c.ID, "/")
		if !slices.Contains(sections, section+"/") {
			sections = append(sections, section+"/")
		}
	}
	return ids, sections
}

// oneOf says whether a flag has one of the names, and which may be meant.
func oneOf(flag, name string, names []string) error {
	if slices.Contains(names, name) {
		return nil
	}
	hint := "dcp conform --list prints all"
	if near := closest(name, names); len(near) > 0 {
		hint = "did you mean " + near[0] + "?"
	}
	return usage(hint, "%s has no %q", flag, name)
}

// options are those of the flags, and more.
func (f *conformFlags) options(checks []conformance.Check, more ...conformance.Option) []conformance.Option {
	options := append(more, conformance.WithLimits(f.limits), conformance.WithExceptions(f.exceptions...), conformance.WithSeed(f.seed))
	if len(checks) < len(conformance.Checks()) {
		ids := make([]string, len(checks))
		for i, c := range checks {
			ids[i] = c.ID
		}
		options = append(options, conformance.Only(ids...))
	}
	if f.costs {
		options = append(options, conformance.WithCosts())
	}
	return options
}

// write writes the files that the flags name.
func (f *conformFlags) write(rep *conformance.Report) error {
	for path, to := range map[string]func(io.Writer) error{
		f.report:   func(w io.Writer) error { return indented(w, rep) },
		f.junit:    rep.WriteJUnit,
		f.markdown: rep.WriteMarkdown,
	} {
		if path == "" {
			continue
		}
		var b bytes.Buffer
		err := to(&b)
		if err == nil {
			err = os.WriteFile(path, b.Bytes(), 0o666)
		}
		if err != nil {
			return fmt.Errorf("writing the report: %w", err)
		}
	}
	return nil
}

func indented(w io.Writer, v any) error {
	enc := json.NewEncoder(w)
	enc.SetEscapeHTML(false)
	enc.SetIndent("", "  ")
	return enc.Encode(v)
}
