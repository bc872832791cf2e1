package cli

import (
	"fmt"

	"github.com/spf13/cobra"

	"github.com/godcp/godcp/dcp"
)

func (a *app) mergeCmd() *cobra.Command {
	return &cobra.Command{
		Use:   "merge URL",
		Short: "Make a checkpoint of what ranks saved without collectives",
		Long: `Make one .metadata of the __R.metadata that the ranks of a save without
collectives have left. The data stays where it is, and so do the __R.metadata.

Nothing is written unless all ranks are there with the same save id, and what
they have makes up every tensor. What several ranks stored must be the same, or
--prefer-rank says whose to take. A set that torch saved has no common save id:
--trust-set says that all its files are of one save, which nothing can check.

With --json one document: {"ranks", "tensors", "objects", "copies",
"already_merged", "unguarded", "warnings"}. copies counts the stored items that
are not in the checkpoint as another rank has the same; unguarded tells that the
storage could not keep a second writer out. Without --json warnings are on
stderr.`,
		Args: wants(1, 1, "URL"),
		RunE: func(cmd *cobra.Command, args []string) error {
			rep, err := dcp.MergeRankLocal(cmd.Context(), args[0], a.openOptions())
			if err != nil {
				return lookAt(args[0], err)
			}
			return a.printMerge(rep)
		},
	}
}

func (a *app) printMerge(rep *dcp.MergeReport) error {
	warnings := make([]text, len(rep.Warnings))
	for i, w := range rep.Warnings {
		warnings[i] = text(w)
	}
	if a.json {
		return a.printJSON(struct {
			Ranks         int    `json:"ranks"`
			Tensors       int    `json:"tensors"`
			Objects       int    `json:"objects"`
			Copies        int    `json:"copies"`
			AlreadyMerged bool   `json:"already_merged"`
			Unguarded     bool   `json:"unguarded"`
			Warnings      []text `json:"warnings"`
		}{rep.Ranks, rep.Tensors, rep.Objects, rep.Copies, rep.AlreadyMerged, rep.Unguarded, warnings})
	}
	for _, w := range rep.Warnings {
		fmt.Fprintf(a.errOut, "dcp: warning: %s\n", oneLine(w))
	}
	if rep.Unguarded {
		fmt.Fprintf(a.errOut, "dcp: warning: this storage could not keep a second writer out\n")
	}
	what := "merged"
	if rep.AlreadyMerged {
		what = "merged before"
	}
	_, err := fmt.Fprintf(a.out, "%s: %s, %s, %s\n", what,
		count(rep.Ranks, "rank"), count(rep.Tensors, "tensor"), count(rep.Objects, "object"))
	return err
}
