package tensor

import (
	"bytes"
	"errors"
	"slices"
	"testing"

	"pgregory.net/rapid"
)

func TestCopyAgainstModel(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		d := rapid.SampledFrom([]DType{Uint8, BFloat16, Float32, Float64, Complex128}).Draw(t, "dtype")
		shape := drawShape(t)
		to, from := drawLayout(t, d, shape, false), drawLayout(t, d, shape, true)
		want := slices.Clone(to.Storage)
		model := to
		model.Storage = want
		for _, index := range indices(shape) {
			copy(model.at(index), from.at(index))
		}
		if err := Copy(mustLayout(t, to), mustLayout(t, from)); err != nil {
			t.Fatal(err)
		}
		// The whole storage is compared: nothing between the elements may change.
		if !bytes.Equal(to.Storage, want) {
			t.Fatalf("got  %x\nwant %x", to.Storage, want)
		}
	})
}

// Bigger than a tile in both directions, and not a multiple of it.
func TestCopyTransposed(t *testing.T) {
	for _, d := range []DType{Int8, Int16, Int32, Int64, Complex128} {
		for _, shape := range [][]int64{{tile + 5, 2*tile + 1}, {3, tile + 1, 2, tile * 2}} {
			to := Layout{DType: d, Shape: shape, Strides: ContiguousStrides(shape)}
			n, _ := NumBytes(d, shape)
			to.Storage = make([]byte, n)
			from := to
			from.Storage = make([]byte, n)
			fill(from.Storage, 1)
			from.Strides = make([]int64, len(shape))
			step := int64(1)
			for i := range shape {
				from.Strides[i] = step
				step *= shape[i]
			}
			if err := Copy(mustLayout(t, to), mustLayout(t, from)); err != nil {
				t.Fatal(err)
			}
			if !bytes.Equal(to.Storage, from.logical()) {
				t.Errorf("%v %v: wrong values", d, shape)
			}
		}
	}
}

func TestCopyRefuses(t *testing.T) {
	a, _ := New(Float32, 2, 3)
	for name, pair := range map[string][2]*Tensor{
		"dtype": {a, must(New(Int32, 2, 3))(t)},
		"shape": {a, must(New(Float32, 3, 2))(t)},
		"rank":  {a, must(New(Float32, 6))(t)},
		"expanded destination": {
			mustLayout(t, Layout{DType: Float32, Shape: []int64{2, 3}, Strides: []int64{0, 1}, Storage: make([]byte, 12)}), a,
		},
		"overlapping destination": {
			mustLayout(t, Layout{DType: Float32, Shape: []int64{2, 3}, Strides: []int64{2, 1}, Storage: make([]byte, 20)}), a,
		},
		"neg destination": {
			mustLayout(t, Layout{DType: Float32, Shape: []int64{2, 3}, Strides: []int64{3, 1}, Neg: true, Storage: make([]byte, 24)}), a,
		},
	} {
		if err := Copy(pair[0], pair[1]); err == nil {
			t.Errorf("%s: no error", name)
		}
		if name != "dtype" {
			if err := Convert(pair[0], pair[1]); err == nil {
				t.Errorf("%s: no error from Convert", name)
			}
		}
	}
}

func must(x *Tensor, err error) func(t *testing.T) *Tensor {
	return func(t *testing.T) *Tensor {
		if err != nil {
			t.Helper()
			t.Fatal(err)
		}
		return x
	}
}

// Each dtype's flags against arithmetic on decoded values.
func TestConjAndNeg(t *testing.T) {
	for _, d := range allDTypes {
		for _, flags := range [][2]bool{{false, true}, {true, false}, {true, true}} {
			conj, neg := flags[0], flags[1]
			if conj && !d.IsComplex() || neg && !d.canNeg() {
				continue
			}
			n := int64(256)
			l := Layout{DType: d, Shape: []int64{n}, Strides: []int64{1}, Storage: make([]byte, n*d.Size())}
			fill(l.Storage, 3)
			plain := mustLayout(t, l)
			l.Conj, l.Neg = conj, neg
			x := mustLayout(t, l)
			if _, ok := x.Bytes(); ok || x.Conj() != conj || x.Neg() != neg {
				t.Errorf("%v: Bytes of a view with flags", d)
			}
			y := x.Contiguous()
			if y.Conj() || y.Neg() || !bytes.Equal(logicalOf(t, x), logicalOf(t, y)) {
				t.Errorf("%v: Contiguous and WriteLogical differ", d)
			}
			for i := range n {
				v, _ := plain.At(i)
				lazy, _ := x.At(i)
				done, _ := y.At(i)
				want := signed(d, v, conj, neg)
				if !same(want, lazy) || !same(want, done) {
					t.Fatalf("%v conj %t neg %t of %v: %v and %v, want %v", d, conj, neg, v, lazy, done, want)
				}
			}
		}
	}
}

func signed(d DType, v any, conj, neg bool) any {
	switch v := v.(type) {
	case complex128:
		re, im := real(v), imag(v)
		if conj {
			im = -im
		}
		if neg {
			re, im = -re, -im
		}
		return complex(re, im)
	case float64:
		if v == 0 && (d == Float8E4M3FNUZ || d == Float8E5M2FNUZ) {
			return v
		}
		return -v
	case [2]float64:
		return [2]float64{-v[0], -v[1]}
	case int64:
		shift := 64 - 8*d.Size()
		return -v << shift >> shift
	case uint64:
		shift := 64 - 8*d.Size()
		return -v << shift >> shift
	}
	return v
}

// A writer that fails after some bytes, and one that keeps count of the longest.
type limited struct{ left, longest int }

var errFull = errors.New("full")

func (w *limited) Write(b []byte) (int, error) {
	w.longest = max(w.longest, len(b))
	if w.left -= len(b); w.left < 0 {
		return 0, errFull
	}
	return len(b), nil
}

func TestWriteLogicalIsBounded(t *testing.T) {
	for _, shape := range [][]int64{{1 << 20}, {3, 1 << 18}, {1 << 18, 3}, {7, 100_001}, {1000, 1, 700}} {
		l := Layout{DType: Int64, Shape: shape, Strides: make([]int64, len(shape)), Storage: []byte{1, 2, 3, 4, 5, 6, 7, 8}}
		x := mustLayout(t, l)
		w := &limited{left: int(x.NumBytes())}
		if err := x.WriteLogical(w); err != nil || w.left != 0 || w.longest > blockBytes || w.longest < blockBytes/2 {
			t.Errorf("%v: %v, %d bytes missing, pieces of %d", shape, err, w.left, w.longest)
		}
		if err := x.WriteLogical(&limited{left: blockBytes}); !errors.Is(err, errFull) {
			t.Errorf("%v: %v", shape, err)
		}
		if err := x.EncodeJSON(&limited{left: 1000}); !errors.Is(err, errFull) {
			t.Errorf("%v: %v", shape, err)
		}
		if err := Fprint(&limited{left: 1000}, x, FormatOptions{Full: true}); !errors.Is(err, errFull) {
			t.Errorf("%v: %v", shape, err)
		}
	}
}

// The blocks of a big view, against all of it at once.
func TestWriteLogicalInBlocks(t *testing.T) {
	for _, shape := range [][]int64{{300, 1001}, {5, 100_000}, {100_000, 5}, {2, 3, 50_000, 2}} {
		l := Layout{DType: Float32, Shape: shape, Strides: make([]int64, len(shape))}
		step := int64(1)
		for i := range shape {
			l.Strides[i] = step
			step *= shape[i]
		}
		l.Storage = make([]byte, step*4)
		fill(l.Storage, 7)
		x := mustLayout(t, l)
		want, _ := x.Contiguous().Bytes()
		if !bytes.Equal(logicalOf(t, x), want) {
			t.Errorf("%v: wrong bytes", shape)
		}
	}
}
