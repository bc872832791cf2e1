package safetensors

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"math"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"

	"github.com/godcp/godcp/ckpterr"
	"github.com/godcp/godcp/tensor"
)

func readBytes(b []byte) (*Header, error) { return ReadHeader(bytes.NewReader(b), int64(len(b))) }

func TestHeader(t *testing.T) {
	b := sf(`{ "b\u00e9\ud83d\ude00" : {"shape":[2,4],"data_offsets":[4,8],"dtype":"F4"},`+"\n\t"+
		`"__metadata__":{"format":"pt","k":""}, "a":{"dtype":"F32","shape":[],"data_offsets":[0,4]},`+
		`"z":{"dtype":"I64","shape":[0,3],"data_offsets":[4,4]}}   `, 8).Data
	h, err := readBytes(b)
	if err != nil {
		t.Fatal(err)
	}
	data := int64(len(b) - 8)
	want := &Header{
		Tensors: []TensorInfo{
			{Name: "a", DType: tensor.Float32, Shape: []int64{}, Offset: data, Size: 4},
			{Name: "z", DType: tensor.Int64, Shape: []int64{0, 3}, Offset: data + 4, Size: 0},
			{Name: "bé😀", DType: tensor.Float4E2M1FNx2, Shape: []int64{2, 2}, Offset: data + 4, Size: 4},
		},
		Metadata:   map[string]string{"format": "pt", "k": ""},
		DataOffset: data,
	}
	if d := cmp.Diff(want, h, cmpopts.IgnoreUnexported(Header{})); d != "" {
		t.Errorf("-want +got\n%s", d)
	}
	if got, ok := h.Lookup("z"); !ok || got.Offset != data+4 {
		t.Errorf("Lookup(z) = %v, %v", got, ok)
	}
	if _, ok := h.Lookup("__metadata__"); ok {
		t.Error("__metadata__ is a tensor")
	}
}

func TestHeaderOfDTypes(t *testing.T) {
	for name, d := range dtypes {
		n := 4 * int(d.Size())
		shape := "4"
		if name == "F4" {
			shape = "8"
		}
		h, err := readBytes(sf(fmt.Sprintf(`{"x":{"dtype":%q,"shape":[%s],"data_offsets":[0,%d]}}`, name, shape, n), n).Data)
		if err != nil {
			t.Errorf("%s: %v", name, err)
		} else if h.Tensors[0].DType != d || h.Tensors[0].Shape[0] != 4 {
			t.Errorf("%s: read as %+v", name, h.Tensors[0])
		}
	}
}

// TestHeaderInsideFile reads the blob that a FileSystemWriter with
// SerializationFormat.SAFETENSORS puts after the bytes items of a file.
func TestHeaderInsideFile(t *testing.T) {
	for name, off := range map[string]int64{"fs_safetensors": 0, "fs_safetensors_bytes": 1261} {
		b, err := os.ReadFile(filepath.Join("..", "testdata", "fixtures", name, "__0_0.distcp"))
		if err != nil {
			t.Fatal(err)
		}
		h, err := ReadHeader(io.NewSectionReader(bytes.NewReader(b), off, int64(len(b))-off), int64(len(b))-off)
		if err != nil {
			t.Fatal(err)
		}
		if w, ok := h.Lookup("w"); !ok || !cmp.Equal(w.Shape, []int64{4, 3}) || w.Size != 48 {
			t.Errorf("%s: w is %+v", name, w)
		}
	}
}

// TestHeaderLong reads one that does not fit the first read.
func TestHeaderLong(t *testing.T) {
	var text strings.Builder
	text.WriteString(`{"__metadata__":{}`)
	const n = 2000
	for i := range n {
		fmt.Fprintf(&text, `,"layer.%d":{"dtype":"U8","shape":[1],"data_offsets":[%d,%d]}`, i, i, i+1)
	}
	text.WriteString("}")
	h, err := readBytes(sf(text.String(), n).Data)
	if err != nil {
		t.Fatal(err)
	}
	if got, ok := h.Lookup("layer.1999"); len(h.Tensors) != n || !ok || got.Offset != h.DataOffset+n-1 {
		t.Errorf("%d tensors, the last %+v", len(h.Tensors), got)
	}
}

func TestHeaderRefused(t *testing.T) {
	one := func(dtype, shape, offsets string) string {
		return fmt.Sprintf(`{"w":{"dtype":%s,"shape":%s,"data_offsets":%s}}`, dtype, shape, offsets)
	}
	f32 := `{"dtype":"F32","shape":[2],"data_offsets":[0,8]}`
	tests := map[string]string{ // headers before 8 bytes of data
		"":                         ``,
		"spaces":                   `   `,
		"space in front":           ` {"w":` + f32 + `}`,
		"list":                     `[]`,
		"no tensor, but data":      `{}`,
		"cut":                      `{"w":` + f32,
		"comma at end":             `{"w":` + f32 + `,}`,
		"two commas":               `{"w":` + f32 + `,,"v":1}`,
		"no comma":                 `{"w":` + f32 + ` "__metadata__":{}}`,
		"junk after":               `{"w":` + f32 + `}x`,
		"newline after":            "{\"w\":" + f32 + "}\n",
		"NUL after":                "{\"w\":" + f32 + "}\x00",
		"duplicate tensor":         `{"w":` + f32 + `,"w":` + f32 + `}`,
		"duplicate by escape":      `{"w":` + f32 + `,"\u0077":` + f32 + `}`,
		"duplicate dtype":          `{"w":{"dtype":"F32","dtype":"F32","shape":[2],"data_offsets":[0,8]}}`,
		"duplicate metadata":       `{"__metadata__":{},"__metadata__":{},"w":` + f32 + `}`,
		"duplicate metadata key":   `{"__metadata__":{"a":"b","a":"b"},"w":` + f32 + `}`,
		"metadata not text":        `{"__metadata__":{"a":1},"w":` + f32 + `}`,
		"metadata null":            `{"__metadata__":null,"w":` + f32 + `}`,
		"metadata nested":          `{"__metadata__":{"a":{}},"w":` + f32 + `}`,
		"unknown key":              `{"w":{"dtype":"F32","shape":[2],"data_offsets":[0,8],"x":1}}`,
		"tensor null":              `{"w":null}`,
		"tensor list":              `{"w":["F32",[2],[0,8]]}`,
		"no dtype":                 `{"w":{"shape":[2],"data_offsets":[0,8]}}`,
		"no shape":                 `{"w":{"dtype":"F32","data_offsets":[0,8]}}`,
		"no offsets":               `{"w":{"dtype":"F32","shape":[2]}}`,
		"dtype unknown":            one(`"F33"`, `[2]`, `[0,8]`),
		"dtype lower case":         one(`"f32"`, `[2]`, `[0,8]`),
		"dtype empty":              one(`""`, `[2]`, `[0,8]`),
		"dtype number":             one(`32`, `[2]`, `[0,8]`),
		"shape null":               one(`"F32"`, `null`, `[0,8]`),
		"shape negative":           one(`"F32"`, `[-2]`, `[0,8]`),
		"shape two negatives":      one(`"F32"`, `[-2,-1]`, `[0,8]`),
		"shape minus zero":         one(`"F32"`, `[-0,2]`, `[0,0]`),
		"shape float":              one(`"F32"`, `[2.0]`, `[0,8]`),
		"shape exponent":           one(`"F32"`, `[2e0]`, `[0,8]`),
		"shape text":               one(`"F32"`, `["2"]`, `[0,8]`),
		"shape bool":               one(`"F32"`, `[true,2]`, `[0,8]`),
		"shape leading zero":       one(`"F32"`, `[02]`, `[0,8]`),
		"shape plus":               one(`"F32"`, `[+2]`, `[0,8]`),
		"shape too small":          one(`"F32"`, `[1]`, `[0,8]`),
		"shape too big":            one(`"F32"`, `[3]`, `[0,8]`),
		"shape product overflows":  one(`"F32"`, `[4294967296,4294967296]`, `[0,8]`),
		"shape wraps to 8 bytes":   one(`"U8"`, `[18446744073709551624]`, `[0,8]`),
		"shape of bytes overflows": one(`"F64"`, `[2305843009213693953]`, `[0,8]`),
		"shape of many dims":       one(`"F32"`, `[2`+strings.Repeat(",1", 64)+`]`, `[0,8]`),
		"shape nested":             one(`"F32"`, strings.Repeat("[", 100000), `[0,8]`),
		"offsets of one":           one(`"F32"`, `[2]`, `[8]`),
		"offsets of three":         one(`"F32"`, `[2]`, `[0,8,8]`),
		"offsets backwards":        one(`"F32"`, `[2]`, `[8,0]`),
		"offsets negative":         one(`"F32"`, `[2]`, `[-8,0]`),
		"offsets beyond":           one(`"F32"`, `[2]`, `[8,16]`),
		"offsets huge":             one(`"F32"`, `[2]`, `[9223372036854775800,9223372036854775807]`),
		"hole in front":            one(`"F32"`, `[1]`, `[4,8]`),
		"hole at end":              one(`"F32"`, `[1]`, `[0,4]`),
		"hole between":             `{"a":{"dtype":"U8","shape":[3],"data_offsets":[0,3]},"b":{"dtype":"U8","shape":[4],"data_offsets":[4,8]}}`,
		"overlap":                  `{"a":{"dtype":"U8","shape":[5],"data_offsets":[0,5]},"b":{"dtype":"U8","shape":[4],"data_offsets":[4,8]}}`,
		"same bytes":               `{"a":` + f32 + `,"b":` + f32 + `}`,
		"F4 odd":                   one(`"F4"`, `[2,8,1]`, `[0,8]`),
		"F4 without dims":          one(`"F4"`, `[]`, `[0,0]`),
		"name not UTF-8":           "{\"\xff\":" + f32 + "}",
		"name with control":        "{\"a\nb\":" + f32 + "}",
		"name half a surrogate":    `{"\ud800":` + f32 + `}`,
		"name wrong surrogates":    `{"\ud800\u0041":` + f32 + `}`,
		"name bad escape":          `{"\x41":` + f32 + `}`,
		"name cut escape":          `{"\u00`,
		"name not closed":          `{"w`,
		"name not text":            `{1:` + f32 + `}`,
		"name too long":            `{"` + strings.Repeat("n", maxName+1) + `":` + f32 + `}`,
	}
	for name, text := range tests {
		t.Run(name, func(t *testing.T) {
			h, err := readBytes(sf(text, 8).Data)
			if ckpterr.ClassOf(err) != ckpterr.BadSafetensors {
				t.Errorf("gave %v and %+v", err, h)
			}
		})
	}
}

func TestHeaderLength(t *testing.T) {
	text := `{}`
	tests := map[string]struct {
		b    []byte
		want ckpterr.Class
	}{
		"empty":         {nil, ckpterr.BadSafetensors},
		"cut length":    {[]byte{2, 0, 0}, ckpterr.BadSafetensors},
		"just a length": {rawFile(0, "", 0), ckpterr.BadSafetensors},
		"2**63":         {rawFile(1<<63, text, 0), ckpterr.BadSafetensors},
		"all ones":      {rawFile(math.MaxUint64, text, 0), ckpterr.BadSafetensors},
		"one too many":  {rawFile(3, text, 0), ckpterr.BadSafetensors},
		"one too few":   {rawFile(1, text, 0), ckpterr.BadSafetensors},
		"no tensors":    {rawFile(2, text, 0), ""},
	}
	for name, test := range tests {
		if _, err := readBytes(test.b); ckpterr.ClassOf(err) != test.want || (err == nil) != (test.want == "") {
			t.Errorf("%s: %v, want class %q", name, err, test.want)
		}
	}
	// A file that is large enough for a huge header: nothing is read or
	// allocated for it.
	if _, err := ReadHeader(sparse(maxHeader+1), 1<<40); ckpterr.ClassOf(err) != ckpterr.LimitExceeded {
		t.Errorf("a header over the limit: %v", err)
	}
}

// sparse is a large file of zeros that begins with a header's length.
type sparse uint64

func (s sparse) ReadAt(p []byte, off int64) (int, error) {
	clear(p)
	if off == 0 {
		copy(p, rawFile(uint64(s), "", 0))
	}
	return len(p), nil
}

var errDisk = errors.New("disk on fire")

type broken struct{}

func (broken) ReadAt([]byte, int64) (int, error) { return 0, errDisk }

func TestHeaderReaderFails(t *testing.T) {
	if _, err := ReadHeader(broken{}, 100); !errors.Is(err, errDisk) || ckpterr.ClassOf(err) != "" {
		t.Errorf("an error of the reader became %v", err)
	}
	if _, err := ReadHeader(bytes.NewReader(make([]byte, 20)), 100); ckpterr.ClassOf(err) != ckpterr.BadSafetensors {
		t.Errorf("a file that ends early: %v", err)
	}
}

func BenchmarkReadHeader(b *testing.B) {
	var text strings.Builder
	text.WriteString(`{"__metadata__":{"format":"pt"}`)
	for i := range 1000 {
		fmt.Fprintf(&text, `,"model.layers.%d.self_attn.q_proj.weight":{"dtype":"BF16","shape":[2,2],"data_offsets":[%d,%d]}`, i, 8*i, 8*i+8)
	}
	text.WriteString("}")
	data := sf(text.String(), 8000).Data
	b.SetBytes(int64(text.Len()))
	b.ReportAllocs()
	for b.Loop() {
		if _, err := readBytes(data); err != nil {
			b.Fatal(err)
		}
	}
}
