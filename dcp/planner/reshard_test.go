package planner

import (
	"errors"
	"slices"
	"testing"

	"pgregory.net/rapid"

	"github.com/godcp/godcp/ckpterr"
	"github.com/godcp/godcp/dcp/metadata"
	"github.com/godcp/godcp/tensor"
)

// drawTiling cuts a box into disjoint boxes that cover it, empty ones included,
// by cutting again and again at random places: not only grids.
func drawTiling(t *rapid.T, b tensor.Box, cuts int) []tensor.Box {
	if len(b.Sizes) == 0 || cuts == 0 {
		return []tensor.Box{b}
	}
	d := rapid.IntRange(0, len(b.Sizes)-1).Draw(t, "dim")
	at := rapid.Int64Range(0, b.Sizes[d]).Draw(t, "cut")
	lo := tensor.Box{Offsets: slices.Clone(b.Offsets), Sizes: slices.Clone(b.Sizes)}
	hi := tensor.Box{Offsets: slices.Clone(b.Offsets), Sizes: slices.Clone(b.Sizes)}
	lo.Sizes[d] = at
	hi.Offsets[d] += at
	hi.Sizes[d] -= at
	n := rapid.IntRange(0, cuts-1).Draw(t, "left cuts")
	return append(drawTiling(t, lo, n), drawTiling(t, hi, cuts-1-n)...)
}

// TestCreateReadItems reshards random tilings into random tilings and compares
// element by element with the tensor itself.
func TestCreateReadItems(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		shape := rapid.SliceOfN(rapid.Int64Range(0, 6), 0, 4).Draw(t, "shape")
		saved := drawTiling(t, tensor.FullBox(shape), rapid.IntRange(0, 12).Draw(t, "saved"))
		local := drawTiling(t, tensor.FullBox(shape), rapid.IntRange(0, 6).Draw(t, "local"))
		full := numbered(t, shape)
		items, err := CreateReadItems(&metadata.Item{FQN: "w", Tensor: &metadata.TensorStorageMetadata{Size: shape, Chunks: saved}}, local)
		if err != nil {
			t.Fatal(err)
		}
		dest := make([]*tensor.Tensor, len(local))
		for i, b := range local {
			if dest[i], err = tensor.New(tensor.Int64, b.Sizes...); err != nil {
				t.Fatal(err)
			}
		}
		for _, it := range items {
			if it.StorageBox().Empty() {
				t.Fatalf("read of nothing: %+v", it)
			}
			src := must(full.Sub(saved[it.StorageIndex.Index]))
			src = must(src.Sub(it.StorageBox()))
			dst := must(dest[it.DestIndex.Index].Sub(it.DestBox()))
			if err := tensor.Copy(dst, src); err != nil {
				t.Fatal(err)
			}
		}
		for i, b := range local {
			want := must(tensor.Data[int64](must(full.Sub(b)).Contiguous()))
			got := must(tensor.Data[int64](dest[i]))
			if !slices.Equal(want, got) {
				t.Fatalf("box %v: %v, want %v", b, got, want)
			}
		}
	})
}

func numbered(t *rapid.T, shape []int64) *tensor.Tensor {
	n, _ := tensor.NumElements(shape)
	data := make([]int64, n)
	for i := range data {
		data[i] = int64(i + 1)
	}
	full, err := tensor.FromSlice(data, shape...)
	if err != nil {
		t.Fatal(err)
	}
	return full
}

func must[T any](v T, err error) T {
	if err != nil {
		panic(err)
	}
	return v
}

func TestCoverCheck(t *testing.T) {
	box := func(o, s int64) tensor.Box { return tensor.Box{Offsets: []int64{o}, Sizes: []int64{s}} }
	cases := []struct {
		name  string
		saved []tensor.Box
		want  ckpterr.Class
	}{
		{"gap", []tensor.Box{box(0, 4), box(6, 4)}, ckpterr.ChunkGap},
		{"overlap", []tensor.Box{box(0, 6), box(4, 6)}, ckpterr.ChunkOverlap},
		{"nothing", nil, ckpterr.ChunkGap},
	}
	for _, c := range cases {
		it := &metadata.Item{FQN: "w", Tensor: &metadata.TensorStorageMetadata{Size: []int64{10}, Chunks: c.saved}}
		_, err := CreateReadItems(it, []tensor.Box{box(0, 10)})
		if !errors.Is(err, c.want) {
			t.Errorf("%s: %v, want %v", c.name, err, c.want)
		}
	}
}
