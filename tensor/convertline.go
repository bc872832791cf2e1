package tensor

import (
	"encoding/binary"
	"math"
)

// converter returns a function that converts as many elements as fill dst.
// Between floats, where nearly all bytes of a checkpoint are, the dtypes are
// looked at once in a slab instead of once per element.
func converter(to, from DType) func(dst, src []byte) {
	m, n := int(to.Size()), int(from.Size())
	if !to.IsFloat() || !from.IsFloat() {
		return func(dst, src []byte) {
			for ; len(dst) >= m && len(src) >= n; dst, src = dst[m:], src[n:] {
				store(to, dst, load(from, src))
			}
		}
	}
	return func(dst, src []byte) {
		var slab [256]float64
		for len(dst) > 0 {
			v := slab[:min(len(slab), len(dst)/m)]
			loadFloats(from, v, src)
			storeFloats(to, dst, v)
			dst, src = dst[len(v)*m:], src[len(v)*n:]
		}
	}
}

func loadFloats(d DType, v []float64, src []byte) {
	le := binary.LittleEndian
	switch d {
	case Float64:
		for i := range v {
			v[i] = math.Float64frombits(le.Uint64(src[i*8:]))
		}
	case Float32:
		for i := range v {
			v[i] = float64(math.Float32frombits(le.Uint32(src[i*4:])))
		}
	case BFloat16:
		for i := range v {
			v[i] = float64(BF16(le.Uint16(src[i*2:])).Float32())
		}
	case Float16:
		for i := range v {
			v[i] = float64(decodeF16(le.Uint16(src[i*2:])))
		}
	default:
		for i := range v {
			v[i] = loadPart(d, src[i:])
		}
	}
}

func storeFloats(d DType, dst []byte, v []float64) {
	le := binary.LittleEndian
	switch d {
	case Float64:
		for i, f := range v {
			le.PutUint64(dst[i*8:], math.Float64bits(f))
		}
	case Float32:
		for i, f := range v {
			le.PutUint32(dst[i*4:], math.Float32bits(float32(f)))
		}
	case BFloat16:
		for i, f := range v {
			le.PutUint16(dst[i*2:], encodeBF16(float32(f)))
		}
	case Float16:
		for i, f := range v {
			le.PutUint16(dst[i*2:], encodeF16(float32(f)))
		}
	case Float8E8M0FNU:
		for i, f := range v {
			dst[i] = encodeE8M0(float32(f))
		}
	default:
		m := minifloatOf(d)
		for i, f := range v {
			dst[i] = byte(m.encode(float32(f)))
		}
	}
}
