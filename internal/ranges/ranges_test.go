package ranges

import (
	"slices"
	"testing"

	"github.com/google/go-cmp/cmp"
	"pgregory.net/rapid"

	"github.com/godcp/godcp/tensor"
)

func box(offsets, sizes []int64) tensor.Box { return tensor.Box{Offsets: offsets, Sizes: sizes} }

func TestBlocks(t *testing.T) {
	cases := []struct {
		name  string
		shape []int64
		box   tensor.Box
		lim   Limits
		want  []Block
	}{
		{
			"scalar",
			[]int64{},
			box([]int64{}, []int64{}),
			Limits{100, 0},
			[]Block{{box([]int64{}, []int64{}), 0, 4, true}},
		},
		{
			"whole",
			[]int64{4, 8},
			box([]int64{0, 0}, []int64{4, 8}),
			Limits{1000, 0},
			[]Block{{box([]int64{0, 0}, []int64{4, 8}), 0, 128, true}},
		},
		{
			"rows",
			[]int64{4, 8},
			box([]int64{1, 0}, []int64{2, 8}),
			Limits{1000, 0},
			[]Block{{box([]int64{1, 0}, []int64{2, 8}), 32, 64, true}},
		},
		{
			"columns, gap read through",
			[]int64{4, 8},
			box([]int64{0, 2}, []int64{4, 4}),
			Limits{1000, 16},
			[]Block{{box([]int64{0, 2}, []int64{4, 4}), 8, 112, false}},
		},
		{
			"columns, gap skipped",
			[]int64{2, 8},
			box([]int64{0, 2}, []int64{2, 4}),
			Limits{1000, 15},
			[]Block{{box([]int64{0, 2}, []int64{1, 4}), 8, 16, true}, {box([]int64{1, 2}, []int64{1, 4}), 40, 16, true}},
		},
		{
			"cut at part",
			[]int64{4, 8},
			box([]int64{0, 0}, []int64{4, 8}),
			Limits{64, 0},
			[]Block{{box([]int64{0, 0}, []int64{2, 8}), 0, 64, true}, {box([]int64{2, 0}, []int64{2, 8}), 64, 64, true}},
		},
		{"empty", []int64{4, 0}, box([]int64{0, 0}, []int64{4, 0}), Limits{64, 0}, nil},
	}
	for _, c := range cases {
		t.Run(c.name, func(t *testing.T) {
			got := slices.Collect(Blocks(c.shape, c.box, 4, c.lim))
			if d := cmp.Diff(c.want, got); d != "" {
				t.Error(d)
			}
		})
	}
}

// TestBlocksCover draws any box of any array: the blocks hold each wanted
// element once, ascend, keep to the limits, and say the truth about density.
func TestBlocksCover(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		rank := rapid.IntRange(0, 4).Draw(t, "rank")
		b := tensor.Box{Offsets: make([]int64, rank), Sizes: make([]int64, rank)}
		shape := make([]int64, rank)
		for d := range rank {
			shape[d] = rapid.Int64Range(1, 7).Draw(t, "dim")
			b.Offsets[d] = rapid.Int64Range(0, shape[d]-1).Draw(t, "offset")
			b.Sizes[d] = rapid.Int64Range(0, shape[d]-b.Offsets[d]).Draw(t, "size")
		}
		const elem = 2
		lim := Limits{Part: rapid.Int64Range(1, 200).Draw(t, "part"), Gap: rapid.Int64Range(0, 50).Draw(t, "gap")}
		strides := tensor.ContiguousStrides(shape)
		var n, end int64
		for blk := range Blocks(shape, b, elem, lim) {
			if !b.Contains(blk.Box) {
				t.Fatalf("block %v outside %v", blk.Box, b)
			}
			if blk.Offset < end {
				t.Fatalf("block at %d begins before %d", blk.Offset, end)
			}
			end = blk.Offset + blk.Length
			if blk.Length > lim.Part && blk.Box.NumElements() > 1 {
				t.Fatalf("block of %d bytes, part is %d", blk.Length, lim.Part)
			}
			first, last := int64(0), int64(0)
			for d := range rank {
				first += blk.Box.Offsets[d] * strides[d]
				last += (blk.Box.Offsets[d] + blk.Box.Sizes[d] - 1) * strides[d]
			}
			if blk.Offset != first*elem || blk.Length != (last-first+1)*elem {
				t.Fatalf("block %v is at %d+%d, want %d+%d", blk.Box, blk.Offset, blk.Length, first*elem, (last-first+1)*elem)
			}
			if blk.Dense != (blk.Length == blk.Box.NumElements()*elem) {
				t.Fatalf("block %v: dense is %v", blk.Box, blk.Dense)
			}
			n += blk.Box.NumElements()
		}
		if n != b.NumElements() {
			t.Fatalf("blocks hold %d elements of %d", n, b.NumElements())
		}
	})
}

func TestMerge(t *testing.T) {
	spans := []Span{{0, 10}, {10, 5}, {18, 2}, {40, 10}, {45, 2}, {50, 100}}
	cases := []struct {
		lim  Limits
		want []int
	}{
		{Limits{Part: 1000, Gap: 0}, []int{2, 3, 6}},
		{Limits{Part: 1000, Gap: 3}, []int{3, 6}},
		{Limits{Part: 16, Gap: 100}, []int{2, 3, 5, 6}},
		{Limits{Part: 1, Gap: 0}, []int{1, 2, 3, 4, 5, 6}},
	}
	for _, c := range cases {
		if d := cmp.Diff(c.want, Merge(spans, c.lim)); d != "" {
			t.Errorf("%+v: %s", c.lim, d)
		}
	}
	if Merge(nil, Limits{}) != nil {
		t.Error("no spans, yet runs")
	}
}
