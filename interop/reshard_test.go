package interop

import (
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"math/rand/v2"
	"slices"
	"testing"

	"github.com/google/go-cmp/cmp"

	_ "github.com/godcp/godcp/backends/local"
	"github.com/godcp/godcp/dcp"
	"github.com/godcp/godcp/tensor"
)

// A cut divides a tensor among n ranks: boxes[i] is what rank i wants. The
// boxes cover every element; some may be empty.
type cut struct {
	name  string
	boxes func(shape []int64, n int) []tensor.Box
}

var cuts = []cut{
	{"rows", func(shape []int64, n int) []tensor.Box { return slabs(shape, 0, n) }},
	{"columns", func(shape []int64, n int) []tensor.Box { return slabs(shape, 1, n) }},
	{"blocks", func(shape []int64, n int) []tensor.Box {
		rng := rand.New(rand.NewPCG(uint64(n), uint64(len(shape))))
		return blocks(rng, tensor.FullBox(shape), n)
	}},
}

// testReshard loads a checkpoint as 1, 2, 3 and 5 ranks would, in three cuts,
// and compares what the ranks have together with torch's digests.
func testReshard(t *testing.T, folder string, sums map[string]string) {
	for _, n := range []int{1, 2, 3, 5} {
		for _, c := range cuts {
			t.Run(fmt.Sprintf("%s over %d", c.name, n), func(t *testing.T) {
				loadAll(t, folder, n, c, sums)
			})
		}
	}
}

func loadAll(t *testing.T, folder string, n int, c cut, sums map[string]string) {
	ck, err := dcp.Open(t.Context(), folder)
	if err != nil {
		t.Fatal(err)
	}
	states := make([]map[string]any, n)
	for rank := range states {
		states[rank] = template(t, ck, rank, n, c)
		rep, err := dcp.Load(t.Context(), folder, states[rank], dcp.LoadOptions{})
		if err != nil {
			t.Fatalf("rank %d: %v", rank, err)
		}
		if len(rep.Missing)+len(rep.Unexpected)+len(rep.Cast) > 0 {
			t.Errorf("rank %d: report %+v", rank, rep.Report)
		}
	}
	for fqn, e := range ck.Entries() {
		if !e.IsTensor {
			want, err := ck.Value(t.Context(), fqn)
			if err != nil {
				t.Fatal(err)
			}
			for rank, state := range states {
				if diff := cmp.Diff(want, state[fqn]); diff != "" {
					t.Errorf("rank %d, object %q (-stored +loaded):\n%s", rank, fqn, diff)
				}
			}
			continue
		}
		if got := digest(t, join(t, e, states)); got != sums[fqn] {
			t.Errorf("%q %v %v: digest %s, torch %s", fqn, e.DType, e.Shape, got, sums[fqn])
		}
	}
}

// template is the state dict that a rank wants to have filled.
func template(t *testing.T, ck *dcp.Checkpoint, rank, n int, c cut) map[string]any {
	t.Helper()
	state := map[string]any{}
	for fqn, e := range ck.Entries() {
		if !e.IsTensor {
			state[fqn] = "not loaded"
			continue
		}
		box := c.boxes(e.Shape, n)[rank]
		state[fqn] = &dcp.ShardedTensor{
			DType:  e.DType,
			Size:   e.Shape,
			Shards: []dcp.Shard{{Offsets: box.Offsets, Tensor: soiled(t, e.DType, box.Sizes)}},
		}
	}
	return state
}

// soiled is a tensor whose every byte is wrong enough to be noticed.
func soiled(t *testing.T, d tensor.DType, shape []int64) *tensor.Tensor {
	t.Helper()
	x, err := tensor.New(d, shape...)
	if err != nil {
		t.Fatal(err)
	}
	if data, ok := x.Bytes(); ok {
		for i := range data {
			data[i] = 0xa5
		}
	}
	return x
}

// join puts the shards of all ranks together.
func join(t *testing.T, e dcp.Entry, states []map[string]any) *tensor.Tensor {
	t.Helper()
	full := soiled(t, e.DType, e.Shape)
	for rank, state := range states {
		for _, shard := range state[e.FQN].(*dcp.ShardedTensor).Shards {
			place, err := full.Sub(shard.Box())
			if err == nil {
				err = tensor.Copy(place, shard.Tensor)
			}
			if err != nil {
				t.Fatalf("rank %d, %q: %v", rank, e.FQN, err)
			}
		}
	}
	return full
}

func digest(t *testing.T, x *tensor.Tensor) string {
	t.Helper()
	h := sha256.New()
	if err := x.WriteLogical(h); err != nil {
		t.Fatal(err)
	}
	return hex.EncodeToString(h.Sum(nil))
}

// slabs cuts along one dimension as torch.chunk does, the last ranks getting
// less or nothing. What has too few dimensions is cut along its last one; of a
// scalar every rank has all, as in torch.
func slabs(shape []int64, dim, n int) []tensor.Box {
	boxes := make([]tensor.Box, n)
	dim = min(dim, len(shape)-1)
	if dim < 0 {
		for i := range boxes {
			boxes[i] = tensor.FullBox(shape)
		}
		return boxes
	}
	size := shape[dim]
	step := (size + int64(n) - 1) / int64(n)
	for i := range boxes {
		from := min(int64(i)*step, size)
		to := min(from+step, size)
		boxes[i] = tensor.FullBox(shape)
		boxes[i].Offsets[dim], boxes[i].Sizes[dim] = from, to-from
	}
	return boxes
}

// blocks halves a box n-1 times, each time along another dimension and at a
// random place, the ends included.
func blocks(rng *rand.Rand, box tensor.Box, n int) []tensor.Box {
	if n == 1 {
		return []tensor.Box{box}
	}
	if len(box.Sizes) == 0 {
		return slabs(nil, 0, n)
	}
	dim := (n + 1) % len(box.Sizes)
	at := rng.Int64N(box.Sizes[dim] + 1)
	low := tensor.Box{Offsets: slices.Clone(box.Offsets), Sizes: slices.Clone(box.Sizes)}
	high := tensor.Box{Offsets: slices.Clone(box.Offsets), Sizes: slices.Clone(box.Sizes)}
	low.Sizes[dim] = at
	high.Offsets[dim] += at
	high.Sizes[dim] -= at
	return append(blocks(rng, low, n/2), blocks(rng, high, n-n/2)...)
}
