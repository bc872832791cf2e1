package tensor

import (
	"math"
	"math/big"
	"testing"

	"github.com/google/go-cmp/cmp"
)

func TestDTypes(t *testing.T) {
	type row struct {
		Name                             string
		Size                             int64
		Float, Complex, Quantized, Whole bool
	}
	want := map[DType]row{
		Invalid: {Name: "invalid"},
		Float64: {"float64", 8, true, false, false, false}, Float32: {"float32", 4, true, false, false, false},
		Float16: {"float16", 2, true, false, false, false}, BFloat16: {"bfloat16", 2, true, false, false, false},
		Int64: {"int64", 8, false, false, false, true}, Int32: {"int32", 4, false, false, false, true},
		Int16: {"int16", 2, false, false, false, true}, Int8: {"int8", 1, false, false, false, true},
		Uint8: {"uint8", 1, false, false, false, true}, Uint16: {"uint16", 2, false, false, false, true},
		Uint32: {"uint32", 4, false, false, false, true}, Uint64: {"uint64", 8, false, false, false, true},
		Bool:       {"bool", 1, false, false, false, false},
		Complex128: {"complex128", 16, false, true, false, false}, Complex64: {"complex64", 8, false, true, false, false},
		Complex32: {"complex32", 4, false, true, false, false}, BComplex32: {"bcomplex32", 4, false, true, false, false},
		Float8E4M3FN: {"float8_e4m3fn", 1, true, false, false, false}, Float8E4M3FNUZ: {"float8_e4m3fnuz", 1, true, false, false, false},
		Float8E5M2: {"float8_e5m2", 1, true, false, false, false}, Float8E5M2FNUZ: {"float8_e5m2fnuz", 1, true, false, false, false},
		Float8E8M0FNU: {"float8_e8m0fnu", 1, true, false, false, false}, Float4E2M1FNx2: {"float4_e2m1fn_x2", 1, true, false, false, false},
		Bits8: {"bits8", 1, false, false, false, false}, Bits16: {"bits16", 2, false, false, false, false},
		Bits1x8: {"bits1x8", 1, false, false, false, false}, Bits2x4: {"bits2x4", 1, false, false, false, false}, Bits4x2: {"bits4x2", 1, false, false, false, false},
		QInt8: {"qint8", 1, false, false, true, false}, QUInt8: {"quint8", 1, false, false, true, false}, QInt32: {"qint32", 4, false, false, true, false},
		QUInt4x2: {"quint4x2", 1, false, false, true, false}, QUInt2x4: {"quint2x4", 1, false, false, true, false},
	}
	got := map[DType]row{}
	for d := range DType(len(want)) {
		got[d] = row{d.String(), d.Size(), d.IsFloat(), d.IsComplex(), d.IsQuantized(), d.IsInteger()}
		if back, ok := ParseDType(d.String()); ok != (d != Invalid) || back != d {
			t.Errorf("ParseDType(%q) = %v, %t", d, back, ok)
		}
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Error(diff)
	}
	if d := DType(200); d.String() != "invalid" || d.Size() != 0 || d.IsFloat() {
		t.Errorf("DType(200) is %v", d)
	}
}

func TestParseDTypeAliases(t *testing.T) {
	for name, want := range map[string]DType{
		"double": Float64, "float": Float32, "half": Float16, "long": Int64, "int": Int32, "short": Int16,
		"cdouble": Complex128, "cfloat": Complex64, "chalf": Complex32,
	} {
		if d, ok := ParseDType(name); !ok || d != want {
			t.Errorf("ParseDType(%q) = %v, %t", name, d, ok)
		}
	}
	for _, name := range []string{"", "invalid", "Float32", "torch.float32", "bit", "uint4", "strided"} {
		if d, ok := ParseDType(name); ok || d != Invalid {
			t.Errorf("ParseDType(%q) = %v, %t", name, d, ok)
		}
	}
}

// samples returns tensors' bytes that between them show whether a dtype's values
// survive: every code of up to 16 bits, the extremes of wider ones.
func samples(d DType) []byte {
	var out []byte
	switch {
	case d == Bool:
		return []byte{0, 1}
	case d.IsComplex():
		one := samples(d.part())
		for n := int(d.part().Size()); len(one) > 0; one = one[n:] {
			out = append(append(out, one[:n]...), one[:n]...)
		}
		return out
	case d.Size() == 1:
		for c := range 256 {
			out = append(out, byte(c))
		}
		return out
	case d.Size() == 2:
		for c := range 1 << 16 {
			out = append(out, byte(c), byte(c>>8))
		}
		return out
	}
	var v []number
	switch {
	case !d.converts():
		return make([]byte, d.Size())
	case d.IsFloat():
		lowest, highest, next := math.SmallestNonzeroFloat64, math.MaxFloat64, 1+0x1p-52
		if d == Float32 {
			lowest, highest, next = math.SmallestNonzeroFloat32, math.MaxFloat32, 1+0x1p-23
		}
		for _, f := range []float64{0, math.Copysign(0, -1), lowest, highest, -highest, next, math.NaN(), math.Inf(1), math.Inf(-1)} {
			v = append(v, number{re: f})
		}
	default:
		for _, i := range []int64{0, 1, -1, math.MaxInt64, math.MinInt64, math.MinInt32, math.MaxInt32, math.MaxUint32} {
			v = append(v, number{form: formSigned, i: i})
		}
	}
	for _, n := range v {
		b := make([]byte, d.Size())
		store(d, b, n)
		out = append(out, b...)
	}
	return out
}

// same compares values across dtypes exactly.
func same(a, b any) bool {
	if v, ok := a.(complex128); ok {
		w, ok := b.(complex128)
		return ok && same(real(v), real(w)) && same(imag(v), imag(w))
	}
	if w, ok := b.(complex128); ok {
		return same(a, real(w)) && imag(w) == 0
	}
	x, xNaN, xMinus := exact(a)
	y, yNaN, yMinus := exact(b)
	if xNaN || yNaN {
		return xNaN == yNaN
	}
	return x.Cmp(y) == 0 && xMinus == yMinus
}

func exact(v any) (f *big.Float, nan, minus bool) {
	f = new(big.Float).SetPrec(2000)
	switch v := v.(type) {
	case bool:
		if v {
			f.SetInt64(1)
		}
	case int64:
		f.SetInt64(v)
	case uint64:
		f.SetUint64(v)
	case float64:
		if math.IsNaN(v) {
			return nil, true, false
		}
		f.SetFloat64(v)
	}
	return f, false, f.Signbit()
}

func TestCanWidenIsWhatConvertKeeps(t *testing.T) {
	for _, from := range allDTypes {
		for _, to := range allDTypes {
			if from == to {
				if !CanWiden(from, to) {
					t.Errorf("%v does not widen to itself", from)
				}
				continue
			}
			data := samples(from)
			n := int64(len(data)) / from.Size()
			src, err := FromBytes(from, []int64{n}, data)
			if err != nil {
				t.Fatal(err)
			}
			dst, err := New(to, n)
			if err != nil {
				t.Fatal(err)
			}
			kept := Convert(dst, src) == nil
			for i := int64(0); kept && i < n; i++ {
				a, _ := src.At(i)
				b, _ := dst.At(i)
				kept = same(a, b)
			}
			if got := CanWiden(from, to); got != kept {
				t.Errorf("CanWiden(%v, %v) = %t, but converting keeps every value: %t", from, to, got, kept)
			}
		}
	}
	if CanWiden(Invalid, Invalid) || CanWiden(Invalid, Float32) || CanWiden(Float32, 200) {
		t.Error("what is no dtype widens")
	}
}
