//go:build unix

package processes

import (
	"context"
	"fmt"
	"maps"
	"slices"

	"github.com/godcp/godcp/dcp"
	"github.com/godcp/godcp/fsbase"
	"github.com/godcp/godcp/tensor"
)

// The tensor "w" is saved by rows and loaded by columns. With 7 ranks some have
// one row more than others, and one of the loading ranks has no column at all.
const rows, cols = 17, 6

func value(step, row, col int64) float32 { return float32(1000*step + row*cols + col) }

// part is what a rank of several has of n: as torch does, the last ones have
// less, or nothing.
func part(n int64, rank, size int) (first, count int64) {
	each := (n + int64(size) - 1) / int64(size)
	first = min(n, each*int64(rank))
	return first, min(each, n-first)
}

// sharded is a part of "w".
func sharded(offsets, sizes []int64, data []float32) (*dcp.ShardedTensor, error) {
	s := &dcp.ShardedTensor{DType: tensor.Float32, Size: []int64{rows, cols}}
	if len(data) == 0 {
		return s, nil
	}
	t, err := tensor.FromSlice(data, sizes...)
	s.Shards = []dcp.Shard{{Offsets: offsets, Tensor: t}}
	return s, err
}

func makeState(step int64, rank, size int) (map[string]any, error) {
	first, n := part(rows, rank, size)
	var data []float32
	for row := first; row < first+n; row++ {
		for col := range int64(cols) {
			data = append(data, value(step, row, col))
		}
	}
	w, err := sharded([]int64{first, 0}, []int64{n, cols}, data)
	if err != nil {
		return nil, err
	}
	own, err := tensor.FromSlice([]int64{step, int64(rank)}, 2)
	return map[string]any{"w": w, "step": step, "own": map[string]any{fmt.Sprint("rank", rank): own}}, err
}

// loadState loads a rank's columns and looks at them.
func loadState(ctx context.Context, fsys fsbase.FileSystemBase, step int64, rank, size int) error {
	first, n := part(cols, rank, size)
	data := make([]float32, rows*n)
	w, err := sharded([]int64{0, first}, []int64{rows, n}, data)
	if err != nil {
		return err
	}
	state := map[string]any{"w": w, "step": nil}
	if _, err := dcp.LoadFS(ctx, fsys, state, dcp.LoadOptions{}); err != nil {
		return err
	}
	if state["step"] != step {
		return fmt.Errorf("step %v, want %d", state["step"], step)
	}
	for i, x := range data {
		if row, col := int64(i)/n, first+int64(i)%n; x != value(step, row, col) {
			return fmt.Errorf("row %d, column %d is %v, want %v", row, col, x, value(step, row, col))
		}
	}
	return nil
}

// wholeStep is the step of the checkpoint, if all of it is there and right.
func wholeStep(ctx context.Context, fsys fsbase.FileSystemBase, ranks int) (int64, error) {
	ck, err := dcp.OpenFS(ctx, fsys, dcp.OpenOptions{})
	if err != nil {
		return 0, err
	}
	for p := range ck.Metadata().Validate() {
		return 0, p.Err
	}
	for _, rec := range ck.Records() {
		if _, err := ck.CheckItem(ctx, rec); err != nil {
			return 0, err
		}
	}
	v, err := ck.Value(ctx, "step")
	if err != nil {
		return 0, err
	}
	step, ok := v.(int64)
	if !ok {
		return 0, fmt.Errorf("the step is %v", v)
	}
	names := []string{"step", "w"}
	for rank := range ranks {
		name := fmt.Sprint("own.rank", rank)
		own, err := ck.Tensor(ctx, name)
		if err != nil {
			return 0, err
		}
		if data, err := tensor.Data[int64](own); err != nil || !slices.Equal(data, []int64{step, int64(rank)}) {
			return 0, fmt.Errorf("%s is %v in step %d (%w)", name, data, step, err)
		}
		names = append(names, name)
	}
	if got := slices.Sorted(maps.Keys(maps.Collect(ck.Entries()))); !slices.Equal(got, slices.Sorted(slices.Values(names))) {
		return 0, fmt.Errorf("entries %q, want %q", got, names)
	}
	return step, loadState(ctx, fsys, step, 0, 1)
}
