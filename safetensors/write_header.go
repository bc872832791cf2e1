package safetensors

import (
	"maps"
	"slices"
	"strconv"

	"github.com/godcp/godcp/tensor"
)

// order is the order of tensors in a file, by dtype; within one it is that of
// the names. The largest elements come first, so that each is aligned.
var order = []string{
	"U64", "I64", "F64", "C64", "F32", "U32", "I32", "BF16", "F16", "U16", "I16",
	"F8_E5M2FNUZ", "F8_E4M3FNUZ", "F8_E8M0", "F8_E4M3", "F8_E5M2", "I8", "U8", "F4", "BOOL",
}

// places are the indexes into order of the dtypes that can be written.
var places = func() map[tensor.DType]int {
	m := make(map[tensor.DType]int, len(order))
	for i, name := range order {
		m[dtypes[name]] = i
	}
	return m
}()

const metadataKey = "__metadata__"

// fileShape is a shape as the format counts: of F4 it has the values, of which
// torch counts the bytes of two.
func fileShape(d tensor.DType, shape []int64) []int64 {
	if d != tensor.Float4E2M1FNx2 || len(shape) == 0 {
		return shape
	}
	shape = slices.Clone(shape)
	shape[len(shape)-1] *= 2
	return shape
}

// appendHeader appends the JSON text, padded so that the data is aligned.
func appendHeader(b []byte, tensors []TensorInfo, metadata map[string]string) []byte {
	b = append(b, '{')
	if metadata != nil {
		b = append(appendString(b, metadataKey, false), ":{"...)
		for _, key := range slices.Sorted(maps.Keys(metadata)) {
			b = append(appendString(b, key, false), ':')
			b = append(appendString(b, metadata[key], false), ',')
		}
		b = append(trimComma(b), "},"...)
	}
	var begin int64
	for _, t := range tensors {
		b = append(appendString(b, t.Name, false), `:{"dtype":"`...)
		b = append(append(b, order[places[t.DType]]...), `","shape":[`...)
		for _, n := range fileShape(t.DType, t.Shape) {
			b = append(strconv.AppendInt(b, n, 10), ',')
		}
		b = append(trimComma(b), `],"data_offsets":[`...)
		b = append(strconv.AppendInt(b, begin, 10), ',')
		begin += t.Size
		b = append(strconv.AppendInt(b, begin, 10), "]},"...)
	}
	b = append(trimComma(b), '}')
	for len(b)%prefixLen != 0 {
		b = append(b, ' ')
	}
	return b
}

func trimComma(b []byte) []byte {
	if n := len(b) - 1; b[n] == ',' {
		return b[:n]
	}
	return b
}
