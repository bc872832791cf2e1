package tensor

import (
	"fmt"
	"slices"
	"unsafe"
)

// Tensor is a header over memory: torch.Tensor with strided layout on the CPU.
// The header never changes; the memory may be shared with other tensors and
// with whoever made it. The zero value is not a tensor: use New, FromBytes,
// FromSlice or FromLayout.
type Tensor struct {
	dtype     DType
	shape     []int64
	strides   []int64 // elements, >= 0
	numel     int64
	data      []byte // the storage
	off       int64  // bytes into data; 0 when numel is 0
	conj, neg bool   // false when numel is 0
}

// New makes a tensor of zeros, dense in C order.
func New(d DType, shape ...int64) (*Tensor, error) {
	n, err := checkShape(d, shape)
	if err != nil {
		return nil, err
	}
	data, err := allocate(n * d.Size())
	if err != nil {
		return nil, err
	}
	return dense(d, shape, n, data), nil
}

// FromBytes makes a tensor over data, which is shared, not copied: its elements
// are little-endian and dense in C order, and its length is exactly
// NumBytes(d, shape).
func FromBytes(d DType, shape []int64, data []byte) (*Tensor, error) {
	n, err := checkShape(d, shape)
	if err != nil {
		return nil, err
	}
	if want := n * d.Size(); want != int64(len(data)) {
		return nil, fmt.Errorf("tensor: %d bytes for shape %v of %v, want %d", len(data), shape, d, want)
	}
	return dense(d, shape, n, data), nil
}

func dense(d DType, shape []int64, n int64, data []byte) *Tensor {
	return &Tensor{dtype: d, shape: slices.Clone(shape), strides: ContiguousStrides(shape), numel: n, data: data}
}

// maxAlloc is what no machine has and make would panic for.
const maxAlloc = 1 << min(46, unsafe.Sizeof(uintptr(0))*8-2)

// allocate returns zeroed memory that is aligned for every element type.
func allocate(n int64) ([]byte, error) {
	if n > maxAlloc {
		return nil, fmt.Errorf("tensor: %d bytes cannot be allocated", n)
	}
	if n == 0 {
		return []byte{}, nil
	}
	words := make([]uint64, (n+7)/8)
	return unsafe.Slice((*byte)(unsafe.Pointer(&words[0])), n), nil
}

// DType returns the element type.
func (t *Tensor) DType() DType { return t.dtype }

// Shape returns a copy of the sizes; its length is 0 for a scalar.
func (t *Tensor) Shape() []int64 { return slices.Clone(t.shape) }

// Strides returns a copy of the strides in elements.
func (t *Tensor) Strides() []int64 { return slices.Clone(t.strides) }

// Rank is the number of dimensions.
func (t *Tensor) Rank() int { return len(t.shape) }

// NumElements is the number of logical elements.
func (t *Tensor) NumElements() int64 { return t.numel }

// NumBytes is the length of the logical bytes: NumElements times the dtype's
// size. An expanded tensor has more of them than it has memory.
func (t *Tensor) NumBytes() int64 { return t.numel * t.dtype.Size() }

// Conj tells whether elements must be conjugated when read.
func (t *Tensor) Conj() bool { return t.conj }

// Neg tells whether elements must be negated when read.
func (t *Tensor) Neg() bool { return t.neg }

// IsContiguous tells whether the elements lie dense in C order, as torch's
// is_contiguous. Strides of dimensions of size 1 do not matter, nor do any when
// there are no elements.
func (t *Tensor) IsContiguous() bool {
	if t.numel == 0 {
		return true
	}
	step := int64(1)
	for i, size := range slices.Backward(t.shape) {
		if size != 1 && t.strides[i] != step {
			return false
		}
		step *= size
	}
	return true
}

// Bytes returns the memory itself when its bytes are the logical bytes: dense
// in C order, neither conj nor neg. Writing to it fills the tensor.
func (t *Tensor) Bytes() ([]byte, bool) {
	if t.conj || t.neg || !t.IsContiguous() {
		return nil, false
	}
	end := t.off + t.NumBytes()
	return t.data[t.off:end:end], true
}

// Contiguous returns t itself when Bytes does, else a dense copy with conj and
// neg resolved. The copy takes NumBytes of memory, which for an expanded tensor
// may be far more than its storage: check before when the tensor is untrusted.
// It panics where the memory cannot be had.
func (t *Tensor) Contiguous() *Tensor {
	if _, ok := t.Bytes(); ok {
		return t
	}
	out, err := New(t.dtype, t.shape...)
	if err != nil {
		panic(err)
	}
	copyInto(out, t)
	return out
}
