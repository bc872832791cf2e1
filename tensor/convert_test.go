package tensor

import (
	"encoding/hex"
	"encoding/json"
	"math"
	"os"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"pgregory.net/rapid"
)

// golden is testdata/torch.json, written by real torch.
type golden struct {
	Casts  []struct{ From, To, Src, Dst string }
	Prints []struct {
		DType     string
		Shape     []int64
		Src, Text string
		Threshold int64
		Edge      int64
	}
}

func readGolden(t *testing.T) (g golden) {
	data, err := os.ReadFile("testdata/torch.json")
	if err != nil {
		t.Fatal(err)
	}
	if err := json.Unmarshal(data, &g); err != nil {
		t.Fatal(err)
	}
	return g
}

func fromHex(t *testing.T, name, text string) *Tensor {
	d, ok := ParseDType(name)
	data, err := hex.DecodeString(text)
	if err != nil || !ok {
		t.Fatal(name, err)
	}
	x, err := FromBytes(d, []int64{int64(len(data)) / d.Size()}, data)
	if err != nil {
		t.Fatal(err)
	}
	return x
}

func TestConvertAsTorch(t *testing.T) {
	g := readGolden(t)
	if len(g.Casts) < 400 {
		t.Fatalf("only %d casts in the golden file", len(g.Casts))
	}
	for _, c := range g.Casts {
		src, want := fromHex(t, c.From, c.Src), fromHex(t, c.To, c.Dst)
		got, err := New(want.DType(), want.Shape()...)
		if err != nil {
			t.Fatal(err)
		}
		if err := Convert(got, src); err != nil {
			t.Fatal(err)
		}
		for i := range want.NumElements() {
			v, _ := src.At(i)
			a, _ := got.At(i)
			b, _ := want.At(i)
			if !same(a, b) {
				t.Errorf("%s %v to %s: %v, torch has %v", c.From, v, c.To, a, b)
			}
		}
	}
}

// Converting through any views is converting element by element.
func TestConvertAgainstModel(t *testing.T) {
	var numeric []DType
	for _, d := range allDTypes {
		if d.converts() {
			numeric = append(numeric, d)
		}
	}
	rapid.Check(t, func(t *rapid.T) {
		from := rapid.SampledFrom(numeric).Draw(t, "from")
		to := rapid.SampledFrom(numeric).Draw(t, "to")
		shape := drawShape(t)
		a, b := drawLayout(t, to, shape, false), drawLayout(t, from, shape, true)
		b.Conj = from.IsComplex() && rapid.Bool().Draw(t, "conj")
		b.Neg = from.canNeg() && rapid.Bool().Draw(t, "neg")
		model := a
		model.Storage = slices.Clone(a.Storage)
		for _, index := range indices(shape) {
			one := slices.Clone(b.at(index))
			flip(from, one, b.Conj, b.Neg)
			if to == from {
				copy(model.at(index), one)
			} else {
				store(to, model.at(index), load(from, one))
			}
		}
		if err := Convert(mustLayout(t, a), mustLayout(t, b)); err != nil {
			t.Fatal(err)
		}
		if diff := cmp.Diff(model.Storage, a.Storage); diff != "" {
			t.Fatal(diff)
		}
	})
}

// More than one block, dense and transposed, by the fast loops and the others.
func TestConvertInBlocks(t *testing.T) {
	n := int64(blockBytes/4 + 11)
	pairs := [][2]DType{{Float32, BFloat16}, {BFloat16, Float32}, {Float32, Float16}, {Float16, Float32}, {Int64, Uint8}, {Uint8, Complex128}}
	for _, pair := range pairs {
		src := must(New(pair[0], n, 2))(t)
		b, _ := src.Bytes()
		fill(b, 0)
		turned := mustLayout(t, Layout{DType: pair[0], Shape: []int64{2, n}, Strides: []int64{1, 2}, Storage: b})
		dst, dstTurned := must(New(pair[1], n, 2))(t), must(New(pair[1], 2, n))(t)
		if err := Convert(dst, src); err != nil {
			t.Fatal(err)
		}
		if err := Convert(dstTurned, turned); err != nil {
			t.Fatal(err)
		}
		in, out := int(pair[0].Size()), int(pair[1].Size())
		got, _ := dst.Bytes()
		gotTurned, _ := dstTurned.Bytes()
		want := make([]byte, out)
		for i := range int(n) * 2 {
			store(pair[1], want, load(pair[0], b[i*in:]))
			j := i%2*int(n) + i/2
			if !slices.Equal(want, got[i*out:(i+1)*out]) || !slices.Equal(want, gotTurned[j*out:(j+1)*out]) {
				t.Fatalf("%v: element %d", pair, i)
			}
		}
	}
}

func TestConvertBeyondTheRange(t *testing.T) {
	src, err := FromSlice([]float64{300, -1, 1 << 40, math.NaN(), math.Inf(-1), 0x1p63 + 0x1p62, 1e300}, 7)
	if err != nil {
		t.Fatal(err)
	}
	for _, c := range []struct {
		to   DType
		want []any
	}{
		{Int8, []any{int64(44), int64(-1), int64(0), int64(0), int64(0), int64(0), int64(0)}},
		{Uint8, []any{uint64(44), uint64(255), uint64(0), uint64(0), uint64(0), uint64(0), uint64(0)}},
		{Int64, []any{int64(300), int64(-1), int64(1 << 40), int64(math.MinInt64), int64(math.MinInt64), int64(-1 << 62), int64(math.MinInt64)}},
		{Uint64, []any{uint64(300), uint64(math.MaxUint64), uint64(1 << 40), uint64(1 << 63), uint64(1 << 63), uint64(3 << 62), uint64(1 << 63)}},
		{Bool, []any{true, true, true, true, true, true, true}},
	} {
		dst := must(New(c.to, 7))(t)
		if err := Convert(dst, src); err != nil {
			t.Fatal(err)
		}
		var got []any
		for i := range int64(7) {
			v, _ := dst.At(i)
			got = append(got, v)
		}
		if diff := cmp.Diff(c.want, got); diff != "" {
			t.Errorf("%v: %s", c.to, diff)
		}
	}
}

// By way of float64, 2^60+2^36+1 would first lose the 1 and then be a tie.
func TestIntegersRoundOnce(t *testing.T) {
	for d, want := range map[DType]float64{Float32: 0x1p60 + 0x1p37, Float64: 0x1p60 + 0x1p36} {
		for _, src := range []*Tensor{must(FromSlice([]int64{1<<60 + 1<<36 + 1}))(t), must(FromSlice([]uint64{1<<60 + 1<<36 + 1}))(t)} {
			dst := must(New(d))(t)
			if err := Convert(dst, src); err != nil {
				t.Fatal(err)
			}
			if v, _ := dst.At(); v != want {
				t.Errorf("%v to %v: %v, want %v", src.DType(), d, v, want)
			}
		}
	}
}

func TestConvertRefuses(t *testing.T) {
	for _, d := range allDTypes {
		if d.converts() {
			continue
		}
		x, f := must(New(d, 3))(t), must(New(Float32, 3))(t)
		if Convert(f, x) == nil || Convert(x, f) == nil {
			t.Errorf("%v converts", d)
		}
		b, _ := x.Bytes()
		fill(b, 1)
		y := must(New(d, 3))(t)
		if err := Convert(y, x); err != nil || !slices.Equal(logicalOf(t, x), logicalOf(t, y)) {
			t.Errorf("%v to itself: %v", d, err)
		}
	}
	if err := Convert(must(New(Float4E2M1FNx2))(t), must(New(Float32))(t)); err == nil || !strings.Contains(err.Error(), "float32 to float4_e2m1fn_x2") {
		t.Error(err)
	}
}
