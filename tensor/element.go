package tensor

import (
	"encoding/binary"
	"errors"
	"fmt"
	"math"
	"unsafe"
)

// Element is a Go type whose memory is that of a dtype. [F16] and [BF16] stand
// for float16 and bfloat16.
type Element interface {
	float64 | float32 | F16 | BF16 |
		int64 | int32 | int16 | int8 | uint8 | uint16 | uint32 | uint64 |
		bool | complex128 | complex64
}

// F16 is one float16 (torch.half) as stored.
type F16 uint16

// NewF16 rounds to the nearest float16, ties to even; what is too large becomes
// infinite.
func NewF16(f float32) F16 { return F16(encodeF16(f)) }

// Float32 returns the value, which float32 holds exactly.
func (h F16) Float32() float32 { return decodeF16(uint16(h)) }

// BF16 is one bfloat16 as stored.
type BF16 uint16

// NewBF16 rounds to the nearest bfloat16, ties to even.
func NewBF16(f float32) BF16 { return BF16(encodeBF16(f)) }

// Float32 returns the value, which float32 holds exactly.
func (b BF16) Float32() float32 { return math.Float32frombits(uint32(b) << 16) }

func dtypeOf[T Element]() DType {
	switch any(*new(T)).(type) {
	case float64:
		return Float64
	case float32:
		return Float32
	case F16:
		return Float16
	case BF16:
		return BFloat16
	case int64:
		return Int64
	case int32:
		return Int32
	case int16:
		return Int16
	case int8:
		return Int8
	case uint8:
		return Uint8
	case uint16:
		return Uint16
	case uint32:
		return Uint32
	case uint64:
		return Uint64
	case bool:
		return Bool
	case complex128:
		return Complex128
	case complex64:
		return Complex64
	}
	return Invalid
}

var errBigEndian = errors.New("tensor: typed views need a little-endian host")

var littleEndianHost = binary.NativeEndian.Uint16([]byte{1, 0}) == 1

// FromSlice makes a dense tensor over data, which is shared, not copied. The
// product of the shape is the length of data.
func FromSlice[T Element](data []T, shape ...int64) (*Tensor, error) {
	d := dtypeOf[T]()
	if !littleEndianHost && d.Size() > 1 {
		return nil, errBigEndian
	}
	if n, ok := NumElements(shape); !ok || n != int64(len(data)) {
		return nil, fmt.Errorf("tensor: %d values for shape %v", len(data), shape)
	}
	if len(data) == 0 {
		return FromBytes(d, shape, []byte{})
	}
	return FromBytes(d, shape, unsafe.Slice((*byte)(unsafe.Pointer(&data[0])), len(data)*int(d.Size())))
}

// Data returns the elements of a tensor without a copy: writing to the slice
// writes to the tensor. It is an error when T is not the tensor's dtype, when
// [Tensor.Bytes] has nothing, when the memory is not aligned for T (a view into a
// file or archive; [Copy] it into a New tensor), and when bytes of a bool tensor
// are neither 0 nor 1, which Go code must never see in a bool.
func Data[T Element](t *Tensor) ([]T, error) {
	d := dtypeOf[T]()
	if t.dtype != d {
		return nil, fmt.Errorf("tensor: elements are %v, not %v", t.dtype, d)
	}
	if !littleEndianHost && d.Size() > 1 {
		return nil, errBigEndian
	}
	b, ok := t.Bytes()
	if !ok {
		return nil, fmt.Errorf("tensor: not dense: shape %v, strides %v, conj %t, neg %t", t.shape, t.strides, t.conj, t.neg)
	}
	if len(b) == 0 {
		return []T{}, nil
	}
	p := unsafe.Pointer(&b[0])
	if uintptr(p)%unsafe.Alignof(*new(T)) != 0 {
		return nil, fmt.Errorf("tensor: memory is not aligned for %v", d)
	}
	if d == Bool {
		for i, v := range b {
			if v > 1 {
				return nil, fmt.Errorf("tensor: element %d of a bool tensor is stored as %d", i, v)
			}
		}
	}
	return unsafe.Slice((*T)(p), t.numel), nil
}
