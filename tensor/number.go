package tensor

import (
	"encoding/binary"
	"math"
)

// number is one element on its way between dtypes, without loss.
type number struct {
	form   form
	re, im float64
	i      int64
	u      uint64
}

type form uint8

const (
	formFloat form = iota
	formComplex
	formSigned
	formUnsigned
)

// loadPart reads a real float.
func loadPart(d DType, b []byte) float64 {
	le := binary.LittleEndian
	switch d {
	case Float64:
		return math.Float64frombits(le.Uint64(b))
	case Float32:
		return float64(math.Float32frombits(le.Uint32(b)))
	case BFloat16:
		return float64(BF16(le.Uint16(b)).Float32())
	case Float16:
		return float64(decodeF16(le.Uint16(b)))
	case Float8E8M0FNU:
		return float64(decodeE8M0(b[0]))
	}
	return float64(minifloatOf(d).decode(uint16(b[0])))
}

// load reads an element of a dtype that Convert knows.
func load(d DType, b []byte) number {
	le := binary.LittleEndian
	switch d {
	case Bool:
		if b[0] != 0 {
			return number{form: formUnsigned, u: 1}
		}
		return number{form: formUnsigned}
	case Uint8:
		return number{form: formUnsigned, u: uint64(b[0])}
	case Uint16:
		return number{form: formUnsigned, u: uint64(le.Uint16(b))}
	case Uint32:
		return number{form: formUnsigned, u: uint64(le.Uint32(b))}
	case Uint64:
		return number{form: formUnsigned, u: le.Uint64(b)}
	case Int8:
		return number{form: formSigned, i: int64(int8(b[0]))}
	case Int16:
		return number{form: formSigned, i: int64(int16(le.Uint16(b)))}
	case Int32:
		return number{form: formSigned, i: int64(int32(le.Uint32(b)))}
	case Int64:
		return number{form: formSigned, i: int64(le.Uint64(b))}
	case Complex128, Complex64, Complex32, BComplex32:
		part := d.part()
		return number{form: formComplex, re: loadPart(part, b), im: loadPart(part, b[part.Size():])}
	}
	return number{re: loadPart(d, b)}
}

// float64 and float32 each round once: float32 by way of float64 would round
// large integers twice.
func (n number) float64() float64 {
	switch n.form {
	case formSigned:
		return float64(n.i)
	case formUnsigned:
		return float64(n.u)
	}
	return n.re
}

func (n number) float32() float32 {
	switch n.form {
	case formSigned:
		return float32(n.i)
	case formUnsigned:
		return float32(n.u)
	}
	return float32(n.re)
}

// integer returns 64 bits of which narrower integers keep the lower ones.
func (n number) integer() uint64 {
	switch {
	case n.form == formSigned:
		return uint64(n.i)
	case n.form == formUnsigned:
		return n.u
	case n.re >= -(1<<63) && n.re < 1<<63:
		return uint64(int64(n.re))
	case n.re >= 1<<63 && n.re < 1<<64:
		return uint64(n.re)
	}
	return 1 << 63
}

func (n number) truth() bool { return n.i != 0 || n.u != 0 || n.re != 0 || n.im != 0 }

// store writes n as a dtype that Convert knows.
func store(d DType, b []byte, n number) {
	le := binary.LittleEndian
	switch d {
	case Bool:
		b[0] = 0
		if n.truth() {
			b[0] = 1
		}
	case Int8, Uint8:
		b[0] = byte(n.integer())
	case Int16, Uint16:
		le.PutUint16(b, uint16(n.integer()))
	case Int32, Uint32:
		le.PutUint32(b, uint32(n.integer()))
	case Int64, Uint64:
		le.PutUint64(b, n.integer())
	case Float64:
		le.PutUint64(b, math.Float64bits(n.float64()))
	case Float32:
		le.PutUint32(b, math.Float32bits(n.float32()))
	case BFloat16:
		le.PutUint16(b, encodeBF16(n.float32()))
	case Float16:
		le.PutUint16(b, encodeF16(n.float32()))
	case Float8E8M0FNU:
		b[0] = encodeE8M0(n.float32())
	case Complex128, Complex64, Complex32, BComplex32:
		part := d.part()
		store(part, b, n)
		store(part, b[part.Size():], number{re: n.im})
	default:
		b[0] = byte(minifloatOf(d).encode(n.float32()))
	}
}
