package dcp

import (
	"bytes"
	"errors"
	"fmt"
	"math"
	"math/big"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"pgregory.net/rapid"

	"github.com/godcp/godcp/internal/torchfile"
	"github.com/godcp/godcp/tensor"
)

// archiveOf is the item that stores v.
func archiveOf(v any) ([]byte, error) {
	pkl, storages, err := EncodeValue(v)
	if err != nil {
		return nil, err
	}
	item, err := torchfile.NewObjectItem(pkl, storages)
	if err != nil {
		return nil, err
	}
	var b bytes.Buffer
	_, err = item.WriteTo(&b)
	return b.Bytes(), err
}

func encodeAndDecode(v any) (any, error) {
	b, err := archiveOf(v)
	if err != nil {
		return nil, err
	}
	return DecodeValue(b)
}

// sameValue compares what DecodeValue returns; floats by their bits.
var sameValue = cmp.Options{
	cmp.Comparer(func(a, b *big.Int) bool { return a.Cmp(b) == 0 }),
	cmp.Comparer(func(a, b float64) bool { return math.Float64bits(a) == math.Float64bits(b) }),
	cmp.Comparer(func(a, b *tensor.Tensor) bool {
		return fmt.Sprint(a.DType(), a.Shape(), logical(a)) == fmt.Sprint(b.DType(), b.Shape(), logical(b))
	}),
}

func logical(t *tensor.Tensor) []byte {
	var b bytes.Buffer
	if err := t.WriteLogical(&b); err != nil {
		panic(err)
	}
	return b.Bytes()
}

func TestEncodeValue(t *testing.T) {
	huge := new(big.Int).Lsh(big.NewInt(-3), 100)
	grid, err := tensor.FromSlice([]float32{1, 2, 3, 4, 5, 6}, 2, 3)
	if err != nil {
		t.Fatal(err)
	}
	column, err := grid.Narrow(1, 1, 1)
	if err != nil {
		t.Fatal(err)
	}
	fp8, err := tensor.New(tensor.Float8E4M3FN, 3)
	if err != nil {
		t.Fatal(err)
	}
	for _, tc := range []struct{ in, want any }{
		{nil, nil},
		{true, true},
		{int8(-3), int64(-3)},
		{uint64(math.MaxUint64), new(big.Int).SetUint64(math.MaxUint64)},
		{int64(math.MinInt64), int64(math.MinInt64)},
		{big.NewInt(5), int64(5)},
		{huge, huge},
		{float32(0.1), float64(float32(0.1))},
		{math.Inf(-1), math.Inf(-1)},
		{math.Copysign(0, -1), math.Copysign(0, -1)},
		{complex64(1 + 2i), 1 + 2i},
		{"é\x00\n", "é\x00\n"},
		{"lone \xed\xa0\x80", "lone \xed\xa0\x80"},
		{[]byte{0, 0x80, 0xff}, []byte{0, 0x80, 0xff}},
		{[]byte(nil), []byte{}},
		{ByteArray{0, 0xff}, ByteArray{0, 0xff}},
		{ByteArray{}, ByteArray{}},
		{[]any{}, []any{}},
		{[]int{1, 300}, []any{int64(1), int64(300)}},
		{[][]string{{"a"}, nil}, []any{[]any{"a"}, []any{}}},
		{Tuple{}, Tuple{}},
		{Tuple{1, 2, 3, 4}, Tuple{int64(1), int64(2), int64(3), int64(4)}},
		{Set{Items: []any{"a", int64(1)}}, Set{Items: []any{"a", int64(1)}}},
		{Set{Frozen: true, Items: []any{}}, Set{Frozen: true, Items: []any{}}},
		{map[string]any{"b": nil, "a": []float64{1}}, map[string]any{"b": nil, "a": []any{1.0}}},
		{map[string]bool{}, map[string]any{}},
		{map[int]string{10: "b", 2: "a"}, Dict{Pairs: []Pair{{int64(2), "a"}, {int64(10), "b"}}}},
		{Dict{Pairs: []Pair{{Tuple{"a", 1}, 2}}}, Dict{Pairs: []Pair{{Tuple{"a", int64(1)}, int64(2)}}}},
		{
			Dict{Ordered: true, Pairs: []Pair{{"z", 1}, {"a", 2}}},
			Dict{Ordered: true, Pairs: []Pair{{"z", int64(1)}, {"a", int64(2)}}},
		},
		{Size{2, 3, 4, 5}, Size{2, 3, 4, 5}},
		{Size{}, Size{}},
		{tensor.Float8E8M0FNU, tensor.Float8E8M0FNU},
		{Device("cuda:1"), Device("cuda:1")},
		{Device("cpu"), Device("cpu")},
		{grid, grid},
		{[]*tensor.Tensor{fp8, column, grid, column}, []any{fp8, column, grid, column}},
	} {
		got, err := encodeAndDecode(tc.in)
		if err != nil {
			t.Errorf("%#v: %v", tc.in, err)
			continue
		}
		if diff := cmp.Diff(tc.want, got, sameValue); diff != "" {
			t.Errorf("%#v: -want +got:\n%s", tc.in, diff)
		}
	}
	if _, storages, err := EncodeValue([]any{column, grid, column}); err != nil || len(storages) != 2 || storages[1] != grid {
		t.Errorf("a tensor that occurs twice: storages %v, %v", storages, err)
	}
}

func TestEncodeValueRefuses(t *testing.T) {
	loop := map[string]any{}
	loop["self"] = loop
	quantized, err := tensor.New(tensor.QInt8, 2)
	if err != nil {
		t.Fatal(err)
	}
	for want, v := range map[string]any{
		`encoding: a struct {} is no value of a checkpoint`:                    struct{}{},
		`encoding: value["a"][1]: a time.Duration is no value of a checkpoint`: map[string]any{"a": []any{1, time.Second}},
		`encoding: value["a"]: a dcp.Opaque is no value of a checkpoint`:       map[string]any{"a": Opaque{"x.Y"}},
		`encoding: value[0]: a nil *tensor.Tensor`:                             []*tensor.Tensor{nil},
		`encoding: value[2]: a nil *big.Int`:                                   Tuple{1, 2, (*big.Int)(nil)},
		`encoding: value["\n"]: "\xff" is not UTF-8`:                           map[string]string{"\n": "\xff"},
		`encoding: value.keys()[0]: "\xff" is not UTF-8`:                       map[string]int{"\xff": 1},
		`encoding: value.keys()[1]: equal to another one in Python: true`:      Dict{Pairs: []Pair{{1.0, 1}, {true, 2}}},
		`encoding: value[1]: equal to another one in Python: [1 2]`:            Set{Items: []any{Size{1, 2}, Tuple{1, 2.0}}},
		`encoding: value.keys()[0][1]: a []interface {} cannot be a key`:       Dict{Pairs: []Pair{{Tuple{1, []any{}}, 1}}},
		`encoding: value[1].keys()[0]: a dcp.Set cannot be a key`:              []any{1, Dict{Pairs: []Pair{{Set{}, 1}}}},
		`encoding: value["q"]: a tensor of dtype qint8 lacks its scale`:        map[string]*tensor.Tensor{"q": quantized},
		`encoding: dtype invalid`:                                              tensor.Invalid,
	} {
		if _, _, err := EncodeValue(v); err == nil || err.Error() != want {
			t.Errorf("got %v, want %s", err, want)
		}
	}
	if _, _, err := EncodeValue(loop); !errors.Is(err, errTooDeep) {
		t.Errorf("a map in itself: %v", err)
	}
}

// TestEncodeValueDeep: what is not refused for its depth can be decoded.
func TestEncodeValueDeep(t *testing.T) {
	for name, wrap := range map[string]func(v any) any{
		"list":    func(v any) any { return []any{v} },
		"tuple":   func(v any) any { return Tuple{v, 1, 2, 3} },
		"ordered": func(v any) any { return Dict{Ordered: true, Pairs: []Pair{{1, v}, {2, 0}}} },
		"set":     func(v any) any { return Set{Frozen: true, Items: []any{v, 1}} },
	} {
		var v any = 1 + 1i
		for depth := 1; ; depth++ {
			v = wrap(v)
			b, err := archiveOf(v)
			if err != nil {
				if depth < 30 || !strings.HasSuffix(err.Error(), errTooDeep.Error()) {
					t.Errorf("%s of depth %d: %v", name, depth, err)
				}
				break
			}
			if _, err := DecodeValue(b); err != nil {
				t.Fatalf("%s of depth %d: %v", name, depth, err)
			}
		}
	}
}

// anyValue draws what DecodeValue can return.
func anyValue() *rapid.Generator[any] {
	hashable := rapid.OneOf(
		rapid.Just[any](nil),
		rapid.Map(rapid.Int64(), func(n int64) any { return n }),
		rapid.Map(rapid.String(), func(s string) any { return s }),
		rapid.Map(rapid.SliceOf(rapid.Byte()), func(b []byte) any { return append([]byte{}, b...) }),
		rapid.Map(rapid.SliceOf(rapid.Int64Range(0, 1<<40)), func(s []int64) any { return append(Size{}, s...) }),
	)
	leaf := rapid.OneOf(
		hashable,
		rapid.Map(rapid.Bool(), func(b bool) any { return b }),
		rapid.Map(rapid.Float64(), func(f float64) any { return f }),
		rapid.Map(rapid.SliceOf(rapid.Byte()), func(b []byte) any { return append(ByteArray{}, b...) }),
		rapid.Map(rapid.SliceOf(rapid.Int64()), func(s []int64) any {
			x, err := tensor.FromSlice(s, int64(len(s)))
			if err != nil {
				panic(err)
			}
			return x
		}),
		rapid.Map(rapid.SliceOfNDistinct(hashable, 0, 5, sortKey), func(s []any) any { return Set{Items: append([]any{}, s...)} }),
	)
	nested := leaf
	for range 3 {
		inner := nested
		nested = rapid.OneOf(
			leaf,
			rapid.Map(rapid.SliceOfN(inner, 0, 4), func(s []any) any { return append([]any{}, s...) }),
			rapid.Map(rapid.SliceOfN(inner, 0, 5), func(s []any) any { return append(Tuple{}, s...) }),
			rapid.Map(rapid.MapOfN(rapid.String(), inner, 0, 4), func(m map[string]any) any { return m }),
			rapid.Custom(func(t *rapid.T) any {
				d := Dict{Ordered: true}
				for _, k := range rapid.SliceOfNDistinct(hashable, 1, 4, sortKey).Draw(t, "keys") {
					d.Pairs = append(d.Pairs, Pair{k, inner.Draw(t, "value")})
				}
				return d
			}),
		)
	}
	return nested
}

func TestEncodeValueProperty(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		v := anyValue().Draw(t, "v")
		got, err := encodeAndDecode(v)
		if err != nil {
			t.Fatal(err)
		}
		if diff := cmp.Diff(v, got, sameValue); diff != "" {
			t.Fatalf("-encoded +decoded:\n%s", diff)
		}
	})
}

func ExampleEncodeValue() {
	pkl, storages, err := EncodeValue(map[string]any{"step": 7, "betas": Tuple{0.9, 0.999}})
	if err != nil {
		panic(err)
	}
	fmt.Println(len(pkl), len(storages))
	// Output: 46 0
}
