package tensor

import (
	"fmt"
	"slices"

	"pgregory.net/rapid"
)

// The model reads a layout one index at a time, with none of the code under
// test: element bytes by index, and negation and conjugation by arithmetic.

// indices returns every index of a shape in C order.
func indices(shape []int64) [][]int64 {
	out := [][]int64{{}}
	for _, size := range shape {
		var longer [][]int64
		for _, prefix := range out {
			for i := range size {
				longer = append(longer, append(slices.Clone(prefix), i))
			}
		}
		out = longer
	}
	return out
}

func (l Layout) at(index []int64) []byte {
	off := l.StorageOffset
	for i, at := range index {
		off += at * l.Strides[i]
	}
	size := l.DType.Size()
	return l.Storage[off*size : (off+1)*size]
}

func (l Layout) logical() []byte {
	var out []byte
	for _, index := range indices(l.Shape) {
		out = append(out, l.at(index)...)
	}
	return out
}

var allDTypes = func() (out []DType) {
	for d := Float64; d <= QUInt2x4; d++ {
		out = append(out, d)
	}
	return out
}()

// drawShape keeps products small; sizes 0 and 1 are common.
func drawShape(t *rapid.T) []int64 {
	return rapid.SliceOfN(rapid.Int64Range(0, 4), 0, 5).Draw(t, "shape")
}

// drawLayout draws a permuted slice of a dense tensor, with steps, and where
// expand is true with repeated dimensions.
func drawLayout(t *rapid.T, d DType, shape []int64, expand bool) Layout {
	rank := len(shape)
	l := Layout{DType: d, Shape: shape, Strides: make([]int64, rank)}
	order := rapid.Permutation(rangeTo(rank)).Draw(t, "order")
	step := rapid.Int64Range(1, 2).Draw(t, "inner step")
	for _, dim := range order {
		if expand && rapid.IntRange(0, 3).Draw(t, "expanded") == 0 {
			continue
		}
		l.Strides[dim] = step
		step = step*max(shape[dim], 1) + rapid.Int64Range(0, 2).Draw(t, "gap")
	}
	l.StorageOffset = rapid.Int64Range(0, 3).Draw(t, "offset")
	need := l.StorageOffset + 1
	for dim, size := range shape {
		need += max(size-1, 0) * l.Strides[dim]
	}
	l.Storage = make([]byte, need*d.Size()+rapid.Int64Range(0, 3).Draw(t, "tail"))
	fill(l.Storage, rapid.Byte().Draw(t, "seed"))
	return l
}

func rangeTo(n int) []int {
	out := make([]int, n)
	for i := range out {
		out[i] = i
	}
	return out
}

// fill writes bytes that differ from their neighbours and do not repeat soon.
func fill(b []byte, seed byte) {
	for i := range b {
		b[i] = byte(i*37+i>>8*11) + seed
	}
}

func drawBox(t *rapid.T, shape []int64) Box {
	b := FullBox(shape)
	for i, size := range shape {
		b.Offsets[i] = rapid.Int64Range(0, size).Draw(t, fmt.Sprintf("from%d", i))
		b.Sizes[i] = rapid.Int64Range(0, size-b.Offsets[i]).Draw(t, fmt.Sprintf("size%d", i))
	}
	return b
}
