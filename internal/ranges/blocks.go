// Package ranges decides which byte ranges to read: it splits a box of a dense
// array into file ranges and merges neighbours. It does no I/O.
package ranges

import (
	"iter"
	"slices"

	"github.com/godcp/godcp/tensor"
)

// Limits shape the ranges. Both are in bytes.
type Limits struct {
	Part int64 // no range is longer, if it can be split
	Gap  int64 // unwanted bytes between wanted ones that are read rather than skipped
}

// Block is a part of a box and the one byte range that holds it.
type Block struct {
	Box    tensor.Box // in the array
	Offset int64      // bytes from the array's start
	Length int64      // bytes, gaps included
	Dense  bool       // the range holds nothing but the box
}

// Blocks splits box, a part of a dense C-order array of the given shape, into
// byte ranges in ascending order. Gaps of at most lim.Gap are read through,
// larger ones skipped; ranges are cut at lim.Part. The box must lie within the
// shape. An empty box has no blocks.
func Blocks(shape []int64, box tensor.Box, elem int64, lim Limits) iter.Seq[Block] {
	s := splitter{strides: tensor.ContiguousStrides(shape), elem: elem, lim: lim}
	return func(yield func(Block) bool) {
		if !box.Empty() {
			s.split(box, yield)
		}
	}
}

type splitter struct {
	strides []int64
	elem    int64
	lim     Limits
}

// split yields the blocks of box; false when the consumer stopped.
func (s *splitter) split(box tensor.Box, yield func(Block) bool) bool {
	dim := 0
	for dim < len(box.Sizes) && box.Sizes[dim] == 1 {
		dim++
	}
	span := s.span(box, dim)
	if dim == len(box.Sizes) || span <= s.lim.Part && s.largestGap(box) <= s.lim.Gap {
		return yield(s.block(box, span))
	}
	// Rows of dim that go into one block: as many as fit, or one at a time if
	// there is a gap to skip between or inside them.
	rows := int64(1)
	if s.largestGap(box) <= s.lim.Gap {
		rest := s.span(box, dim+1)
		rows = max(1, (s.lim.Part-rest)/(s.strides[dim]*s.elem)+1)
	}
	for at := int64(0); at < box.Sizes[dim]; at += rows {
		part := tensor.Box{Offsets: slices.Clone(box.Offsets), Sizes: slices.Clone(box.Sizes)}
		part.Offsets[dim] += at
		part.Sizes[dim] = min(rows, box.Sizes[dim]-at)
		if rows == 1 || s.span(part, dim) > s.lim.Part && part.Sizes[dim] > 1 {
			if !s.split(part, yield) {
				return false
			}
		} else if !yield(s.block(part, s.span(part, dim))) {
			return false
		}
	}
	return true
}

// span is the number of bytes from the first to the last element of box in the
// dimensions from dim on.
func (s *splitter) span(box tensor.Box, dim int) int64 {
	last := int64(1)
	for d := dim; d < len(box.Sizes); d++ {
		last += (box.Sizes[d] - 1) * s.strides[d]
	}
	return last * s.elem
}

// largestGap is the longest run of unwanted bytes inside the span of box.
func (s *splitter) largestGap(box tensor.Box) int64 {
	var gap int64
	for d, n := range box.Sizes {
		if n > 1 {
			gap = max(gap, s.strides[d]*s.elem-s.span(box, d+1))
		}
	}
	return gap
}

func (s *splitter) block(box tensor.Box, span int64) Block {
	var at int64
	for d, o := range box.Offsets {
		at += o * s.strides[d]
	}
	return Block{Box: box, Offset: at * s.elem, Length: span, Dense: span == box.NumElements()*s.elem}
}
