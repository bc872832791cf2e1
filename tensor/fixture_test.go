package tensor

import (
	"bytes"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"errors"
	"io"
	"math"
	"os"
	"testing"
)

// The strided fixture: what torch's own views hash to (shared by the layouts
// that torch writes for them and by the views themselves).
func TestStridedFixture(t *testing.T) {
	pattern := func(n int) []float32 {
		out := make([]float32, n)
		for i := range out {
			out[i] = float32(i % 251)
		}
		return out
	}
	storage := func(x *Tensor, err error) []byte {
		b, ok := x.Bytes()
		if err != nil || !ok {
			t.Fatal(err)
		}
		return b
	}
	base := storage(FromSlice(pattern(48), 48))
	block := storage(FromSlice(pattern(24), 24))
	cplx := storage(FromSlice([]complex64{1 + 2i, 3 - 4i, 5 + 6i, complex(float32(math.Copysign(0, -1)), -7)}, 4))
	one := storage(FromSlice([]float32{1}, 1))
	// torch moved these values when it made the memory channels_last.
	last := storage(New(Float32, 24))
	from := mustLayout(t, Layout{DType: Float32, Shape: []int64{2, 3, 2, 2}, Strides: []int64{12, 4, 2, 1}, Storage: block})
	channels := mustLayout(t, Layout{DType: Float32, Shape: []int64{2, 3, 2, 2}, Strides: []int64{12, 1, 6, 3}, Storage: last})
	if err := Copy(channels, from); err != nil {
		t.Fatal(err)
	}
	for name, c := range map[string]struct {
		layout Layout
		sum    string
	}{
		"transposed":     {Layout{Shape: []int64{8, 6}, Strides: []int64{1, 8}, Storage: base}, "90055811f72b3899d70855d64116be35b96bae8b7929b6404284879274f0aeee"},
		"permuted":       {Layout{Shape: []int64{4, 2, 3}, Strides: []int64{1, 12, 4}, Storage: block}, "a5899b4d0b60e4a8aefe6e1643f79f640498bacd2e21154fafea408dad20e323"},
		"colslice":       {Layout{Shape: []int64{6, 3}, Strides: []int64{8, 1}, StorageOffset: 2, Storage: base}, "1d4be477fc211f15ab7d4c0926c64ce7fe95ce77f056afa4ca0d71a238e81b45"},
		"rowslice":       {Layout{Shape: []int64{3, 8}, Strides: []int64{8, 1}, StorageOffset: 8, Storage: base}, "ce30bde1556d7cf99b33175afab72f798b97b441c02ff43e6d039886fa3e5426"},
		"step":           {Layout{Shape: []int64{3, 3}, Strides: []int64{16, 3}, Storage: base}, "75e643961bda266b566c74c68510f2c0613e637c504b7a9c51a840dcbbab2e70"},
		"expanded":       {Layout{Shape: []int64{3, 4}, Strides: []int64{0, 0}, Storage: one}, "6ea78411bee8a810b9a18819c5a4ac7c827e71678cc4d1db9a0ab8c8d8a9b2e2"},
		"channels_last":  {Layout{Shape: []int64{2, 3, 2, 2}, Strides: []int64{12, 1, 6, 3}, Storage: last}, "45a99655901702d55ab6284a18aed6a5e16677181d16c7a7517b68c2ae2c0c7a"},
		"conj":           {Layout{DType: Complex64, Shape: []int64{2, 2}, Strides: []int64{2, 1}, Conj: true, Storage: cplx}, "7088151410d6f7717f0824972aeb6fcd6048172cbf53ff1b774285def878f4ef"},
		"neg":            {Layout{Shape: []int64{2, 2}, Strides: []int64{4, 2}, StorageOffset: 1, Neg: true, Storage: cplx}, "098457275f68e564244ad5dc757fad34bfd7cc769a55e0c7d47c783cad09c09f"},
		"same_storage_a": {Layout{Shape: []int64{8}, Strides: []int64{1}, Storage: base}, "0571cfe42be5c7b95de9afc7c7ba1286fb7a2ef10a9035f8d6b87d21a3bc8387"},
		"same_storage_b": {Layout{Shape: []int64{8}, Strides: []int64{1}, StorageOffset: 40, Storage: base}, "ba99bcddf7975245ef5ba29a83c06001823c8fde1a190a135f914443997053a3"},
	} {
		l := c.layout
		if l.DType == Invalid {
			l.DType = Float32
		}
		x := mustLayout(t, l)
		sum := sha256.New()
		if err := x.WriteLogical(sum); err != nil {
			t.Fatal(err)
		}
		if got := hex.EncodeToString(sum.Sum(nil)); got != c.sum {
			t.Errorf("%s hashes to %s, want %s", name, got, c.sum)
		}
	}
}

// The dtypes_all fixture: its bytes come from a formula, its shapes, sizes and
// hashes from torch.
func TestDTypesFixture(t *testing.T) {
	data, err := os.ReadFile("testdata/dtypes_all.json")
	if err != nil {
		t.Fatal(err)
	}
	var fixture struct {
		Entries map[string]struct {
			DType  string
			Shape  []int64
			NBytes int64
			SHA256 string
		}
	}
	if err := json.Unmarshal(data, &fixture); err != nil {
		t.Fatal(err)
	}
	order := []DType{
		Float16, Float32, Float64, BFloat16, Int8, Int16, Int32, Int64, Uint8, Uint16, Uint32, Uint64, Bool,
		Complex32, Complex64, Complex128, BComplex32, Float8E4M3FN, Float8E4M3FNUZ, Float8E5M2, Float8E5M2FNUZ, Float8E8M0FNU, Float4E2M1FNx2,
	}
	if len(order) != len(fixture.Entries) {
		t.Errorf("%d entries, want %d", len(fixture.Entries), len(order))
	}
	for i, d := range order {
		e := fixture.Entries["t_"+d.String()]
		if got, ok := ParseDType(e.DType); !ok || got != d {
			t.Errorf("%v: dtype %q", d, e.DType)
			continue
		}
		storage := make([]byte, e.NBytes)
		for j := range storage {
			storage[j] = byte(i*37 + j*11 + 1)
			if d == Bool {
				storage[j] %= 2
			} else if (d.IsFloat() || d.IsComplex()) && d.Size() > 1 {
				storage[j] &= 0x3f
			}
		}
		x := must(FromBytes(d, e.Shape, storage))(t)
		sum := sha256.New()
		if err := x.WriteLogical(sum); err != nil {
			t.Fatal(err)
		}
		if got := hex.EncodeToString(sum.Sum(nil)); got != e.SHA256 {
			t.Errorf("%v hashes to %s, want %s", d, got, e.SHA256)
		}
		var shown bytes.Buffer
		if err := errors.Join(Fprint(io.Discard, x, FormatOptions{}), x.EncodeJSON(&shown)); err != nil || !json.Valid(shown.Bytes()) {
			t.Errorf("%v: %v, %s", d, err, shown.Bytes())
		}
	}
}
