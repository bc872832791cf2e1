package safetensors

import (
	"math"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/godcp/godcp/tensor"
)

// TestLayout: dtypes and shapes tell where everything will be.
func TestLayout(t *testing.T) {
	b, c := filled(t, tensor.Bool, 3), filled(t, tensor.Float4E2M1FNx2, 2, 3)
	in := []TensorInfo{{Name: "b", DType: b.DType(), Shape: b.Shape()}, {Name: "c", DType: c.DType(), Shape: c.Shape(), Offset: 99, Size: 99}}
	l, err := NewLayout(in, map[string]string{"k": "v"})
	if err != nil {
		t.Fatal(err)
	}
	bb, _ := b.Bytes()
	cb, _ := c.Bytes()
	f, err := l.File([][]byte{cb, bb})
	if err != nil {
		t.Fatal(err)
	}
	whole := content(t, f)
	h, err := readBytes(whole)
	if err != nil {
		t.Fatal(err)
	}
	if d := cmp.Diff(h.Tensors, l.Tensors); d != "" || l.Size != f.Size() || string(whole[:len(l.Header)]) != string(l.Header) || h.DataOffset != int64(len(l.Header)) {
		t.Errorf("-read +laid out\n%s", d)
	}
	if in[1].Offset != 99 {
		t.Error("NewLayout changed its argument")
	}
	for _, data := range [][][]byte{{cb}, {bb, cb}, {cb, bb, nil}, nil} {
		if _, err := l.File(data); err == nil {
			t.Errorf("took %d pieces of data", len(data))
		}
	}
}

func TestLayoutRefuses(t *testing.T) {
	const half = math.MaxInt64/8 + 1
	for name, c := range map[string]struct {
		in   []TensorInfo
		want string
	}{
		"negative":   {[]TensorInfo{{Name: "w", DType: tensor.Float32, Shape: []int64{-1}}}, `tensor "w": impossible float32 tensor of [-1]`},
		"overflow":   {[]TensorInfo{{Name: "w", DType: tensor.Float64, Shape: []int64{half}}}, "impossible"},
		"sum":        {[]TensorInfo{{Name: "v", DType: tensor.Float32, Shape: []int64{half}}, {Name: "w", DType: tensor.Float32, Shape: []int64{half}}}, "too large"},
		"header":     {[]TensorInfo{{Name: "w", DType: tensor.Uint8, Shape: []int64{math.MaxInt64}}}, "too large"},
		"dimensions": {[]TensorInfo{{Name: "w", DType: tensor.Uint8, Shape: make([]int64, maxRank+1)}}, "65 dimensions"},
		"fp4":        {[]TensorInfo{{Name: "w", DType: tensor.Float4E2M1FNx2, Shape: []int64{math.MaxInt64}}}, "impossible"},
		"no dtype":   {[]TensorInfo{{Name: "w", DType: 250, Shape: nil}}, "safetensors has no dtype"},
	} {
		if _, err := NewLayout(c.in, nil); err == nil || !strings.Contains(err.Error(), c.want) {
			t.Errorf("%s: %v, want %s", name, err, c.want)
		}
	}
}
