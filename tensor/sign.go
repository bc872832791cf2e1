package tensor

import "encoding/binary"

// resolve applies the flags to the memory of t, whose own flags are ignored.
// Elements must not share memory.
func resolve(t *Tensor, conj, neg bool) {
	if !conj && !neg {
		return
	}
	eachElement(t, func(b []byte) { flip(t.dtype, b, conj, neg) })
}

// eachElement calls f with the memory of every element, in C order.
func eachElement(t *Tensor, f func(b []byte)) {
	size := t.dtype.Size()
	var walk func(dim int, off int64)
	walk = func(dim int, off int64) {
		if dim == len(t.shape) {
			f(t.data[off : off+size])
			return
		}
		for range t.shape[dim] {
			walk(dim+1, off)
			off += t.strides[dim] * size
		}
	}
	if t.numel > 0 {
		walk(0, t.off)
	}
}

// flip conjugates and negates one element in place.
func flip(d DType, b []byte, conj, neg bool) {
	switch {
	case d.IsComplex():
		half := len(b) / 2
		if neg {
			b[half-1] ^= 0x80
		}
		if conj != neg {
			b[len(b)-1] ^= 0x80
		}
	case !neg:
	case d == Float4E2M1FNx2:
		b[0] ^= 0x88
	case d == Float8E4M3FNUZ || d == Float8E5M2FNUZ:
		if b[0]&0x7f != 0 { // 0x80 is NaN, and zero has no sign
			b[0] ^= 0x80
		}
	case d.IsFloat():
		b[len(b)-1] ^= 0x80
	default:
		negateInt(b)
	}
}

func negateInt(b []byte) {
	le := binary.LittleEndian
	switch len(b) {
	case 1:
		b[0] = -b[0]
	case 2:
		le.PutUint16(b, -le.Uint16(b))
	case 4:
		le.PutUint32(b, -le.Uint32(b))
	case 8:
		le.PutUint64(b, -le.Uint64(b))
	}
}
