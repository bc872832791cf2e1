package tensor

import (
	"bytes"
	"encoding/json"
	"math"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

func printed(t *testing.T, x *Tensor, opt FormatOptions) string {
	var out strings.Builder
	if err := Fprint(&out, x, opt); err != nil {
		t.Fatal(err)
	}
	return out.String()
}

func TestFprintAsTorch(t *testing.T) {
	g := readGolden(t)
	if len(g.Prints) < 20 {
		t.Fatalf("only %d prints in the golden file", len(g.Prints))
	}
	for _, p := range g.Prints {
		flat := fromHex(t, p.DType, p.Src)
		data, _ := flat.Bytes()
		x := must(FromBytes(flat.DType(), p.Shape, data))(t)
		got := printed(t, x, FormatOptions{Threshold: p.Threshold, EdgeItems: p.Edge})
		if diff := cmp.Diff(p.Text, got); diff != "" {
			t.Errorf("%s %v: %s", p.DType, p.Shape, diff)
		}
	}
}

func TestFprintFull(t *testing.T) {
	x := must(New(Int8, 2000))(t)
	if s := printed(t, x, FormatOptions{Full: true}); strings.Contains(s, "...") || strings.Count(s, "0") != 2000 {
		t.Error("a full print leaves something out")
	}
	if s := printed(t, x, FormatOptions{}); s != "[0, 0, 0,  ..., 0, 0, 0]" {
		t.Error(s)
	}
}

// A view that claims 2^60 elements in many dimensions is printed in bounds.
func TestFprintIsBounded(t *testing.T) {
	shape := make([]int64, 20)
	for i := range shape {
		shape[i] = 8
	}
	x := mustLayout(t, Layout{DType: Uint8, Shape: shape, Strides: make([]int64, 20), Storage: []byte{7}})
	s := printed(t, x, FormatOptions{})
	if n := strings.Count(s, "7"); n == 0 || n > maxSummary {
		t.Errorf("%d values in the summary", n)
	}
	for i := range shape {
		shape[i] = 3
	}
	x = mustLayout(t, Layout{DType: Uint8, Shape: shape, Strides: make([]int64, 20), Storage: []byte{7}})
	if n := strings.Count(printed(t, x, FormatOptions{EdgeItems: math.MaxInt64}), "7"); n == 0 || n > maxSummary {
		t.Errorf("%d values in the summary", n)
	}
}

func TestEncodeJSON(t *testing.T) {
	for _, c := range []struct {
		x    *Tensor
		want string
	}{
		{must(FromSlice([]float64{0.1, math.NaN(), math.Inf(1), math.Inf(-1), math.Copysign(0, -1), 1e300}, 2, 3))(t), `[[0.1,"NaN","Infinity"],["-Infinity",-0,1e+300]]`},
		{must(FromSlice([]float32{0.1, 1e-7}, 2))(t), `[0.1,1e-07]`},
		{must(FromSlice([]BF16{NewBF16(0.1), NewBF16(3)}, 2))(t), `[0.100097656,3]`},
		{must(FromSlice([]F16{NewF16(0.1), NewF16(65520)}, 2))(t), `[0.099975586,"Infinity"]`},
		{must(FromSlice([]complex64{1 + 2i, complex(0, float32(math.Inf(1)))}, 2))(t), `[[1,2],[0,"Infinity"]]`},
		{must(FromSlice([]complex128{complex(0.1, 1.0/3)}, 1))(t), `[[0.1,0.3333333333333333]]`},
		{must(FromSlice([]int64{math.MinInt64, math.MaxInt64}, 1, 2))(t), `[[-9223372036854775808,9223372036854775807]]`},
		{must(FromSlice([]uint64{math.MaxUint64}))(t), `18446744073709551615`},
		{must(FromSlice([]bool{true, false}, 2, 1))(t), `[[true],[false]]`},
		{must(FromSlice([]int8{}, 2, 0))(t), `[]`},
		{must(FromBytes(Float4E2M1FNx2, []int64{1}, []byte{0xa1}))(t), `[[0.5,-1]]`},
		{must(FromBytes(Float8E8M0FNU, []int64{2}, []byte{127, 255}))(t), `[1,"NaN"]`},
		{must(FromBytes(QInt8, []int64{1}, []byte{0xff}))(t), `[-1]`},
		{must(FromBytes(QInt32, []int64{1}, []byte{0xfe, 0xff, 0xff, 0xff}))(t), `[-2]`},
		{must(FromBytes(QUInt8, []int64{1}, []byte{0xff}))(t), `[255]`},
		{must(FromBytes(Bits16, []int64{1}, []byte{1, 2}))(t), `[513]`},
	} {
		var out bytes.Buffer
		if err := c.x.EncodeJSON(&out); err != nil {
			t.Fatal(err)
		}
		if out.String() != c.want {
			t.Errorf("got %s, want %s", out.String(), c.want)
		}
		if !json.Valid(out.Bytes()) {
			t.Errorf("not JSON: %s", out.String())
		}
	}
}
