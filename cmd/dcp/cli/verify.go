package cli

import (
	"errors"
	"fmt"

	"github.com/spf13/cobra"

	"github.com/godcp/godcp/ckpterr"
	"github.com/godcp/godcp/verify"
)

func (a *app) verifyCmd() *cobra.Command {
	var show progressFlags
	cmd := &cobra.Command{
		Use:   "verify URL",
		Short: "Read and check everything",
		Long: `Read every byte of a checkpoint and check it: metadata, files, archives,
checksums, pickles, and that each item holds what the metadata says. Known
dangerous pickles fail, unknown classes warn; nothing is executed.

Findings go to stdout, one a line, then a line "ok: …" or "failed: …". With
--quiet errors only. With --json one document: {"ok", "errors", "warnings",
"findings": [{"severity", "class", "file", "offset", "fqn", "message", "hint"}],
"tensors", "objects", "items", "files", "bytes"}; offset is -1 where not known.
The exit status is 1 if there is an error, and the first one is on stderr too.`,
		Args: wants(1, 1, "URL"),
		RunE: func(cmd *cobra.Command, args []string) error {
			ctx := cmd.Context()
			if err := show.check(); err != nil {
				return err
			}
			ck, err := a.open(ctx, args[0])
			if ckpterr.ClassOf(err) != "" {
				return errors.Join(a.printReport(verify.Unopened(err), true, show.quiet), err)
			}
			if err != nil {
				return err
			}
			collectEarly(verifyMemory)
			p := show.start(a, "verify", inBytes)
			rep, err := verify.Verify(ctx, ck, verify.Options{Progress: p.set})
			p.stop()
			if e := a.printReport(rep, err == nil, show.quiet); e != nil {
				return e
			}
			if err != nil {
				return err
			}
			return rep.FirstError()
		},
	}
	show.add(cmd)
	return cmd
}

// printReport prints findings and, of a verification that came to its end, the
// summary.
func (a *app) printReport(rep *verify.Report, finished, quiet bool) error {
	if a.json {
		return a.printJSON(struct {
			OK       bool `json:"ok"`
			Finished bool `json:"finished"`
			*verify.Report
		}{rep.OK() && finished, finished, rep})
	}
	for _, f := range rep.Findings {
		if quiet && f.Severity != verify.Error {
			continue
		}
		if _, err := fmt.Fprintln(a.out, oneLine(f.String())); err != nil {
			return err
		}
	}
	if hidden := rep.Errors + rep.Warnings - len(rep.Findings); hidden > 0 {
		fmt.Fprintf(a.out, "and %s\n", count(hidden, "more finding"))
	}
	if quiet || !finished {
		return nil
	}
	verdict := "ok"
	if !rep.OK() {
		verdict = "failed"
	}
	_, err := fmt.Fprintf(a.out, "%s: %s, %s; %s, %s; %s in %s, %s\n", verdict,
		count(rep.Errors, "error"), count(rep.Warnings, "warning"),
		count(rep.Tensors, "tensor"), count(rep.Objects, "object"),
		count(rep.Items, "item"), count(rep.Files, "file"), sizeText(rep.Bytes))
	return err
}
