package tensor

import (
	"fmt"
	"slices"
)

// Sub returns the part of t inside box, whose coordinates are relative to t. It
// shares t's memory and keeps its strides and flags.
func (t *Tensor) Sub(box Box) (*Tensor, error) {
	if !box.Within(t.shape) {
		return nil, fmt.Errorf("tensor: box %v is outside shape %v", box, t.shape)
	}
	return t.sub(box), nil
}

// Narrow is torch.narrow: Sub in one dimension, everything in the others.
func (t *Tensor) Narrow(dim int, start, length int64) (*Tensor, error) {
	if dim < 0 || dim >= len(t.shape) {
		return nil, fmt.Errorf("tensor: no dimension %d in shape %v", dim, t.shape)
	}
	box := FullBox(t.shape)
	box.Offsets[dim], box.Sizes[dim] = start, length
	return t.Sub(box)
}

// sub is Sub for a box that lies within t.
func (t *Tensor) sub(box Box) *Tensor {
	out := *t
	out.shape = slices.Clone(box.Sizes)
	out.numel = box.NumElements()
	if out.numel == 0 {
		out.off, out.conj, out.neg = 0, false, false
		return &out
	}
	for i, off := range box.Offsets {
		out.off += off * t.strides[i] * t.dtype.Size()
	}
	return &out
}
