package metadata

import (
	"testing"

	"pgregory.net/rapid"

	"github.com/godcp/godcp/ckpterr"
	"github.com/godcp/godcp/tensor"
)

// TestChunksAgainstBruteForce compares with counting every element.
func TestChunksAgainstBruteForce(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		dims := rapid.IntRange(0, 3).Draw(t, "dims")
		draw := func(lo, hi int64, name string) []int64 {
			return rapid.SliceOfN(rapid.Int64Range(lo, hi), dims, dims).Draw(t, name)
		}
		size := draw(0, 4, "size")
		var chunks []tensor.Box
		if rapid.Bool().Draw(t, "tiling") {
			chunks = tiling(t, tensor.FullBox(size))
			if n := len(chunks); rapid.Bool().Draw(t, "spoil") && n > 0 {
				i := rapid.IntRange(0, n-1).Draw(t, "which")
				if rapid.Bool().Draw(t, "twice") {
					chunks = append(chunks, chunks[i])
				} else {
					chunks = append(chunks[:i], chunks[i+1:]...)
				}
			}
			chunks = rapid.Permutation(chunks).Draw(t, "order")
		} else {
			for range rapid.IntRange(0, 5).Draw(t, "chunks") {
				chunks = append(chunks, tensor.Box{Offsets: draw(0, 3, "offsets"), Sizes: draw(0, 4, "sizes")})
			}
		}
		m := &TensorStorageMetadata{Properties: TensorProperties{DType: tensor.Float32}, Size: size, Chunks: chunks}
		got := ckpterr.Class("")
		if err := m.validateChunks(); err != nil {
			got = err.Class
		}
		if want := bruteForce(size, chunks); got != want {
			t.Fatalf("size %v, chunks %v: got %q, want %q", size, chunks, got, want)
		}
	})
}

// tiling cuts a box into boxes, some of them empty.
func tiling(t *rapid.T, b tensor.Box) []tensor.Box {
	d := rapid.IntRange(-2, len(b.Sizes)-1).Draw(t, "cut")
	if d < 0 || b.Sizes[d] == 0 {
		return []tensor.Box{b}
	}
	at := rapid.Int64Range(0, b.Sizes[d]).Draw(t, "at")
	lo, hi := tensor.FullBox(b.Sizes), tensor.FullBox(b.Sizes)
	copy(lo.Offsets, b.Offsets)
	copy(hi.Offsets, b.Offsets)
	lo.Sizes[d] = at
	hi.Offsets[d] += at
	hi.Sizes[d] -= at
	return append(tiling(t, lo), tiling(t, hi)...)
}

func bruteForce(size []int64, chunks []tensor.Box) ckpterr.Class {
	for _, c := range chunks {
		for d := range size {
			if c.Offsets[d]+c.Sizes[d] > size[d] {
				return ckpterr.ChunkBounds
			}
		}
	}
	count := map[[3]int64]int{}
	for _, c := range chunks {
		each(c.Offsets, c.Sizes, func(p [3]int64) { count[p]++ })
	}
	for _, n := range count {
		if n > 1 {
			return ckpterr.ChunkOverlap
		}
	}
	class := ckpterr.Class("")
	each(make([]int64, len(size)), size, func(p [3]int64) {
		if count[p] == 0 {
			class = ckpterr.ChunkGap
		}
	})
	return class
}

// each calls f for every element of a box of at most three dimensions.
func each(offsets, sizes []int64, f func([3]int64)) {
	lo, n := [3]int64{}, [3]int64{1, 1, 1}
	copy(lo[:], offsets)
	copy(n[:], sizes)
	for i := range n[0] {
		for j := range n[1] {
			for k := range n[2] {
				f([3]int64{lo[0] + i, lo[1] + j, lo[2] + k})
			}
		}
	}
}

// TestPinwheel is a tiling that no plane cuts.
func TestPinwheel(t *testing.T) {
	box := func(r, c, h, w int64) tensor.Box {
		return tensor.Box{Offsets: []int64{r, c}, Sizes: []int64{h, w}}
	}
	wheel := []tensor.Box{box(0, 0, 1, 2), box(0, 2, 2, 1), box(2, 1, 1, 2), box(1, 0, 2, 1), box(1, 1, 1, 1)}
	m := &TensorStorageMetadata{Properties: TensorProperties{DType: tensor.Float32}, Size: []int64{3, 3}, Chunks: wheel}
	if err := m.validateChunks(); err != nil {
		t.Error(err)
	}
	wheel[4] = box(1, 0, 1, 1)
	if err := m.validateChunks(); ckpterr.ClassOf(err) != ckpterr.ChunkOverlap {
		t.Errorf("got %v, want an overlap", err)
	}
}

// TestTangledChunks: boxes that all overlap in every dimension but one must
// not cost the square of their number.
func TestTangledChunks(t *testing.T) {
	const n = 200_000
	chunks := make([]tensor.Box, n)
	for i := range chunks {
		// Crosses of long boxes: rows and columns of an n×n tensor.
		if i%2 == 0 {
			chunks[i] = tensor.Box{Offsets: []int64{int64(i), 0}, Sizes: []int64{1, n}}
		} else {
			chunks[i] = tensor.Box{Offsets: []int64{0, int64(i)}, Sizes: []int64{n, 1}}
		}
	}
	m := &TensorStorageMetadata{Properties: TensorProperties{DType: tensor.Float32}, Size: []int64{n, n}, Chunks: chunks}
	if err := m.validateChunks(); ckpterr.ClassOf(err) != ckpterr.ChunkOverlap {
		t.Errorf("got %v, want an overlap", err)
	}
}
