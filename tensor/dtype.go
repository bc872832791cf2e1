package tensor

// DType is torch.dtype: how the bytes of one element are to be read.
type DType uint8

// The dtypes that torch can save. Float4E2M1FNx2 and the packed bits and
// quantized types hold several values in a byte; their shapes count bytes.
const (
	Invalid DType = iota
	Float64
	Float32
	Float16
	BFloat16
	Int64
	Int32
	Int16
	Int8
	Uint8
	Uint16
	Uint32
	Uint64
	Bool
	Complex128
	Complex64
	Complex32  // two float16
	BComplex32 // two bfloat16
	Float8E4M3FN
	Float8E4M3FNUZ
	Float8E5M2
	Float8E5M2FNUZ
	Float8E8M0FNU
	Float4E2M1FNx2
	Bits8
	Bits16
	Bits1x8
	Bits2x4
	Bits4x2
	QInt8
	QUInt8
	QInt32
	QUInt4x2
	QUInt2x4
)

type kind uint8

const (
	kindNone kind = iota
	kindFloat
	kindSigned
	kindUnsigned
	kindBool
	kindComplex
	kindBits
	kindQuantized
)

type dtypeInfo struct {
	name string
	size int64
	kind kind
}

var dtypes = [...]dtypeInfo{
	Invalid:        {"invalid", 0, kindNone},
	Float64:        {"float64", 8, kindFloat},
	Float32:        {"float32", 4, kindFloat},
	Float16:        {"float16", 2, kindFloat},
	BFloat16:       {"bfloat16", 2, kindFloat},
	Int64:          {"int64", 8, kindSigned},
	Int32:          {"int32", 4, kindSigned},
	Int16:          {"int16", 2, kindSigned},
	Int8:           {"int8", 1, kindSigned},
	Uint8:          {"uint8", 1, kindUnsigned},
	Uint16:         {"uint16", 2, kindUnsigned},
	Uint32:         {"uint32", 4, kindUnsigned},
	Uint64:         {"uint64", 8, kindUnsigned},
	Bool:           {"bool", 1, kindBool},
	Complex128:     {"complex128", 16, kindComplex},
	Complex64:      {"complex64", 8, kindComplex},
	Complex32:      {"complex32", 4, kindComplex},
	BComplex32:     {"bcomplex32", 4, kindComplex},
	Float8E4M3FN:   {"float8_e4m3fn", 1, kindFloat},
	Float8E4M3FNUZ: {"float8_e4m3fnuz", 1, kindFloat},
	Float8E5M2:     {"float8_e5m2", 1, kindFloat},
	Float8E5M2FNUZ: {"float8_e5m2fnuz", 1, kindFloat},
	Float8E8M0FNU:  {"float8_e8m0fnu", 1, kindFloat},
	Float4E2M1FNx2: {"float4_e2m1fn_x2", 1, kindFloat},
	Bits8:          {"bits8", 1, kindBits},
	Bits16:         {"bits16", 2, kindBits},
	Bits1x8:        {"bits1x8", 1, kindBits},
	Bits2x4:        {"bits2x4", 1, kindBits},
	Bits4x2:        {"bits4x2", 1, kindBits},
	QInt8:          {"qint8", 1, kindQuantized},
	QUInt8:         {"quint8", 1, kindQuantized},
	QInt32:         {"qint32", 4, kindQuantized},
	QUInt4x2:       {"quint4x2", 1, kindQuantized},
	QUInt2x4:       {"quint2x4", 1, kindQuantized},
}

var dtypeByName = func() map[string]DType {
	m := map[string]DType{
		"double": Float64, "float": Float32, "half": Float16,
		"long": Int64, "int": Int32, "short": Int16,
		"cdouble": Complex128, "cfloat": Complex64, "chalf": Complex32,
	}
	for d := Invalid + 1; d.known(); d++ {
		m[dtypes[d].name] = d
	}
	return m
}()

// ParseDType finds a dtype by torch's name without the "torch." in front:
// canonical ("float32") or an alias ("float", "half", "cfloat").
func ParseDType(name string) (DType, bool) {
	d, ok := dtypeByName[name]
	return d, ok
}

func (d DType) info() dtypeInfo {
	if int(d) < len(dtypes) {
		return dtypes[d]
	}
	return dtypes[Invalid]
}

func (d DType) known() bool { return d != Invalid && int(d) < len(dtypes) }

// String is torch's canonical name without "torch.", such as "float8_e4m3fn",
// and "invalid" for what is no dtype.
func (d DType) String() string { return d.info().name }

// Size is the bytes of one element, torch's itemsize; 0 for what is no dtype.
func (d DType) Size() int64 { return d.info().size }

// IsFloat is torch's is_floating_point: fp8 and fp4 count, complex does not.
func (d DType) IsFloat() bool { return d.info().kind == kindFloat }

// IsComplex tells whether elements are pairs of real and imaginary part.
func (d DType) IsComplex() bool { return d.info().kind == kindComplex }

// IsQuantized tells whether elements are codes that need a scale and a zero
// point, which a Tensor does not carry.
func (d DType) IsQuantized() bool { return d.info().kind == kindQuantized }

// IsInteger tells whether elements are signed or unsigned integers. Bool and
// the quantized codes are not.
func (d DType) IsInteger() bool {
	k := d.info().kind
	return k == kindSigned || k == kindUnsigned
}

// part is the dtype of each half of a complex dtype, and d itself otherwise.
func (d DType) part() DType {
	switch d {
	case Complex128:
		return Float64
	case Complex64:
		return Float32
	case Complex32:
		return Float16
	case BComplex32:
		return BFloat16
	}
	return d
}

// canNeg tells whether torch's neg flag has a meaning for d.
func (d DType) canNeg() bool {
	return (d.IsFloat() && d != Float8E8M0FNU) || d.IsInteger() || d.IsComplex()
}
