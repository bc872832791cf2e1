package tensor

import (
	"fmt"
	"io"
	"testing"
)

// BenchmarkCopy moves the same bytes as whole rows, as a slice of columns, as
// single columns and transposed.
func BenchmarkCopy(b *testing.B) {
	const n = 2048
	for _, d := range []DType{BFloat16, Float32, Float64} {
		whole, err := New(d, n, n)
		if err != nil {
			b.Fatal(err)
		}
		memory, _ := whole.Bytes()
		fill(memory, 0) // untouched pages would all be one
		sub := func(box Box) *Tensor { return whole.sub(box) }
		turned, err := FromLayout(Layout{DType: d, Shape: []int64{n, n}, Strides: []int64{1, n}, Storage: memory})
		if err != nil {
			b.Fatal(err)
		}
		for name, src := range map[string]*Tensor{
			"rows":      sub(Box{[]int64{n / 4, 0}, []int64{n / 2, n}}),
			"columns":   sub(Box{[]int64{0, n / 4}, []int64{n, n / 2}}),
			"onecolumn": sub(Box{[]int64{0, 3}, []int64{n, 1}}),
			"transpose": turned,
		} {
			dst, err := New(d, src.Shape()...)
			if err != nil {
				b.Fatal(err)
			}
			b.Run(fmt.Sprintf("%s/%v", name, d), func(b *testing.B) {
				b.SetBytes(src.NumBytes())
				for b.Loop() {
					if err := Copy(dst, src); err != nil {
						b.Fatal(err)
					}
				}
			})
		}
	}
}

func BenchmarkConvert(b *testing.B) {
	for _, pair := range [][2]DType{{Float32, BFloat16}, {BFloat16, Float32}, {Float32, Float16}, {Float16, Float32}, {Float64, Float32}, {Float32, Float8E4M3FN}} {
		src, err := New(pair[0], 1<<20)
		if err != nil {
			b.Fatal(err)
		}
		dst, err := New(pair[1], 1<<20)
		if err != nil {
			b.Fatal(err)
		}
		memory, _ := src.Bytes()
		fill(memory, 0)
		b.Run(fmt.Sprintf("%v/%v", pair[0], pair[1]), func(b *testing.B) {
			b.SetBytes(src.NumBytes())
			for b.Loop() {
				if err := Convert(dst, src); err != nil {
					b.Fatal(err)
				}
			}
		})
	}
}

func BenchmarkWriteLogicalTransposed(b *testing.B) {
	const n = 2048
	memory := make([]byte, n*n*4)
	fill(memory, 0)
	x, err := FromLayout(Layout{DType: Float32, Shape: []int64{n, n}, Strides: []int64{1, n}, Storage: memory})
	if err != nil {
		b.Fatal(err)
	}
	b.SetBytes(x.NumBytes())
	for b.Loop() {
		if err := x.WriteLogical(io.Discard); err != nil {
			b.Fatal(err)
		}
	}
}
