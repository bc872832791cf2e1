package safetensors

import (
	"errors"
	"fmt"
	"maps"
	"slices"
	"strconv"
	"unicode/utf8"

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

// entry is what the header says about a tensor.
type entry struct {
	name  string
	place int     // of its dtype in order
	shape []int64 // as the format counts
	data  []byte
}

func newEntry(t NamedTensor) (e entry, err error) {
	switch {
	case t.Name == metadataKey:
		return e, errors.New("the name is reserved")
	case !utf8.ValidString(t.Name):
		return e, errors.New("the name is not UTF-8")
	case len(t.Name) > maxName:
		return e, fmt.Errorf("a name of %d bytes", len(t.Name))
	}
	e = entry{name: t.Name, shape: t.Tensor.Shape()}
	d := t.Tensor.DType()
	var ok bool
	if e.place, ok = places[d]; !ok {
		return e, fmt.Errorf("safetensors has no dtype %v", d)
	}
	if e.data, ok = t.Tensor.Bytes(); !ok {
		return e, fmt.Errorf("shape %v with strides %v is not dense", e.shape, t.Tensor.Strides())
	}
	if d == tensor.Float4E2M1FNx2 {
		if len(e.shape) == 0 {
			return e, fmt.Errorf("a scalar of %v", d)
		}
		e.shape[len(e.shape)-1] *= 2
	}
	return e, nil
}

// appendHeader appends the JSON text, padded so that the data is aligned.
func appendHeader(b []byte, entries []entry, metadata map[string]string) []byte {
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
	for _, e := range entries {
		b = append(appendString(b, e.name, false), `:{"dtype":"`...)
		b = append(append(b, order[e.place]...), `","shape":[`...)
		for _, n := range e.shape {
			b = append(strconv.AppendInt(b, n, 10), ',')
		}
		b = append(trimComma(b), `],"data_offsets":[`...)
		b = append(strconv.AppendInt(b, begin, 10), ',')
		begin += int64(len(e.data))
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
