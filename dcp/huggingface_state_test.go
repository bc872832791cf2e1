package dcp_test

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"

	"golang.org/x/sync/errgroup"

	"github.com/godcp/godcp/collective"
	"github.com/godcp/godcp/dcp"
	"github.com/godcp/godcp/fsbase"
	"github.com/godcp/godcp/tensor"
)

// hfShapes are cut into rows or columns; some leave ranks without any.
var hfShapes = map[string][]int64{"ten": {10, 3}, "two": {2, 5}, "vector": {7}, "none": {0, 4}, "deep": {5, 2, 3}}

// hfWhole is the tensors of a step, whole. Every element tells the step.
func hfWhole(step int64) map[string]*tensor.Tensor {
	whole := map[string]*tensor.Tensor{}
	add := func(name string, d tensor.DType, shape ...int64) {
		x, err := tensor.New(d, shape...)
		if err != nil {
			panic(err)
		}
		b, _ := x.Bytes()
		for i := range b {
			if b[i] = byte(int64(i) + 31*step + int64(len(name))); d == tensor.Bool {
				b[i] &= 1
			}
		}
		whole[name] = x
	}
	for name, shape := range hfShapes {
		add("rows."+name, tensor.Float32, shape...)
		if len(shape) > 1 {
			add("columns."+name, tensor.BFloat16, shape...)
		}
	}
	for _, d := range []tensor.DType{
		tensor.Float64, tensor.Float16, tensor.Int64, tensor.Int32, tensor.Int16, tensor.Int8, tensor.Uint8, tensor.Uint16,
		tensor.Uint32, tensor.Uint64, tensor.Bool, tensor.Complex64, tensor.Float8E4M3FN, tensor.Float8E5M2, tensor.Float8E4M3FNUZ,
		tensor.Float8E5M2FNUZ, tensor.Float8E8M0FNU,
	} {
		add("scalar."+d.String(), d)
		add("same."+d.String(), d, 2, 3)
	}
	add("same.fp4", tensor.Float4E2M1FNx2, 2, 3)
	return whole
}

// hfState is what a rank has of a step.
func hfState(step int64, rank, world int) map[string]any {
	state := map[string]any{}
	for fqn, x := range hfWhole(step) {
		dim := 0
		switch kind, _, _ := strings.Cut(fqn, "."); kind {
		case "columns":
			dim = 1
		case "rows":
		default:
			state[fqn] = x
			continue
		}
		box := tensor.FullBox(x.Shape())
		offsets, sizes := split(x.Shape()[dim], world)
		box.Offsets[dim], box.Sizes[dim] = offsets[rank], sizes[rank]
		part, err := x.Sub(box)
		if err != nil {
			panic(err)
		}
		state[fqn] = &dcp.ShardedTensor{DType: x.DType(), Size: x.Shape(), Shards: []dcp.Shard{{Offsets: box.Offsets, Tensor: part}}}
	}
	return state
}

// saveHF saves a step from world ranks. o is called for every rank.
func saveHF(ctx context.Context, fsys fsbase.FileSystemBase, step int64, world int, o func() dcp.SaveOptions) error {
	var eg errgroup.Group
	for rank, g := range collective.InProcess(world) {
		eg.Go(func() error {
			o := o()
			o.Group = g
			_, err := dcp.SaveFS(ctx, fsys, hfState(step, rank, world), o)
			return err
		})
	}
	return eg.Wait()
}

func asSafetensors() dcp.SaveOptions {
	return dcp.SaveOptions{WriterOptions: dcp.WriterOptions{SerializationFormat: dcp.SerializationSafetensors}}
}

// checkHF compares a folder, bit by bit, with a step.
func checkHF(ctx context.Context, fsys fsbase.FileSystemBase, step int64) error {
	ck, err := dcp.OpenFS(ctx, fsys, dcp.OpenOptions{})
	if err != nil {
		return err
	}
	for p := range ck.Metadata().Validate() {
		return p.Err
	}
	want, n := hfWhole(step), 0
	for fqn, e := range ck.Entries() {
		x, err := ck.Tensor(ctx, fqn)
		if err != nil {
			return err
		}
		n++
		var got, whole bytes.Buffer
		if want[fqn] == nil || want[fqn].DType() != e.DType || !slices.Equal(want[fqn].Shape(), e.Shape) {
			return fmt.Errorf("%s %v %v was not saved", fqn, e.DType, e.Shape)
		}
		if err := errors.Join(x.WriteLogical(&got), want[fqn].WriteLogical(&whole)); err != nil {
			return err
		}
		if !bytes.Equal(got.Bytes(), whole.Bytes()) {
			return fmt.Errorf("%s is not that of step %d", fqn, step)
		}
	}
	if ck.Layout() != dcp.LayoutHF || n != len(want) {
		return fmt.Errorf("%d tensors of %d in a %s checkpoint", n, len(want), ck.Layout())
	}
	return nil
}
