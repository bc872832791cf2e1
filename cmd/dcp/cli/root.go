package cli

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"io"
	"slices"
	"strings"
	"syscall"

	"github.com/spf13/cobra"
)

// app is one run of the command.
type app struct {
	out    *bufio.Writer
	errOut io.Writer

	json       bool
	trustSet   bool
	preferRank int
}

// run is the command but for the process: its result is the exit status.
func run(ctx context.Context, args []string, stdout, stderr io.Writer) int {
	a := &app{out: bufio.NewWriterSize(stdout, 64<<10), errOut: stderr}
	a.json = slices.Contains(args, "--json") // for mistakes in the flags themselves
	root := a.root()
	root.SetArgs(protectSlices(args))
	err := root.ExecuteContext(ctx)
	if e := a.out.Flush(); e != nil && err == nil {
		err = fmt.Errorf("writing to stdout: %w", e)
	}
	if err == nil || errors.Is(err, syscall.EPIPE) { // whoever reads has seen enough
		return 0
	}
	p := classify(err)
	a.print(p)
	return p.status
}

func (a *app) root() *cobra.Command {
	root := &cobra.Command{
		Use:   "dcp",
		Short: "Lists, checks and prints distributed checkpoints without Python",
		Long: `dcp lists, checks and prints checkpoints of torch.distributed.checkpoint, and
folders of safetensors files, on any storage. No pickle is executed.

URL is a path or the URL of a checkpoint's folder.

Exit status: 0 all is well; 1 the checkpoint is bad, or the storage by conform;
2 wrong usage; 3 the storage or the name cannot be reached, or the run was
cancelled.`,
		Args:          cobra.ArbitraryArgs,
		SilenceUsage:  true,
		SilenceErrors: true,
	}
	verbs := []*cobra.Command{
		a.lsCmd(), a.inspectCmd(), a.catCmd(), a.digestCmd(), a.verifyCmd(), a.mergeCmd(), a.conformCmd(), a.versionCmd(),
	}
	root.RunE = func(cmd *cobra.Command, args []string) error {
		if len(args) == 0 {
			return cmd.Help()
		}
		var names []string
		for _, v := range verbs {
			names = append(names, v.Name())
		}
		hint := "the commands are " + strings.Join(names, ", ")
		if near := closest(args[0], names); len(near) > 0 {
			hint = "did you mean " + near[0] + "?"
		}
		return usage(hint, "no command %q", args[0])
	}
	root.AddCommand(verbs...)
	root.SetOut(a.out)
	root.SetErr(a.errOut)
	root.SetFlagErrorFunc(func(cmd *cobra.Command, err error) error {
		return usage("see "+cmd.CommandPath()+" --help", "%w", err)
	})
	flags := root.PersistentFlags()
	flags.BoolVar(&a.json, "json", false, "print one JSON document, and errors as JSON too")
	flags.BoolVar(&a.trustSet, "trust-set", false, "open a set of __R.metadata files that torch saved without collectives")
	flags.IntVar(&a.preferRank, "prefer-rank", -1, "which rank to believe where the ranks of a set of __R.metadata files differ")
	return root
}

// wants checks the number of arguments: those named, in capitals, are needed.
func wants(least, most int, form string) cobra.PositionalArgs {
	return func(cmd *cobra.Command, args []string) error {
		hint := "dcp " + cmd.Name() + " " + form
		switch {
		case len(args) < least:
			return usage(hint, "%s needs %s", cmd.Name(), strings.Fields(form)[len(args)])
		case most >= 0 && len(args) > most:
			return usage(hint, "%q is one argument too many for %s", args[most], cmd.Name())
		}
		return nil
	}
}
