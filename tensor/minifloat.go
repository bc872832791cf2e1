package tensor

import "math"

// minifloat is a float format of up to 16 bits that float32 can hold exactly.
type minifloat struct {
	mantissa uint // stored bits
	bias     int
	sign     uint16
	last     uint16 // the code of the largest finite value
	over     uint16 // what greater values become
	nan      uint16
	fnuz     bool // no infinity, no negative zero: that code is the only NaN
}

var (
	f16    = &minifloat{mantissa: 10, bias: 15, sign: 0x8000, last: 0x7bff, over: 0x7c00, nan: 0x7e00}
	e4m3   = &minifloat{mantissa: 3, bias: 7, sign: 0x80, last: 0x7e, over: 0x7e, nan: 0x7f}
	e5m2   = &minifloat{mantissa: 2, bias: 15, sign: 0x80, last: 0x7b, over: 0x7c, nan: 0x7f}
	e4m3uz = &minifloat{mantissa: 3, bias: 8, sign: 0x80, last: 0x7f, over: 0x80, nan: 0x80, fnuz: true}
	e5m2uz = &minifloat{mantissa: 2, bias: 16, sign: 0x80, last: 0x7f, over: 0x80, nan: 0x80, fnuz: true}
	e2m1   = &minifloat{mantissa: 1, bias: 1, sign: 0x8, last: 0x7, over: 0x7, nan: 0x7}
)

// minifloatOf is nil for a dtype that is not made of such codes.
func minifloatOf(d DType) *minifloat {
	switch d {
	case Float16:
		return f16
	case Float8E4M3FN:
		return e4m3
	case Float8E5M2:
		return e5m2
	case Float8E4M3FNUZ:
		return e4m3uz
	case Float8E5M2FNUZ:
		return e5m2uz
	}
	return nil
}

// pow2 is 2^e for the exponents of normal float32 values.
func pow2(e int) float32 { return math.Float32frombits(uint32(e+127) << 23) }

func (m *minifloat) decode(code uint16) float32 {
	abs := code &^ m.sign
	var v float32
	switch {
	case m.fnuz && code == m.nan:
		return float32(math.NaN())
	case abs <= m.last:
		frac := abs & (1<<m.mantissa - 1)
		exp := int(abs >> m.mantissa)
		if exp > 0 {
			frac |= 1 << m.mantissa
			exp--
		}
		v = float32(frac) * pow2(exp+1-m.bias-int(m.mantissa))
	case abs == m.over && m.over != m.nan:
		v = float32(math.Inf(1))
	default:
		return float32(math.NaN())
	}
	if code&m.sign != 0 {
		v = -v
	}
	return v
}

// encode rounds to the nearest code, ties to even.
func (m *minifloat) encode(f float32) uint16 {
	b := math.Float32bits(f)
	abs := b &^ (1 << 31)
	var code uint16
	switch {
	case abs > 0x7f800000:
		code = m.nan
	case abs == 0x7f800000:
		code = m.over
	default:
		code = min(m.round(abs), m.over)
	}
	if b>>31 != 0 && !(m.fnuz && code == 0) {
		code |= m.sign
	}
	return code
}

// round returns the code of a finite float32 without sign; it may lie beyond
// the last one.
func (m *minifloat) round(abs uint32) uint16 {
	exp := int(abs>>23) - 127 + m.bias // 1 and more: normal in this format
	if exp >= 32 {
		return math.MaxUint16 &^ m.sign
	}
	shift := 23 - int(m.mantissa) + max(1-exp, 0)
	if shift > 25 {
		return 0
	}
	sig := abs&(1<<23-1) | 1<<23
	q := sig >> shift
	rest, half := sig&(1<<shift-1), uint32(1)<<(shift-1)
	if rest > half || rest == half && q&1 == 1 {
		q++
	}
	// q carries the hidden bit, which adds the 1 that is missing here; a carry
	// out of the mantissa moves on to the next exponent by itself.
	return uint16(uint32(max(exp-1, 0))<<m.mantissa + q)
}

func encodeF16(f float32) uint16    { return f16.encode(f) }
func decodeF16(code uint16) float32 { return f16.decode(code) }

func encodeBF16(f float32) uint16 {
	b := math.Float32bits(f)
	if b&^(1<<31) > 0x7f800000 {
		return 0x7fc0
	}
	return uint16((b + 0x7fff + b>>16&1) >> 16)
}

// decodeE8M0 reads a power of two; the format has no sign and no zero.
func decodeE8M0(code uint8) float32 {
	switch code {
	case 0:
		return math.Float32frombits(1 << 22) // 2^-127, below the normal float32
	case 255:
		return float32(math.NaN())
	}
	return pow2(int(code) - 127)
}

// encodeE8M0 drops the sign, as torch does. Halfway between two powers the
// larger one is taken, except between 2^-127 (or zero) and 2^-126.
func encodeE8M0(f float32) uint8 {
	b := math.Float32bits(f)
	exp, frac := uint8(b>>23), b&(1<<23-1)
	if exp == 255 {
		return 255
	}
	if frac > 1<<22 || frac == 1<<22 && exp > 0 {
		exp++
	}
	return exp
}
