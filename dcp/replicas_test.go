package dcp_test

import (
	"errors"
	"strings"
	"testing"

	"golang.org/x/sync/errgroup"

	"github.com/godcp/godcp/backends/memfs"
	"github.com/godcp/godcp/collective"
	"github.com/godcp/godcp/dcp"
	"github.com/godcp/godcp/dcp/planner"
	"github.com/godcp/godcp/tensor"
)

// TestCheckReplicas saves values under one name from three ranks, of which the
// last has another one.
func TestCheckReplicas(t *testing.T) {
	vector := func(v ...float32) *tensor.Tensor {
		x, err := tensor.FromSlice(v, int64(len(v)))
		if err != nil {
			t.Fatal(err)
		}
		return x
	}
	column := func(dense bool) *tensor.Tensor { // the same elements, with gaps or without
		x, err := tensor.FromSlice([]float32{1, 9, 2, 9}, 2, 2)
		if err == nil {
			x, err = x.Narrow(1, 0, 1)
		}
		if err != nil {
			t.Fatal(err)
		}
		if dense {
			x = x.Contiguous()
		}
		return x
	}
	shard := func(v ...float32) *dcp.ShardedTensor {
		return &dcp.ShardedTensor{DType: tensor.Float32, Size: []int64{2}, Shards: []dcp.Shard{{Offsets: []int64{0}, Tensor: vector(v...)}}}
	}
	for name, c := range map[string]struct {
		same, other any
		bad         bool
	}{
		"equal tensors":     {column(false), column(true), false},
		"different tensors": {vector(1, 2), vector(1, 3), true},
		"different shards":  {shard(1, 2), shard(2, 2), true},
		"equal objects":     {map[int]string{1: "a", 2: "b"}, map[int]string{2: "b", 1: "a"}, false},
		"different objects": {dcp.Tuple{1, "a"}, dcp.Tuple{1, "b"}, true},
		"tensor in objects": {dcp.Tuple{vector(1)}, dcp.Tuple{vector(2)}, true},
	} {
		t.Run(name, func(t *testing.T) {
			for _, check := range []bool{false, true} {
				fsys := memfs.New()
				var eg errgroup.Group
				errs := make([]error, 3)
				for rank, g := range collective.InProcess(3) {
					v := c.same
					if rank == 2 {
						v = c.other
					}
					eg.Go(func() error {
						_, errs[rank] = dcp.SaveFS(t.Context(), fsys, map[string]any{"v": v}, dcp.SaveOptions{Group: g, CheckReplicas: check})
						return nil
					})
				}
				eg.Wait() //nolint:errcheck // the errors are in errs
				for rank, err := range errs {
					if want := c.bad && check; errors.Is(err, planner.ErrRanksDisagree) != want || (err != nil) != want {
						t.Errorf("check %v, rank %d: %v", check, rank, err)
					} else if want && !strings.Contains(err.Error(), "v: ranks disagree: its content") {
						t.Errorf("the name is not told: %v", err)
					}
				}
				if there := len(names(t, fsys)) > 0; there != !(c.bad && check) {
					t.Errorf("check %v: files %v", check, names(t, fsys))
				}
			}
		})
	}
}

func mustData(t *testing.T, x *tensor.Tensor) []float32 {
	t.Helper()
	data, err := tensor.Data[float32](x.Contiguous())
	if err != nil {
		t.Fatal(err)
	}
	return data
}
