package tensor

import (
	"math"
	"testing"

	"pgregory.net/rapid"
)

// shape of a format, by its definition: what the codes mean is computed with
// math.Ldexp, apart from the code under test.
type formatDef struct {
	dtype          DType
	exp, man, bias int
	infinities     bool // the top exponent is infinity and NaN
	topNaN         bool // only the top code is NaN (fn)
	fnuz           bool
	decode         func(uint16) float32
	encode         func(float32) uint16
}

func defs() []formatDef {
	of := func(d DType, exp, man, bias int) formatDef {
		m := minifloatOf(d)
		return formatDef{dtype: d, exp: exp, man: man, bias: bias, decode: m.decode, encode: m.encode}
	}
	half, e5, e4, e4z, e5z := of(Float16, 5, 10, 15), of(Float8E5M2, 5, 2, 15), of(Float8E4M3FN, 4, 3, 7), of(Float8E4M3FNUZ, 4, 3, 8), of(Float8E5M2FNUZ, 5, 2, 16)
	half.infinities, e5.infinities, e4.topNaN, e4z.fnuz, e5z.fnuz = true, true, true, true, true
	brain := formatDef{
		dtype: BFloat16, exp: 8, man: 7, bias: 127, infinities: true,
		decode: func(c uint16) float32 { return BF16(c).Float32() }, encode: encodeBF16,
	}
	return []formatDef{half, brain, e5, e4, e4z, e5z}
}

func (f formatDef) signBit() uint16 { return 1 << (f.exp + f.man) }

func (f formatDef) value(code uint16) float64 {
	abs := int(code &^ f.signBit())
	top := 1<<f.exp - 1
	exp, man := abs>>f.man, abs&(1<<f.man-1)
	v := math.Ldexp(float64(man), 1-f.bias-f.man)
	if exp > 0 {
		v = math.Ldexp(float64(man+1<<f.man), exp-f.bias-f.man)
	}
	switch {
	case f.fnuz && code == f.signBit(),
		f.topNaN && abs == 1<<(f.exp+f.man)-1,
		f.infinities && exp == top && man > 0:
		return math.NaN()
	case f.infinities && exp == top:
		v = math.Inf(1)
	}
	if code&f.signBit() != 0 {
		return -v
	}
	return v
}

// nearest finds the code of a finite v by walking the finite codes: the model of
// rounding to nearest, ties to even, with the step after the last as overflow.
func (f formatDef) nearest(v float64) (code uint16, overflow bool) {
	last := f.signBit() - 1
	switch {
	case f.infinities:
		last = (1<<f.exp-1)<<f.man - 1
	case f.topNaN:
		last--
	}
	lo, hi := uint16(0), last+1
	end := f.value(last) + (f.value(last) - f.value(last-1))
	at := func(c uint16) float64 {
		if c > last {
			return end
		}
		return f.value(c)
	}
	if v >= end {
		return 0, true
	}
	for hi-lo > 1 {
		if mid := lo + (hi-lo)/2; at(mid) <= v {
			lo = mid
		} else {
			hi = mid
		}
	}
	below, above := v-at(lo), at(hi)-v
	if above < below || above == below && lo&1 == 1 {
		lo = hi
	}
	return lo, lo > last
}

func TestEveryCode(t *testing.T) {
	for _, f := range defs() {
		for c := range int(f.signBit()) * 2 {
			code := uint16(c)
			got, want := float64(f.decode(code)), f.value(code)
			if math.Float64bits(got) != math.Float64bits(want) && !(math.IsNaN(got) && math.IsNaN(want)) {
				t.Fatalf("%v %#x is %v, want %v", f.dtype, code, got, want)
			}
			back := f.encode(f.decode(code))
			if math.IsNaN(want) {
				if !math.IsNaN(f.value(back)) {
					t.Fatalf("%v: NaN becomes %#x", f.dtype, back)
				}
			} else if back != code {
				t.Fatalf("%v %#x comes back as %#x", f.dtype, code, back)
			}
		}
	}
}

func (f formatDef) check(t interface {
	Helper()
	Fatalf(string, ...any)
}, v float32,
) {
	t.Helper()
	got := f.encode(v)
	want, overflow := f.nearest(math.Abs(float64(v)))
	value := f.value(got)
	switch {
	case overflow && f.infinities:
		if !math.IsInf(value, 0) || math.Signbit(value) != math.Signbit(float64(v)) {
			t.Fatalf("%v: %v becomes %#x, want an infinity", f.dtype, v, got)
		}
	case overflow && f.topNaN:
		if math.Abs(value) != 448 || math.Signbit(value) != math.Signbit(float64(v)) {
			t.Fatalf("%v: %v becomes %#x, want the largest value", f.dtype, v, got)
		}
	case overflow:
		if !math.IsNaN(value) {
			t.Fatalf("%v: %v becomes %#x, want NaN", f.dtype, v, got)
		}
	default:
		if math.Signbit(float64(v)) && !(f.fnuz && want == 0) {
			want |= f.signBit()
		}
		if got != want {
			t.Fatalf("%v: %v becomes %#x, want %#x", f.dtype, v, got, want)
		}
	}
}

// Rounding changes halfway between neighbours, so it is tried there and one
// float32 to either side, for all neighbours.
func TestEveryMidpoint(t *testing.T) {
	for _, f := range defs() {
		for c := uint16(1); c < f.signBit(); c++ {
			a, b := f.value(c-1), f.value(c)
			if math.IsInf(b, 1) || math.IsNaN(b) {
				b = 2*a - f.value(c-2)
			}
			if math.IsInf(a, 1) || math.IsNaN(a) {
				break
			}
			mid := float32((a + b) / 2)
			for _, v := range []float32{mid, math.Nextafter32(mid, 0), math.Nextafter32(mid, math.MaxFloat32)} {
				if !math.IsInf(float64(v), 0) {
					f.check(t, v)
					f.check(t, -v)
				}
			}
		}
	}
}

func TestEncodeAnyFloat32(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		v := math.Float32frombits(rapid.Uint32().Draw(t, "bits"))
		for _, f := range defs() {
			switch {
			case v != v:
				if !math.IsNaN(f.value(f.encode(v))) {
					t.Fatalf("%v: NaN becomes %#x", f.dtype, f.encode(v))
				}
			case math.IsInf(float64(v), 0):
				if w := f.value(f.encode(v)); f.infinities && w != float64(v) || f.fnuz && !math.IsNaN(w) || f.topNaN && math.Abs(w) != 448 {
					t.Fatalf("%v: %v becomes %v", f.dtype, v, w)
				}
			default:
				f.check(t, v)
			}
		}
	})
}

func TestE8M0(t *testing.T) {
	for c := range 255 {
		if got, want := float64(decodeE8M0(uint8(c))), math.Ldexp(1, c-127); got != want {
			t.Errorf("%d is %v, want %v", c, got, want)
		}
		if back := encodeE8M0(decodeE8M0(uint8(c))); int(back) != max(c, 0) {
			t.Errorf("%d comes back as %d", c, back)
		}
	}
	if v := decodeE8M0(255); v == v {
		t.Errorf("255 is %v", v)
	}
	for v, want := range map[float64]uint8{
		1.25: 127, 1.5: 128, 3: 129, -2: 128, 0: 0, 0x1.8p-127: 1, 0x1p-126: 1, 0x1.8p-126: 2, math.MaxFloat32: 255,
	} {
		if got := encodeE8M0(float32(v)); got != want {
			t.Errorf("%v becomes %d, want %d", v, got, want)
		}
	}
}

func TestFloat4(t *testing.T) {
	values := []float64{0, 0.5, 1, 1.5, 2, 3, 4, 6, math.Copysign(0, -1), -0.5, -1, -1.5, -2, -3, -4, -6}
	for c := range 256 {
		x, err := FromBytes(Float4E2M1FNx2, nil, []byte{byte(c)})
		if err != nil {
			t.Fatal(err)
		}
		v, err := x.At()
		want := [2]float64{values[c&15], values[c>>4]}
		got, ok := v.([2]float64)
		if err != nil || !ok || got != want || math.Signbit(got[0]) != math.Signbit(want[0]) || math.Signbit(got[1]) != math.Signbit(want[1]) {
			t.Errorf("%#x is %v, want %v (%v)", c, v, want, err)
		}
	}
}
