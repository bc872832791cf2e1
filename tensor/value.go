package tensor

import (
	"encoding/binary"
	"fmt"
)

// At returns one element, conj and neg resolved: a float64 for the float dtypes,
// an int64 or uint64 for the integers, a bool, a complex128 for the complex
// ones. Of a quantized or bits dtype it is the stored code as int64 (qint8,
// qint32) or uint64; of Float4E2M1FNx2 it is a [2]float64, the lower four bits
// first. There is one index per dimension, none for a scalar.
func (t *Tensor) At(index ...int64) (any, error) {
	if len(index) != len(t.shape) {
		return nil, fmt.Errorf("tensor: %d indices for %d dimensions", len(index), len(t.shape))
	}
	off := t.off
	for i, at := range index {
		if at < 0 || at >= t.shape[i] {
			return nil, fmt.Errorf("tensor: index %d outside shape %v", index, t.shape)
		}
		off += at * t.strides[i] * t.dtype.Size()
	}
	if t.numel == 0 {
		return nil, fmt.Errorf("tensor: no elements in shape %v", t.shape)
	}
	return t.value(off), nil
}

// value decodes the element at a byte offset of the storage.
func (t *Tensor) value(off int64) any {
	var buf [16]byte
	b := buf[:copy(buf[:], t.data[off:off+t.dtype.Size()])]
	flip(t.dtype, b, t.conj, t.neg)
	switch d := t.dtype; {
	case d == Float4E2M1FNx2:
		return [2]float64{float64(e2m1.decode(uint16(b[0] & 15))), float64(e2m1.decode(uint16(b[0] >> 4)))}
	case d == QInt32:
		return int64(int32(binary.LittleEndian.Uint32(b)))
	case d == QInt8:
		return int64(int8(b[0]))
	case d == Bits16:
		return uint64(binary.LittleEndian.Uint16(b))
	case !d.converts():
		return uint64(b[0])
	case d == Bool:
		return b[0] != 0
	}
	switch n := load(t.dtype, b); n.form {
	case formComplex:
		return complex(n.re, n.im)
	case formSigned:
		return n.i
	case formUnsigned:
		return n.u
	default:
		return n.re
	}
}
