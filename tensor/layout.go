package tensor

import (
	"fmt"
	"slices"
)

// Layout describes a tensor as torch.save does: a window of a storage.
type Layout struct {
	DType          DType
	Shape, Strides []int64 // elements; strides are >= 0, and 0 repeats an element
	StorageOffset  int64   // elements
	Conj, Neg      bool    // torch's lazy flags: conjugate, negate when read
	Storage        []byte  // little-endian; shared, not copied
}

// FromLayout makes a tensor from a layout that may come from an untrusted file.
// It is an error when an element would lie outside the storage, when a number is
// negative or overflows, when Conj is set for a dtype that is not complex, and
// when Neg is set for one that has no negation (bool, bits, quantized, e8m0).
func FromLayout(l Layout) (*Tensor, error) {
	n, err := checkShape(l.DType, l.Shape)
	if err != nil {
		return nil, err
	}
	if len(l.Strides) != len(l.Shape) {
		return nil, fmt.Errorf("tensor: %d strides for %d dimensions", len(l.Strides), len(l.Shape))
	}
	if l.StorageOffset < 0 || slices.ContainsFunc(l.Strides, func(s int64) bool { return s < 0 }) {
		return nil, fmt.Errorf("tensor: negative offset %d or stride in %v", l.StorageOffset, l.Strides)
	}
	if l.Conj && !l.DType.IsComplex() {
		return nil, fmt.Errorf("tensor: conj set for %v", l.DType)
	}
	if l.Neg && !l.DType.canNeg() {
		return nil, fmt.Errorf("tensor: neg set for %v", l.DType)
	}
	t := &Tensor{
		dtype: l.DType, shape: slices.Clone(l.Shape), strides: slices.Clone(l.Strides), numel: n,
		data: l.Storage,
	}
	if n == 0 {
		return t, nil // no element that could lie outside, or need a flag
	}
	last, ok := lastElement(l)
	if have := int64(len(l.Storage)) / l.DType.Size(); !ok || last >= have {
		return nil, fmt.Errorf("tensor: shape %v, strides %v, offset %d reach outside a storage of %d elements", l.Shape, l.Strides, l.StorageOffset, have)
	}
	t.off, t.conj, t.neg = l.StorageOffset*l.DType.Size(), l.Conj, l.Neg
	return t, nil
}

// lastElement is the highest index in the storage that a layout with elements
// reaches; false when it overflows.
func lastElement(l Layout) (int64, bool) {
	last := l.StorageOffset
	for i, size := range l.Shape {
		reach, ok := mul(size-1, l.Strides[i])
		if !ok {
			return 0, false
		}
		if last, ok = add(last, reach); !ok {
			return 0, false
		}
	}
	return last, true
}
