package dcp

import (
	"bytes"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"maps"
	"math"
	"math/big"
	"slices"
	"strconv"
	"strings"
	"unicode/utf8"

	"github.com/godcp/godcp/tensor"
)

// AppendJSON appends the JSON of a value that [DecodeValue] returned. What
// Python and JSON both have is written as JSON has it: None, bool, int (of any
// size), finite float, str, list, and dict with str keys. Everything else is
// an object with its Python type under "$t":
//
//	{"$t": "tuple", "v": […]}                {"$t": "bytes", "hex": "0001ff"}
//	{"$t": "float", "v": "nan"}              {"$t": "complex", "re": "1.0", "im": "2.0"}
//	{"$t": "set", "v": […]}                  {"$t": "dict", "v": [[key, value], …]}
//	{"$t": "torch.Size", "v": […]}           {"$t": "torch.dtype", "v": "torch.bfloat16"}
//	{"$t": "tensor", "dtype": …, "shape": […], "data": […]}
//	{"$t": "opaque", "class": "numpy.ndarray"}
//
// A dict that has a key beginning with "$" is written as "dict", so that
// nothing can be mistaken for a tag.
func AppendJSON(dst []byte, v any) ([]byte, error) {
	switch v := v.(type) {
	case nil:
		return append(dst, "null"...), nil
	case bool:
		return strconv.AppendBool(dst, v), nil
	case int64:
		return strconv.AppendInt(dst, v, 10), nil
	case *big.Int:
		return v.Append(dst, 10), nil
	case float64:
		return appendFloat(dst, v), nil
	case string:
		return appendString(dst, v), nil
	case complex128:
		return fmt.Appendf(dst, `{"$t": "complex", "re": %q, "im": %q}`, pyFloat(real(v)), pyFloat(imag(v))), nil
	case []byte:
		return fmt.Appendf(dst, `{"$t": "bytes", "hex": %q}`, hex.EncodeToString(v)), nil
	case ByteArray:
		return fmt.Appendf(dst, `{"$t": "bytearray", "hex": %q}`, hex.EncodeToString(v)), nil
	case []any:
		return appendList(dst, v)
	case Tuple:
		return appendTagged(dst, "tuple", v)
	case Set:
		if v.Frozen {
			return appendTagged(dst, "frozenset", v.Items)
		}
		return appendTagged(dst, "set", v.Items)
	case map[string]any:
		return appendMap(dst, v)
	case Dict:
		return appendDict(dst, v)
	case Size:
		dst = append(dst, `{"$t": "torch.Size", "v": `...)
		return append(appendInts(dst, v), '}'), nil
	case tensor.DType:
		return fmt.Appendf(dst, `{"$t": "torch.dtype", "v": "torch.%s"}`, v), nil
	case Device:
		dst = append(dst, `{"$t": "torch.device", "v": `...)
		return append(appendString(dst, string(v)), '}'), nil
	case *tensor.Tensor:
		return appendTensor(dst, v)
	case Opaque:
		dst = append(dst, `{"$t": "opaque", "class": `...)
		return append(appendString(dst, v.Class), '}'), nil
	}
	return nil, fmt.Errorf("a %T is no value of a checkpoint", v)
}

// pyFloat is Python's repr.
func pyFloat(f float64) string {
	switch {
	case math.IsNaN(f):
		return "nan"
	case math.IsInf(f, 0):
		return strings.TrimPrefix(strings.ToLower(strconv.FormatFloat(f, 'g', -1, 64)), "+")
	}
	s := strconv.FormatFloat(f, 'g', -1, 64)
	if exp := math.Abs(f); exp != 0 && exp >= 1e-4 && exp < 1e16 {
		s = strconv.FormatFloat(f, 'f', -1, 64)
	}
	if !strings.ContainsAny(s, ".e") {
		s += ".0"
	}
	return s
}

func appendFloat(dst []byte, f float64) []byte {
	if math.IsNaN(f) || math.IsInf(f, 0) {
		return fmt.Appendf(dst, `{"$t": "float", "v": %q}`, pyFloat(f))
	}
	return append(dst, pyFloat(f)...)
}

// appendString writes a str. A lone surrogate, which Python allows and UTF-8
// does not, is written as JSON's escape of it.
func appendString(dst []byte, s string) []byte {
	dst = append(dst, '"')
	start := 0
	for i := 0; i < len(s); {
		r, n := utf8.DecodeRuneInString(s[i:])
		if r == utf8.RuneError && n == 1 && s[i] == 0xed && i+2 < len(s) {
			dst = append(dst, quoted(s[start:i])...)
			dst = fmt.Appendf(dst, `\u%04x`, 0xd000|int(s[i+1]&0x3f)<<6|int(s[i+2]&0x3f))
			n, start = 3, i+3
		}
		i += n
	}
	return append(append(dst, quoted(s[start:])...), '"')
}

func quoted(s string) []byte {
	var b strings.Builder
	enc := json.NewEncoder(&b)
	enc.SetEscapeHTML(false)
	if enc.Encode(s) != nil {
		return nil // a string always encodes
	}
	q := b.String()
	return []byte(q[1 : len(q)-2])
}

func appendList(dst []byte, vs []any) ([]byte, error) {
	dst = append(dst, '[')
	var err error
	for i, v := range vs {
		if i > 0 {
			dst = append(dst, ", "...)
		}
		if dst, err = AppendJSON(dst, v); err != nil {
			return nil, err
		}
	}
	return append(dst, ']'), nil
}

func appendTagged(dst []byte, tag string, vs []any) ([]byte, error) {
	dst, err := appendList(fmt.Appendf(dst, `{"$t": %q, "v": `, tag), vs)
	return append(dst, '}'), err
}

func appendMap(dst []byte, m map[string]any) ([]byte, error) {
	keys := slices.Sorted(maps.Keys(m))
	if slices.ContainsFunc(keys, func(k string) bool { return strings.HasPrefix(k, "$") }) {
		d := Dict{}
		for _, k := range keys {
			d.Pairs = append(d.Pairs, Pair{k, m[k]})
		}
		return appendDict(dst, d)
	}
	dst = append(dst, '{')
	var err error
	for i, k := range keys {
		if i > 0 {
			dst = append(dst, ", "...)
		}
		dst = append(appendString(dst, k), ": "...)
		if dst, err = AppendJSON(dst, m[k]); err != nil {
			return nil, err
		}
	}
	return append(dst, '}'), nil
}

func appendDict(dst []byte, d Dict) ([]byte, error) {
	tag := "dict"
	if d.Ordered {
		tag = "OrderedDict"
	}
	pairs := make([]any, len(d.Pairs))
	for i, p := range d.Pairs {
		pairs[i] = []any{p.Key, p.Value}
	}
	return appendTagged(dst, tag, pairs)
}

func appendInts(dst []byte, ns []int64) []byte {
	dst = append(dst, '[')
	for i, n := range ns {
		if i > 0 {
			dst = append(dst, ", "...)
		}
		dst = strconv.AppendInt(dst, n, 10)
	}
	return append(dst, ']')
}

func appendTensor(dst []byte, t *tensor.Tensor) ([]byte, error) {
	dst = fmt.Appendf(dst, `{"$t": "tensor", "dtype": %q, "shape": `, t.DType())
	dst = append(appendInts(dst, t.Shape()), `, "data": `...)
	b := bytes.NewBuffer(dst)
	err := t.EncodeJSON(b)
	return append(b.Bytes(), '}'), err
}
