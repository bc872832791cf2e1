package tensor

import (
	"fmt"
	"math"
	"math/bits"
	"slices"
)

// maxRank bounds recursion over dimensions; torch's own kernels stop there too.
const maxRank = 64

// NumElements is the product of the sizes, 1 for a scalar. It is false for a
// negative size or a product over 2^63-1; a size of 0 makes every product 0.
func NumElements(shape []int64) (int64, bool) {
	if slices.ContainsFunc(shape, func(n int64) bool { return n < 0 }) {
		return 0, false
	}
	if slices.Contains(shape, 0) {
		return 0, true
	}
	n := int64(1)
	for _, size := range shape {
		var ok bool
		if n, ok = mul(n, size); !ok {
			return 0, false
		}
	}
	return n, true
}

// NumBytes is the length of a dense tensor in bytes: NumElements times the
// dtype's size. It is false where NumElements is, for an overflow, and for what
// is no dtype.
func NumBytes(d DType, shape []int64) (int64, bool) {
	n, ok := NumElements(shape)
	if !ok || !d.known() {
		return 0, false
	}
	return mul(n, d.Size())
}

// ContiguousStrides are the strides, in elements, of a dense C-order tensor. As
// in torch a size of 0 counts as 1. Strides that no shape accepted by NumElements
// can need are cut off at 2^63-1.
func ContiguousStrides(shape []int64) []int64 {
	strides := make([]int64, len(shape))
	step := int64(1)
	for i, size := range slices.Backward(shape) {
		strides[i] = step
		var ok bool
		if step, ok = mul(step, max(size, 1)); !ok {
			step = math.MaxInt64
		}
	}
	return strides
}

// checkShape returns the element count of a shape that a Tensor may have.
func checkShape(d DType, shape []int64) (int64, error) {
	if !d.known() {
		return 0, fmt.Errorf("tensor: invalid dtype %d", uint8(d))
	}
	if len(shape) > maxRank {
		return 0, fmt.Errorf("tensor: %d dimensions, more than %d", len(shape), maxRank)
	}
	if _, ok := NumBytes(d, shape); !ok {
		return 0, fmt.Errorf("tensor: impossible shape %v for %v", shape, d)
	}
	n, _ := NumElements(shape)
	return n, nil
}

// mul and add are for values >= 0.
func mul(a, b int64) (int64, bool) {
	hi, lo := bits.Mul64(uint64(a), uint64(b))
	return int64(lo), hi == 0 && lo <= math.MaxInt64
}

func add(a, b int64) (int64, bool) { return a + b, a <= math.MaxInt64-b }
