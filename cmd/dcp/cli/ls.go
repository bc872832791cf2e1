package cli

import (
	"fmt"
	"text/tabwriter"

	"github.com/spf13/cobra"

	"github.com/godcp/godcp/ckpterr"
	"github.com/godcp/godcp/dcp"
)

func (a *app) lsCmd() *cobra.Command {
	return &cobra.Command{
		Use:   "ls URL",
		Short: "List the entries: fqn, dtype, shape, bytes, chunks",
		Long: `List the entries of a checkpoint in the order of its metadata: fqn, dtype (or
"object" for a pickled one), global shape, bytes of all elements (of the stored
item for an object), and in how many chunks it lies.

With --json: {"entries": [{"fqn", "kind": "tensor"|"object", "dtype", "shape",
"bytes", "chunks"}]}; dtype, shape and chunks are null for an object.`,
		Args: wants(1, 1, "URL"),
		RunE: func(cmd *cobra.Command, args []string) error {
			ck, err := a.open(cmd.Context(), args[0])
			if err != nil {
				return err
			}
			if a.json {
				return a.lsJSON(ck)
			}
			return a.ls(ck)
		},
	}
}

func (a *app) ls(ck *dcp.Checkpoint) error {
	w := tabwriter.NewWriter(a.out, 0, 0, 2, ' ', 0)
	fmt.Fprintln(w, "FQN\tDTYPE\tSHAPE\tBYTES\tCHUNKS")
	for fqn, e := range ck.Entries() {
		if e.IsTensor {
			fmt.Fprintf(w, "%s\t%s\t%s\t%d\t%d\n", ckpterr.Escape(fqn), e.DType, shapeText(e.Shape), e.Bytes, len(e.Chunks))
		} else {
			fmt.Fprintf(w, "%s\tobject\t\t%d\t\n", ckpterr.Escape(fqn), e.Bytes)
		}
	}
	return w.Flush()
}

// lsEntry is an entry in JSON.
type lsEntry struct {
	FQN    text    `json:"fqn"`
	Kind   string  `json:"kind"`
	DType  *string `json:"dtype"`
	Shape  []int64 `json:"shape"`
	Bytes  int64   `json:"bytes"`
	Chunks *int    `json:"chunks"`
}

func (a *app) lsJSON(ck *dcp.Checkpoint) error {
	entries := []lsEntry{}
	for fqn, e := range ck.Entries() {
		x := lsEntry{FQN: text(fqn), Kind: "object", Bytes: e.Bytes}
		if e.IsTensor {
			dtype, n := e.DType.String(), len(e.Chunks)
			x.Kind, x.DType, x.Shape, x.Chunks = "tensor", &dtype, e.Shape, &n
		}
		entries = append(entries, x)
	}
	return a.printJSON(struct {
		Entries []lsEntry `json:"entries"`
	}{entries})
}
