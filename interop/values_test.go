package interop

import (
	"bytes"
	"encoding/json"
	"fmt"
	"math"
	"math/big"
	"path/filepath"
	"strings"
	"testing"

	"github.com/godcp/godcp/dcp"
	"github.com/godcp/godcp/internal/torchfile"
	"github.com/godcp/godcp/tensor"
)

// values are Go values and the Python values that they stand for.
func values(t *testing.T) map[string]any {
	grid := patterned(t, tensor.Float32, 2, 3)
	column, err := grid.Narrow(1, 1, 1)
	if err != nil {
		t.Fatal(err)
	}
	pattern := func(dtype string, n int, shape string) string {
		return fmt.Sprintf("torch.frombuffer(bytearray(%s), dtype=torch.uint8).view(torch.%s).reshape(%s)",
			strings.ReplaceAll(fmt.Sprint(bytesOf(t, patterned(t, tensor.Uint8, int64(n)))), " ", ", "), dtype, shape)
	}
	many := make(map[string]int, 2500)
	for i := range 2500 {
		many[fmt.Sprintf("k%04d", i)] = i * i * i
	}
	return map[string]any{
		"None":  nil,
		"True":  true,
		"False": false,
		"[0, 255, 256, 65535, 65536, 2147483647, 2147483648, -1, -128, -129, -2147483648, -2147483649, 2**63-1, -2**63]": []int64{
			0, 255, 256, 65535, 65536, 2147483647, 2147483648, -1, -128, -129, -2147483648, -2147483649, math.MaxInt64, math.MinInt64,
		},
		"2**64-1":  uint64(math.MaxUint64),
		"-2**63-1": new(big.Int).Sub(big.NewInt(math.MinInt64), big.NewInt(1)),
		"[2**2047, -2**2047, -2**2047-1, 2**8000]": []*big.Int{power(2047, 1, 0), power(2047, -1, 0), power(2047, -1, -1), power(8000, 1, 0)},
		"[0.1, -0.0, inf, -inf, nan, 5e-324]": []float64{
			0.1, math.Copysign(0, -1), math.Inf(1), math.Inf(-1), math.NaN(), 5e-324,
		},
		"[1+2j, complex(0.0, -inf)]":                                    []complex128{1 + 2i, complex(0, math.Inf(-1))},
		"['', 'ü\\n\\0', '\\U0001F600', '\\ud800', 'x' * 300]":          []string{"", "ü\n\x00", "\U0001F600", "\xed\xa0\x80", strings.Repeat("x", 300)},
		"[b'', bytes(range(256)), bytearray(), bytearray(b'\\xff\\0')]": []any{[]byte{}, allBytes(), dcp.ByteArray{}, dcp.ByteArray{0xff, 0}},
		"[(), (1,), (1, 2), (1, 2, 3), (1, 2, 3, 4), []]": []any{
			dcp.Tuple{}, dcp.Tuple{1}, dcp.Tuple{1, 2}, dcp.Tuple{1, 2, 3}, dcp.Tuple{1, 2, 3, 4}, []any{},
		},
		"[{1, 'a', (2,)}, set(), frozenset({1}), {frozenset()}]": []any{
			dcp.Set{Items: []any{1, "a", dcp.Tuple{2}}},
			dcp.Set{},
			dcp.Set{Frozen: true, Items: []any{1}},
			dcp.Set{Items: []any{dcp.Set{Frozen: true}}},
		},
		"{'a': {'b': [1]}, 'c': {}}": map[string]any{"c": map[string]int{}, "a": map[string][]int{"b": {1}}},
		"{-1: 'x', 2: 'y', 10: 'z'}": map[int8]string{10: "z", 2: "y", -1: "x"},
		"{(1, 2): None, None: 1}":    dcp.Dict{Pairs: []dcp.Pair{{Key: dcp.Tuple{1, 2}}, {Value: 1}}},
		"OrderedDict([('b', 1), ('a', 2)])": dcp.Dict{Ordered: true, Pairs: []dcp.Pair{
			{Key: "b", Value: 1}, {Key: "a", Value: 2},
		}},
		"{'k%04d' % i: i**3 for i in range(2500)}":                               many,
		"[torch.Size([]), torch.Size([2, 3, 4, 5])]":                             []dcp.Size{{}, {2, 3, 4, 5}},
		"[torch.float32, torch.bool, torch.bfloat16]":                            []tensor.DType{tensor.Float32, tensor.Bool, tensor.BFloat16},
		"[torch.device('cpu'), torch.device('cuda:1'), torch.device('cuda', 0)]": []dcp.Device{"cpu", "cuda:1", "cuda:0"},
		pattern("float32", 24, "2, 3"):                                           grid,
		pattern("float32", 24, "2, 3") + "[:, 1:2].contiguous()":                 column,
		"(" + pattern("bfloat16", 2, "()") + ", " + pattern("uint16", 6, "3") + ", torch.empty(0, 3))": dcp.Tuple{
			patterned(t, tensor.BFloat16), patterned(t, tensor.Uint16, 3), patterned(t, tensor.Float32, 0, 3),
		},
		"[" + pattern("float8_e5m2", 2, "1, 2") + "] * 2": []*tensor.Tensor{
			patterned(t, tensor.Float8E5M2, 1, 2), patterned(t, tensor.Float8E5M2, 1, 2),
		},
	}
}

func power(n uint, times, plus int64) *big.Int {
	x := new(big.Int).Lsh(big.NewInt(times), n)
	return x.Add(x, big.NewInt(plus))
}

func allBytes() []byte {
	b := make([]byte, 256)
	for i := range b {
		b[i] = byte(i)
	}
	return b
}

func bytesOf(t *testing.T, x *tensor.Tensor) []byte {
	t.Helper()
	b, ok := x.Bytes()
	if !ok {
		t.Fatal("not dense")
	}
	return b
}

// TestValues: torch.load gives the Python value of each Go value.
func TestValues(t *testing.T) {
	python := pythonWithTorch(t)
	dir := t.TempDir()
	type value struct {
		File   string `json:"file"`
		Python string `json:"python"`
	}
	var list []value
	for expr, v := range values(t) {
		pkl, storages, err := dcp.EncodeValue(v)
		if err != nil {
			t.Fatalf("%s: %v", expr, err)
		}
		item, err := torchfile.NewObjectItem(pkl, storages)
		if err != nil {
			t.Fatal(err)
		}
		name := fmt.Sprintf("%d.item", len(list))
		writeFile(t, filepath.Join(dir, name), item)
		list = append(list, value{name, expr})
	}
	b, err := json.Marshal(list)
	if err != nil {
		t.Fatal(err)
	}
	writeFile(t, filepath.Join(dir, "values.json"), bytes.NewReader(b))
	var found struct {
		Torch  string
		Values int
		Faults map[string]string
	}
	out := run(t, python, "-B", filepath.Join("torch", "values.py"), dir)
	if err := json.Unmarshal([]byte(out), &found); err != nil {
		t.Fatalf("%v: %s", err, out)
	}
	t.Logf("torch %s: %d values", found.Torch, found.Values)
	if found.Values != len(list) {
		t.Errorf("looked at %d of %d", found.Values, len(list))
	}
	for name, fault := range found.Faults {
		t.Errorf("%s: %s", name, fault)
	}
}
