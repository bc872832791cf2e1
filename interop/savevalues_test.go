package interop

import (
	"fmt"
	"math"
	"math/big"
	"slices"
	"strings"

	"github.com/godcp/godcp/dcp"
	"github.com/godcp/godcp/tensor"
)

// objects is a state of every kind of value that is no tensor.
func objects(c content) map[string]any {
	f32 := c.tensor(tensor.Float32, 2, 3)
	u8 := c.tensor(tensor.Uint8, 4, 4)
	column, err := u8.Narrow(1, 1, 2)
	if err != nil {
		c.Fatal(err)
	}
	state := map[string]any{
		"tensors in a tuple": object{dcp.Tuple{int64(1), f32}, fmt.Sprintf(`{"$t": "tuple", "v": [1, %s]}`, tensorJSON(c.T, f32))},
		"tensors in a dict": object{
			dict(false, "a", column, "b", column),
			fmt.Sprintf(`{"a": %[1]s, "b": %[1]s}`, tensorJSON(c.T, column)),
		},
	}
	var all []any
	for i, o := range plainValues() {
		state[fmt.Sprintf("value %d", i)] = o
		all = append(all, o.value)
	}
	texts := make([]string, len(all))
	for i, o := range plainValues() {
		texts[i] = o.json
	}
	// A tuple is not opened, whatever is in it.
	state["all"] = object{dcp.Tuple(all), `{"$t": "tuple", "v": [` + strings.Join(texts, ", ") + `]}`}
	return state
}

func plainValues() []object {
	huge := new(big.Int).Lsh(big.NewInt(1), 70)
	wide := new(big.Int).Lsh(big.NewInt(1), 3000)
	long := strings.Repeat("long ", 20_000)
	return []object{
		{nil, "null"},
		{true, "true"},
		{false, "false"},
		{int64(0), "0"},
		{int64(255), "255"},
		{int64(256), "256"},
		{int64(-1), "-1"},
		{int64(65536), "65536"},
		{int64(1) << 40, "1099511627776"},
		{int64(math.MaxInt64), "9223372036854775807"},
		{int64(math.MinInt64), "-9223372036854775808"},
		{uint64(math.MaxUint64), "18446744073709551615"},
		{int8(-7), "-7"},
		{uint16(7), "7"},
		{7, "7"},
		{huge, "1180591620717411303424"},
		{new(big.Int).Neg(huge), "-1180591620717411303424"},
		{wide, wide.String()},
		{0.5, "0.5"},
		{1.0, "1.0"},
		{0.1, "0.1"},
		{float32(0.25), "0.25"},
		{math.Copysign(0, -1), "-0.0"},
		{math.Inf(1), `{"$t": "float", "v": "inf"}`},
		{math.Inf(-1), `{"$t": "float", "v": "-inf"}`},
		{math.NaN(), `{"$t": "float", "v": "nan"}`},
		{complex(1.5, -2), `{"$t": "complex", "re": "1.5", "im": "-2.0"}`},
		{"", `""`},
		{"héß 世\U0001f600\x00\n", `"héß 世😀\u0000\n"`},
		{long, `"` + long + `"`},
		{[]byte{}, `{"$t": "bytes", "hex": ""}`},
		{[]byte("\x00\x01\xff\r\n"), `{"$t": "bytes", "hex": "0001ff0d0a"}`},
		{dcp.ByteArray("\x80\xff"), `{"$t": "bytearray", "hex": "80ff"}`},
		{[]any{}, `[]`},
		{[]any{int64(1), "a", []any{2.5, nil}, []any{}}, `[1, "a", [2.5, null], []]`},
		{[]int{3, 1, 2}, `[3, 1, 2]`},
		{[]string{"x", "y"}, `["x", "y"]`},
		{[]float32{0.5}, `[0.5]`},
		{dcp.Tuple{}, `{"$t": "tuple", "v": []}`},
		{dcp.Tuple{"a"}, `{"$t": "tuple", "v": ["a"]}`},
		{dcp.Tuple{"a", nil, true, dcp.Tuple{int64(1)}}, `{"$t": "tuple", "v": ["a", null, true, {"$t": "tuple", "v": [1]}]}`},
		{dcp.Set{Items: []any{int64(1), int64(2)}}, `{"$t": "set", "v": [1, 2]}`},
		{dcp.Set{}, `{"$t": "set", "v": []}`},
		{dcp.Set{Frozen: true, Items: []any{"a", "b"}}, `{"$t": "frozenset", "v": ["a", "b"]}`},
		{dcp.Dict{}, `{}`},
		{dict(false, "lr", 0.1, "betas", dcp.Tuple{0.9, 0.999}), `{"lr": 0.1, "betas": {"$t": "tuple", "v": [0.9, 0.999]}}`},
		{
			dict(false, int64(5), "x", dcp.Tuple{int64(1), "a"}, nil, nil, true),
			`{"$t": "dict", "v": [[5, "x"], [{"$t": "tuple", "v": [1, "a"]}, null], [null, true]]}`,
		},
		{dict(true, "z", int64(1), "a", int64(2)), `{"$t": "OrderedDict", "v": [["z", 1], ["a", 2]]}`},
		{dcp.Size{2, 0, 3}, `{"$t": "torch.Size", "v": [2, 0, 3]}`},
		{tensor.BFloat16, `{"$t": "torch.dtype", "v": "torch.bfloat16"}`},
		{dcp.Device("cpu"), `{"$t": "torch.device", "v": "cpu"}`},
		{dcp.Device("cuda:1"), `{"$t": "torch.device", "v": "cuda:1"}`},
	}
}

// dict makes a dict of keys and values in turn.
func dict(ordered bool, keysAndValues ...any) dcp.Dict {
	d := dcp.Dict{Ordered: ordered}
	for pair := range slices.Chunk(keysAndValues, 2) {
		d.Pairs = append(d.Pairs, dcp.Pair{Key: pair[0], Value: pair[1]})
	}
	return d
}
