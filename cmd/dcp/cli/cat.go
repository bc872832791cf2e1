package cli

import (
	"context"
	"fmt"

	"github.com/spf13/cobra"

	"github.com/godcp/godcp/dcp"
	"github.com/godcp/godcp/tensor"
)

// maxCat bounds what is read to be printed, in bytes.
const maxCat = 1 << 30

func (a *app) catCmd() *cobra.Command {
	return &cobra.Command{
		Use:   "cat URL FQN [SLICE]",
		Short: "Print the values of a tensor, a slice of it, or an object",
		Long: `Print an entry. A tensor is printed as torch does, with "..." for the middle of a
large one; only the bytes of the slice are read. SLICE is like numpy's: 0:8,:,3
or -1 or ...,0:2; steps are not supported. An object is printed as JSON; what
JSON has no form for is {"$t": type, …}, a class that dcp does not know
{"$t": "opaque", "class": name}.

With --json a tensor is one document of nested lists with all values: NaN and
the infinities are strings, complex values pairs.`,
		Args: wants(2, 3, "URL FQN [SLICE]"),
		RunE: func(cmd *cobra.Command, args []string) error {
			ck, err := a.open(cmd.Context(), args[0])
			if err != nil {
				return err
			}
			e, ok := ck.Entry(args[1])
			switch {
			case !ok:
				return noEntry(ck, args[1])
			case e.IsTensor:
				return a.catTensor(cmd.Context(), ck, e, args[2:])
			case len(args) > 2:
				return usage("leave the slice out", "%q is an object, which has no slices", args[1])
			}
			return a.catObject(cmd.Context(), ck, args[1])
		},
	}
}

func (a *app) catObject(ctx context.Context, ck *dcp.Checkpoint, fqn string) error {
	v, err := ck.Value(ctx, fqn)
	if err != nil {
		return err
	}
	b, err := dcp.AppendJSON(nil, v)
	if err != nil {
		return err
	}
	_, err = a.out.Write(append(b, '\n'))
	return err
}

func (a *app) catTensor(ctx context.Context, ck *dcp.Checkpoint, e dcp.Entry, slice []string) error {
	box, keep := tensor.FullBox(e.Shape), []bool(nil)
	if len(slice) > 0 {
		var err error
		if box, keep, err = parseSlice(slice[0], e.Shape); err != nil {
			return err
		}
	}
	if n, ok := tensor.NumBytes(e.DType, box.Sizes); !ok || n > maxCat {
		return usage(sliceHint, "%q has shape %s: too much to print, give a slice", e.FQN, shapeText(box.Sizes))
	}
	t, err := ck.Slice(ctx, e.FQN, box)
	if err != nil {
		return err
	}
	if t, err = squeeze(t, keep); err != nil {
		return err
	}
	if a.json {
		err = t.EncodeJSON(a.out)
	} else {
		err = tensor.Fprint(a.out, t, tensor.FormatOptions{})
	}
	if err == nil {
		_, err = fmt.Fprintln(a.out)
	}
	return err
}

// squeeze drops the dimensions of size 1 that keep says were indexed.
func squeeze(t *tensor.Tensor, keep []bool) (*tensor.Tensor, error) {
	if keep == nil {
		return t, nil
	}
	var shape []int64
	for i, n := range t.Shape() {
		if keep[i] {
			shape = append(shape, n)
		}
	}
	b, _ := t.Contiguous().Bytes()
	return tensor.FromBytes(t.DType(), shape, b)
}
