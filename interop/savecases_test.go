package interop

import (
	"fmt"
	"maps"
	"slices"
	"strings"

	"github.com/godcp/godcp/dcp"
	"github.com/godcp/godcp/tensor"
)

// saveCase is a way to save a state. It is saved for each of the options, the
// second and later ones over what is there.
type saveCase struct {
	name  string
	state func(c content) map[string]any
	how   []dcp.WriterOptions
}

func saveCases(zstd bool) []saveCase {
	plain := []dcp.WriterOptions{{}}
	over := func(o dcp.WriterOptions) dcp.WriterOptions {
		o.Overwrite = true
		return o
	}
	cases := []saveCase{
		{"dtypes", allDTypes, plain},
		{"shapes", shapes, plain},
		{"views", views, plain},
		{"nested", nested, plain},
		{"objects", objects, plain},
		{"shards", shards, plain},
		{"nothing", func(content) map[string]any { return map[string]any{} }, plain},
		{"not-synced", some, []dcp.WriterOptions{{NoSync: true}}},
		{"overwritten", some, []dcp.WriterOptions{{ThreadCount: 4}, over(dcp.WriterOptions{}), over(dcp.WriterOptions{ThreadCount: 2})}},
		{"overwritten-files", some, []dcp.WriterOptions{{FilePerItem: true}, over(dcp.WriterOptions{KeepPrevious: -1}), over(dcp.WriterOptions{FilePerItem: true})}},
	}
	options := map[string]dcp.WriterOptions{"files": {FilePerItem: true}, "files-threads": {FilePerItem: true, ThreadCount: 3}}
	for n := range 4 {
		options[fmt.Sprintf("threads%d", n+1)] = dcp.WriterOptions{ThreadCount: n + 1}
	}
	if zstd {
		for name, o := range maps.Clone(options) {
			o.Extensions = []dcp.StreamTransformExtension{dcp.ZStandard{}}
			options["zstd-"+name] = o
		}
	}
	for name, o := range options {
		cases = append(cases, saveCase{name, some, []dcp.WriterOptions{o}})
	}
	return cases
}

// some is a state with something of everything.
func some(c content) map[string]any {
	state := map[string]any{
		"w":      c.rows(4, tensor.Float32, c.Int64N(40)+1, 7),
		"cols":   c.columns(4, tensor.BFloat16, 3, c.Int64N(20)+1),
		"zeros":  c.rows(4, tensor.Uint8, 300, 70),
		"same":   c.tensor(tensor.Float64, 5, c.Int64N(50)),
		"scalar": c.tensor(tensor.Int64),
		"step":   object{int64(12), "12"},
		"text":   object{strings.Repeat("text ", 500), `"` + strings.Repeat("text ", 500) + `"`},
		"opt":    map[string]any{"lr": object{0.1, "0.1"}, "state": []any{map[string]any{"exp_avg": c.rows(4, tensor.Float32, 9)}}},
	}
	clear(must(state["zeros"].(cutTensor).whole.Bytes()))
	for rank := range 4 {
		state[fmt.Sprintf("own%d", rank)] = owned{rank, c.tensor(tensor.Int16, c.Int64N(90))}
	}
	return state
}

func must(b []byte, ok bool) []byte {
	if !ok {
		panic("a new tensor is not dense")
	}
	return b
}

func allDTypes(c content) map[string]any {
	state := map[string]any{}
	for _, d := range c.dtypes {
		state[d.String()] = map[string]any{
			"same": c.tensor(d, 3, 5), "rows": c.rows(4, d, 10, 3), "columns": c.columns(4, d, 2, 9), "scalar": c.tensor(d), "empty": c.tensor(d, 0),
		}
	}
	return state
}

func shapes(c content) map[string]any {
	state := map[string]any{}
	for i, shape := range [][]int64{{}, {0}, {4, 0}, {0, 3}, {2, 0, 4}, {1}, {1, 1, 1, 1}, {2, 1, 3, 1, 2, 2, 1, 2}, {70_000}, {1, 300}, {5, 3}} {
		state[fmt.Sprint(i)] = c.tensor(tensor.Float32, shape...)
		state[fmt.Sprint(i, " small")] = c.tensor(tensor.Bool, shape...)
	}
	return state
}

// shards has tensors of which some ranks have nothing, or several boxes.
func shards(c content) map[string]any {
	state := map[string]any{
		"ten":          c.rows(4, tensor.Int16, 10, 3),
		"vector":       c.rows(4, tensor.Float16, 10),
		"two":          c.rows(4, tensor.Float32, 2, 5),
		"one":          c.rows(4, tensor.Float32, 1),
		"none":         c.rows(4, tensor.Float32, 0, 4),
		"no-columns":   c.columns(4, tensor.Float32, 3, 0),
		"more-ranks":   c.rows(7, tensor.Float32, 29, 3),
		"columns":      c.columns(4, tensor.Int32, 3, 10),
		"middle":       c.columns(4, tensor.Int8, 3, 6, 5),
		"few-columns":  c.columns(4, tensor.Complex64, 4, 2),
		"one-rank-all": cutTensor{c.tensor(tensor.Float32, 6, 2), slabs([]int64{6, 2}, 0, 1)},
	}
	grid := cutTensor{whole: c.tensor(tensor.Float32, 11, 7)}
	for _, half := range slabs([]int64{11, 7}, 0, 2) {
		for _, quarter := range slabs(half.Sizes, 1, 2) {
			quarter.Offsets[0] += half.Offsets[0]
			grid.boxes = append(grid.boxes, quarter)
		}
	}
	state["grid"] = grid
	for n := 1; n < 12; n += 3 {
		shape := []int64{12, 9, 5}
		state[fmt.Sprintf("blocks%d", n)] = cutTensor{
			c.tensor(tensor.BFloat16, shape...),
			slices.DeleteFunc(blocks(c.Rand, tensor.FullBox(shape), n), tensor.Box.Empty),
		}
	}
	return state
}

func nested(c content) map[string]any {
	return map[string]any{
		"model": map[string]any{
			"layers": []any{
				map[string]any{"w": c.rows(4, tensor.Float32, 6, 2), "n": object{int64(3), "3"}},
				map[string]any{"w": c.tensor(tensor.Float32, 4)},
			},
			"name": object{"héß 世\U0001f600", `"héß 世😀"`},
		},
		"mixed":                   []any{c.tensor(tensor.Float32, 3), object{int64(5), "5"}, object{"x", `"x"`}, []any{c.tensor(tensor.Float32)}},
		"deep":                    []any{[]any{[]any{c.tensor(tensor.Int8, 2)}, object{[]any{int64(1)}, "[1]"}}},
		"plain":                   object{[]any{int64(1), 2.5, "x"}, `[1, 2.5, "x"]`},
		"empty_list":              object{[]any{}, `[]`},
		"dot.key":                 map[string]any{"x.y": c.tensor(tensor.Float32, 2)},
		"5":                       object{"a number as key", `"a number as key"`},
		"odd\nname\\of\ran entry": c.tensor(tensor.Float32, 1),
		"tab\tand \x1b[31mcolour": c.tensor(tensor.Float32, 1),
		strings.Repeat("k", 300):  c.tensor(tensor.Float32, 1),
		"\U0001f600":              c.tensor(tensor.Float32, 1),
		"\ufffd":                  object{int64(7), "7"},
	}
}
