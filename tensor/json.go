package tensor

import (
	"bufio"
	"io"
	"math"
	"strconv"
)

// EncodeJSON writes the values as nested JSON lists, a scalar as a bare value
// and a tensor without elements as [] whatever its shape, so that the output is
// never longer than the elements make it. NaN and the infinities are the strings
// "NaN", "Infinity" and "-Infinity", a complex value is [re, im], a
// Float4E2M1FNx2 is the list of its two. Numbers have the fewest digits that
// give the same value of the dtype (float32 for the narrower ones).
func (t *Tensor) EncodeJSON(w io.Writer) error {
	out := bufio.NewWriter(w)
	if t.numel == 0 {
		out.WriteString("[]")
	} else {
		t.encodeJSON(out, 0, t.off)
	}
	return out.Flush()
}

// encodeJSON leaves errors to the Flush, but stops at the first.
func (t *Tensor) encodeJSON(out *bufio.Writer, dim int, off int64) bool {
	if dim == len(t.shape) {
		_, err := out.Write(t.appendJSON(out.AvailableBuffer(), t.value(off)))
		return err == nil
	}
	out.WriteByte('[')
	for i := range t.shape[dim] {
		if i > 0 {
			out.WriteByte(',')
		}
		if !t.encodeJSON(out, dim+1, off+i*t.strides[dim]*t.dtype.Size()) {
			return false
		}
	}
	return out.WriteByte(']') == nil
}

func (t *Tensor) appendJSON(b []byte, v any) []byte {
	switch v := v.(type) {
	case bool:
		return strconv.AppendBool(b, v)
	case int64:
		return strconv.AppendInt(b, v, 10)
	case uint64:
		return strconv.AppendUint(b, v, 10)
	case float64:
		return appendFloat(b, v, t.digitBits())
	case complex128:
		return t.appendPair(b, real(v), imag(v))
	case [2]float64:
		return t.appendPair(b, v[0], v[1])
	}
	return b
}

func (t *Tensor) appendPair(b []byte, x, y float64) []byte {
	b = appendFloat(append(b, '['), x, t.digitBits())
	b = appendFloat(append(b, ','), y, t.digitBits())
	return append(b, ']')
}

// digitBits is the precision for which strconv finds the shortest digits.
func (t *Tensor) digitBits() int {
	if t.dtype.part() == Float64 {
		return 64
	}
	return 32
}

func appendFloat(b []byte, v float64, bits int) []byte {
	switch {
	case math.IsNaN(v):
		return append(b, `"NaN"`...)
	case math.IsInf(v, 1):
		return append(b, `"Infinity"`...)
	case math.IsInf(v, -1):
		return append(b, `"-Infinity"`...)
	}
	return strconv.AppendFloat(b, v, 'g', -1, bits)
}
