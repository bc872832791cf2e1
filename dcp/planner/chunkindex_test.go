package planner

import (
	"testing"

	"github.com/google/go-cmp/cmp"
	"pgregory.net/rapid"

	"github.com/godcp/godcp/tensor"
)

func drawBox(t *rapid.T, shape []int64, label string) tensor.Box {
	b := tensor.Box{Offsets: make([]int64, len(shape)), Sizes: make([]int64, len(shape))}
	for d, n := range shape {
		b.Offsets[d] = rapid.Int64Range(0, n).Draw(t, label)
		b.Sizes[d] = rapid.Int64Range(0, n-b.Offsets[d]).Draw(t, label)
	}
	return b
}

// TestChunkIndex compares with looking at every chunk.
func TestChunkIndex(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		shape := rapid.SliceOfN(rapid.Int64Range(0, 9), 0, 4).Draw(t, "shape")
		chunks := make([]tensor.Box, rapid.IntRange(1, 40).Draw(t, "chunks"))
		for i := range chunks {
			chunks[i] = drawBox(t, shape, "chunk")
		}
		box := drawBox(t, shape, "wanted")
		var want []int
		for i, c := range chunks {
			if _, ok := c.Intersect(box); ok {
				want = append(want, i)
			}
		}
		if d := cmp.Diff(want, newChunkIndex(chunks).meeting(box)); d != "" {
			t.Fatal(d)
		}
	})
}

// BenchmarkChunkIndex plans what one rank of 1024 needs of a 1024×1024 grid of
// chunks: the case in which comparing all pairs takes minutes.
func BenchmarkChunkIndex(b *testing.B) {
	const n = 1024
	var chunks []tensor.Box
	for r := range int64(n) {
		for c := range int64(n) {
			chunks = append(chunks, tensor.Box{Offsets: []int64{r * 4, c * 4}, Sizes: []int64{4, 4}})
		}
	}
	b.Run("build", func(b *testing.B) {
		for b.Loop() {
			newChunkIndex(chunks)
		}
	})
	x := newChunkIndex(chunks)
	for name, box := range map[string]tensor.Box{
		"rows":    {Offsets: []int64{2048, 0}, Sizes: []int64{4, 4096}},
		"columns": {Offsets: []int64{0, 2048}, Sizes: []int64{4096, 4}},
	} {
		b.Run(name, func(b *testing.B) {
			for b.Loop() {
				if len(x.meeting(box)) != n {
					b.Fatal("wrong answer")
				}
			}
		})
	}
}
