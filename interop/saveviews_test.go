package interop

import "github.com/godcp/godcp/tensor"

// views are tensors that lie otherwise in memory than in a file, whole and as
// shards.
func views(c content) map[string]any {
	view := func(d tensor.DType, storage int64, at int64, shape, strides []int64) *tensor.Tensor {
		b, _ := c.tensor(d, storage).Bytes()
		return c.layout(tensor.Layout{DType: d, Shape: shape, Strides: strides, StorageOffset: at, Storage: b})
	}
	conj := func(d tensor.DType, isConj, isNeg bool) *tensor.Tensor {
		x, err := tensor.New(d, 6, 4)
		if err != nil {
			c.Fatal(err)
		}
		small, err := tensor.FromSlice(c.numbers(24), 6, 4)
		if err == nil {
			err = tensor.Convert(x, small)
		}
		if err != nil {
			c.Fatal(err)
		}
		b, _ := x.Bytes()
		return c.layout(tensor.Layout{DType: d, Shape: []int64{4, 6}, Strides: []int64{1, 4}, Conj: isConj, Neg: isNeg, Storage: b})
	}
	columns, err := c.tensor(tensor.Int32, 9, 13).Narrow(1, 5, 6)
	if err != nil {
		c.Fatal(err)
	}
	rows, err := c.tensor(tensor.Int32, 9, 13).Narrow(0, 2, 4)
	if err != nil {
		c.Fatal(err)
	}
	state := map[string]any{
		"transposed":     view(tensor.Float32, 12*9, 0, []int64{9, 12}, []int64{1, 9}),
		"permuted":       view(tensor.BFloat16, 2*3*4, 0, []int64{4, 2, 3}, []int64{1, 12, 4}),
		"columns":        columns,
		"rows":           rows,
		"steps":          view(tensor.Float64, 100, 3, []int64{4, 3}, []int64{20, 3}),
		"expanded":       view(tensor.Float32, 7, 0, []int64{7, 5}, []int64{1, 0}),
		"all_one":        view(tensor.Int16, 9, 4, []int64{2, 3}, []int64{0, 0}),
		"scalar_inside":  view(tensor.Int64, 9, 4, nil, nil),
		"empty_inside":   view(tensor.Int64, 9, 9, []int64{3, 0}, []int64{2, 1}),
		"channels_last":  view(tensor.Float16, 120, 0, []int64{2, 3, 4, 5}, []int64{60, 1, 15, 3}),
		"big_transposed": view(tensor.Float32, 700*300, 0, []int64{300, 700}, []int64{1, 300}),
		"conj":           conj(tensor.Complex64, true, false),
		"neg":            conj(tensor.Float32, false, true),
		"conj_neg":       conj(tensor.Complex128, true, true),
	}
	for _, name := range []string{"transposed", "columns", "channels_last", "big_transposed", "conj", "neg"} {
		x := state[name].(*tensor.Tensor)
		state[name+"_by_rows"] = cutTensor{x, slabs(x.Shape(), 0, 4)}
		state[name+"_by_columns"] = cutTensor{x, slabs(x.Shape(), 1, 4)}
	}
	return state
}

func (c content) layout(l tensor.Layout) *tensor.Tensor {
	x, err := tensor.FromLayout(l)
	if err != nil {
		c.Fatal(err)
	}
	return x
}

func (c content) numbers(n int) []float32 {
	numbers := make([]float32, n)
	for i := range numbers {
		numbers[i] = float32(c.IntN(200) - 100)
	}
	return numbers
}
