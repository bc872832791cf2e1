package safetensors

import (
	"bytes"
	"io"
	"maps"
	"slices"
	"strings"
	"testing"
	"testing/iotest"

	"github.com/google/go-cmp/cmp"
	"pgregory.net/rapid"

	"github.com/godcp/godcp/tensor"
)

func content(t testing.TB, f *File) []byte {
	t.Helper()
	var b bytes.Buffer
	n, err := f.WriteTo(&b)
	if err != nil || n != f.Size() || n != int64(b.Len()) {
		t.Fatalf("WriteTo wrote %d bytes of %d: %v", n, f.Size(), err)
	}
	return b.Bytes()
}

// filled is a tensor whose bytes differ from their neighbours.
func filled(t testing.TB, d tensor.DType, shape ...int64) *tensor.Tensor {
	t.Helper()
	x, err := tensor.New(d, shape...)
	if err != nil {
		t.Fatal(err)
	}
	b, _ := x.Bytes()
	for i := range b {
		b[i] = byte(i%251 + len(shape))
		if d == tensor.Bool {
			b[i] &= 1
		}
	}
	return x
}

// TestFileReadBack: what goes in is what our reader finds, every tensor at a
// multiple of its element's size.
func TestFileReadBack(t *testing.T) {
	all := slices.Sorted(maps.Keys(places))
	rapid.Check(t, func(rt *rapid.T) {
		in := map[string]*tensor.Tensor{}
		var list []NamedTensor
		names := rapid.SliceOfNDistinct(rapid.String(), 0, 12, rapid.ID).Draw(rt, "names")
		for _, name := range names {
			d := rapid.SampledFrom(all).Draw(rt, "dtype")
			shape := rapid.SliceOfN(rapid.Int64Range(0, 5), 0, 4).Draw(rt, "shape")
			if d == tensor.Float4E2M1FNx2 {
				shape = append(shape, 3)
			}
			in[name] = filled(t, d, shape...)
			list = append(list, NamedTensor{name, in[name]})
		}
		var metadata map[string]string
		if rapid.Bool().Draw(rt, "has metadata") {
			metadata = rapid.MapOfN(rapid.String(), rapid.String(), 0, 3).Draw(rt, "metadata")
		}
		f, err := NewFile(list, metadata)
		if err != nil {
			rt.Fatal(err)
		}
		b := content(t, f)
		h, err := readBytes(b)
		if err != nil {
			rt.Fatal(err)
		}
		if d := cmp.Diff(metadata, h.Metadata); d != "" {
			rt.Errorf("metadata (-want +got)\n%s", d)
		}
		if len(h.Tensors) != len(in) || h.DataOffset%8 != 0 {
			rt.Errorf("%d tensors of %d, data at %d", len(h.Tensors), len(in), h.DataOffset)
		}
		for _, got := range h.Tensors {
			x := in[got.Name]
			want, _ := x.Bytes()
			if got.DType != x.DType() || !cmp.Equal(got.Shape, x.Shape()) || !bytes.Equal(b[got.Offset:][:got.Size], want) {
				rt.Errorf("%q: %v %v came back as %v %v", got.Name, x.DType(), x.Shape(), got.DType, got.Shape)
			}
			if size := got.DType.Size(); got.DType != tensor.Complex64 && got.Offset%size != 0 {
				rt.Errorf("%q of %d-byte elements lies at %d", got.Name, size, got.Offset)
			}
		}
	})
}

func TestFileReadAt(t *testing.T) {
	f, err := NewFile([]NamedTensor{{"a", filled(t, tensor.Float32, 7)}, {"b", filled(t, tensor.Uint8, 0)}, {"c", filled(t, tensor.Uint8, 5)}}, nil)
	if err != nil {
		t.Fatal(err)
	}
	if err := iotest.TestReader(io.NewSectionReader(f, 0, f.Size()), content(t, f)); err != nil {
		t.Error(err)
	}
	if n, err := f.ReadAt(make([]byte, 10), f.Size()-3); n != 3 || err != io.EOF {
		t.Errorf("the last 3 bytes: %d, %v", n, err)
	}
	if _, err := f.ReadAt(make([]byte, 1), -1); err == nil {
		t.Error("read before the start")
	}
}

// TestFileText has headers as the Rust library wrote them.
func TestFileText(t *testing.T) {
	all := []NamedTensor{{"fp4", filled(t, tensor.Float4E2M1FNx2, 4)}}
	for _, d := range dtypes {
		if d != tensor.Float4E2M1FNx2 {
			all = append(all, NamedTensor{d.String(), filled(t, d, 2)})
		}
	}
	for name, c := range map[string]struct {
		in       []NamedTensor
		metadata map[string]string
		want     string
	}{
		"nothing":        {nil, nil, `{}      `},
		"empty metadata": {nil, map[string]string{}, `{"__metadata__":{}}     `},
		"escapes": {
			[]NamedTensor{{"q\"\\/\b\f\n\r\t\x01\x7f<é😀\u2028", filled(t, tensor.Int8)}},
			map[string]string{"b": "\"", "a": "1"},
			`{"__metadata__":{"a":"1","b":"\""},"q\"\\/\b\f\n\r\t\u0001` + "\x7f<é😀\u2028" + `":{"dtype":"I8","shape":[],"data_offsets":[0,1]}}`,
		},
		"all dtypes": {all, nil, `{"uint64":{"dtype":"U64","shape":[2],"data_offsets":[0,16]},"int64":{"dtype":"I64","shape":[2],"data_offsets":[16,32]},` +
			`"float64":{"dtype":"F64","shape":[2],"data_offsets":[32,48]},"complex64":{"dtype":"C64","shape":[2],"data_offsets":[48,64]},` +
			`"float32":{"dtype":"F32","shape":[2],"data_offsets":[64,72]},"uint32":{"dtype":"U32","shape":[2],"data_offsets":[72,80]},` +
			`"int32":{"dtype":"I32","shape":[2],"data_offsets":[80,88]},"bfloat16":{"dtype":"BF16","shape":[2],"data_offsets":[88,92]},` +
			`"float16":{"dtype":"F16","shape":[2],"data_offsets":[92,96]},"uint16":{"dtype":"U16","shape":[2],"data_offsets":[96,100]},` +
			`"int16":{"dtype":"I16","shape":[2],"data_offsets":[100,104]},"float8_e5m2fnuz":{"dtype":"F8_E5M2FNUZ","shape":[2],"data_offsets":[104,106]},` +
			`"float8_e4m3fnuz":{"dtype":"F8_E4M3FNUZ","shape":[2],"data_offsets":[106,108]},"float8_e8m0fnu":{"dtype":"F8_E8M0","shape":[2],"data_offsets":[108,110]},` +
			`"float8_e4m3fn":{"dtype":"F8_E4M3","shape":[2],"data_offsets":[110,112]},"float8_e5m2":{"dtype":"F8_E5M2","shape":[2],"data_offsets":[112,114]},` +
			`"int8":{"dtype":"I8","shape":[2],"data_offsets":[114,116]},"uint8":{"dtype":"U8","shape":[2],"data_offsets":[116,118]},` +
			`"fp4":{"dtype":"F4","shape":[8],"data_offsets":[118,122]},"bool":{"dtype":"BOOL","shape":[2],"data_offsets":[122,124]}}`},
	} {
		t.Run(name, func(t *testing.T) {
			f, err := NewFile(c.in, c.metadata)
			if err != nil {
				t.Fatal(err)
			}
			h, err := readBytes(content(t, f))
			if err != nil {
				t.Fatal(err)
			}
			got := string(content(t, f)[prefixLen:h.DataOffset])
			want := c.want + strings.Repeat(" ", (8-len(c.want)%8)%8)
			if d := cmp.Diff(want, got); d != "" {
				t.Errorf("-want +got\n%s", d)
			}
		})
	}
}

func TestFileRefuses(t *testing.T) {
	x := filled(t, tensor.Float32, 4, 4)
	column, err := x.Narrow(1, 0, 2)
	if err != nil {
		t.Fatal(err)
	}
	one := func(name string, x *tensor.Tensor) []NamedTensor { return []NamedTensor{{name, x}} }
	for name, c := range map[string]struct {
		in       []NamedTensor
		metadata map[string]string
		want     string
	}{
		"twice":         {[]NamedTensor{{"w", x}, {"v", x}, {"w", x}}, nil, `two tensors named "w"`},
		"reserved":      {one("__metadata__", x), nil, `tensor "__metadata__": the name is reserved`},
		"not UTF-8":     {one("w\xff", x), nil, `tensor "w\xff": the name is not UTF-8`},
		"long name":     {one(strings.Repeat("w", maxName+1), x), nil, "a name of 65537 bytes"},
		"not dense":     {one("w", column), nil, `tensor "w": shape [4 2] with strides [4 1] is not dense`},
		"scalar of fp4": {one("w", filled(t, tensor.Float4E2M1FNx2)), nil, `tensor "w": a scalar of float4_e2m1fn_x2`},
		"bad key":       {nil, map[string]string{"k\xff": ""}, `metadata "k\xff" is not UTF-8`},
		"bad value":     {nil, map[string]string{"k": "\xff"}, `metadata "k" is not UTF-8`},
		"header":        {nil, map[string]string{"k": strings.Repeat("v", maxHeader)}, "a header of 100000032 bytes"},
	} {
		t.Run(name, func(t *testing.T) {
			if _, err := NewFile(c.in, c.metadata); err == nil || !strings.Contains(err.Error(), c.want) {
				t.Errorf("error %v, want %s", err, c.want)
			}
		})
	}
	for d := tensor.Float64; d <= tensor.QUInt2x4; d++ {
		_, ok := places[d]
		_, err := NewFile(one("w", filled(t, d, 4)), nil)
		if ok != (err == nil) || err != nil && err.Error() != `tensor "w": safetensors has no dtype `+d.String() {
			t.Errorf("%v: %v", d, err)
		}
	}
}
