package tensor

import (
	"bytes"
	"errors"
	"math"
	"slices"
	"testing"

	"github.com/google/go-cmp/cmp"
	"pgregory.net/rapid"
)

func mustLayout(t interface{ Fatal(...any) }, l Layout) *Tensor {
	x, err := FromLayout(l)
	if err != nil {
		t.Fatal(err)
	}
	return x
}

func logicalOf(t interface{ Fatal(...any) }, x *Tensor) []byte {
	var out bytes.Buffer
	if err := x.WriteLogical(&out); err != nil {
		t.Fatal(err)
	}
	return out.Bytes()
}

func TestViewsAgainstModel(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		d := rapid.SampledFrom(allDTypes).Draw(t, "dtype")
		l := drawLayout(t, d, drawShape(t), true)
		x := mustLayout(t, l)
		want := l.logical()
		if !bytes.Equal(logicalOf(t, x), want) {
			t.Fatal("WriteLogical")
		}
		if b, ok := x.Bytes(); ok && !bytes.Equal(b, want) || ok != x.IsContiguous() {
			t.Fatal("Bytes")
		}
		if b, ok := x.Contiguous().Bytes(); !ok || !bytes.Equal(b, want) {
			t.Fatal("Contiguous")
		}
		if x.NumBytes() != int64(len(want)) || x.NumElements()*d.Size() != x.NumBytes() || x.Rank() != len(l.Shape) {
			t.Fatal("counts")
		}

		box := drawBox(t, l.Shape)
		sub, err := x.Sub(box)
		if err != nil {
			t.Fatal(err)
		}
		part := l
		part.Shape = box.Sizes
		for i, off := range box.Offsets {
			part.StorageOffset += off * l.Strides[i]
		}
		if !bytes.Equal(logicalOf(t, sub), part.logical()) {
			t.Fatal("Sub")
		}
		if diff := cmp.Diff(box.Sizes, sub.Shape()); diff != "" {
			t.Fatal(diff)
		}
		// Narrowing every dimension in turn is the same as one Sub.
		narrow := x
		for dim := range box.Sizes {
			if narrow, err = narrow.Narrow(dim, box.Offsets[dim], box.Sizes[dim]); err != nil {
				t.Fatal(err)
			}
		}
		if !bytes.Equal(logicalOf(t, narrow), part.logical()) {
			t.Fatal("Narrow")
		}
	})
}

func TestSubOutside(t *testing.T) {
	x, err := New(Float32, 4, 5)
	if err != nil {
		t.Fatal(err)
	}
	for _, box := range []Box{
		{},
		{[]int64{0}, []int64{4}},
		{[]int64{0, 0}, []int64{4, 6}},
		{[]int64{-1, 0}, []int64{2, 2}},
		{[]int64{0, 1}, []int64{4, math.MaxInt64}},
	} {
		if _, err := x.Sub(box); err == nil {
			t.Errorf("Sub(%v) of a 4x5 tensor", box)
		}
	}
	for _, dim := range []int{-1, 2} {
		if _, err := x.Narrow(dim, 0, 1); err == nil {
			t.Errorf("Narrow(%d)", dim)
		}
	}
	if _, err := x.Narrow(0, 3, 2); err == nil {
		t.Error("Narrow beyond the end")
	}
}

func TestSubSharesMemory(t *testing.T) {
	data := []int32{0, 1, 2, 3, 4, 5}
	x, err := FromSlice(data, 3, 2)
	if err != nil {
		t.Fatal(err)
	}
	rows, err := x.Narrow(0, 1, 2)
	if err != nil {
		t.Fatal(err)
	}
	got, err := Data[int32](rows)
	if err != nil {
		t.Fatal(err)
	}
	data[2] = 20
	got[3] = 50
	if diff := cmp.Diff([]int32{20, 3, 4, 50}, got); diff != "" || data[5] != 50 {
		t.Error(diff, data)
	}
	if cap(got) != 4 {
		t.Errorf("append would reach beyond the view: cap %d", cap(got))
	}
	first, err := x.Narrow(0, 0, 1)
	if err != nil {
		t.Fatal(err)
	}
	if b, ok := first.Bytes(); !ok || len(b) != 8 || cap(b) != 8 {
		t.Errorf("append would reach beyond the view: len %d, cap %d", len(b), cap(b))
	}
	shape := x.Shape()
	shape[0] = 99
	if x.Shape()[0] != 3 {
		t.Error("Shape hands out the header's own memory")
	}
}

func TestFromLayoutRefuses(t *testing.T) {
	storage := make([]byte, 64) // 16 float32
	ok := Layout{DType: Float32, Shape: []int64{2, 3}, Strides: []int64{3, 1}, Storage: storage}
	mustLayout(t, ok)
	last := ok
	last.StorageOffset = 10
	mustLayout(t, last)
	for name, change := range map[string]func(*Layout){
		"one element too far":   func(l *Layout) { l.StorageOffset = 11 },
		"negative offset":       func(l *Layout) { l.StorageOffset = -1 },
		"offset overflows":      func(l *Layout) { l.StorageOffset = math.MaxInt64 },
		"negative stride":       func(l *Layout) { l.Strides = []int64{3, -1} },
		"stride overflows":      func(l *Layout) { l.Strides = []int64{math.MaxInt64, 1}; l.Shape = []int64{3, 2} },
		"sum overflows":         func(l *Layout) { l.Strides = []int64{math.MaxInt64, math.MaxInt64}; l.Shape = []int64{2, 2} },
		"missing stride":        func(l *Layout) { l.Strides = l.Strides[:1] },
		"negative size":         func(l *Layout) { l.Shape = []int64{-2, 3} },
		"two negative sizes":    func(l *Layout) { l.Shape = []int64{-2, -3} },
		"invalid dtype":         func(l *Layout) { l.DType = Invalid },
		"unknown dtype":         func(l *Layout) { l.DType = 250 },
		"expanded too far":      func(l *Layout) { l.Shape = []int64{1 << 40, 1 << 40}; l.Strides = []int64{0, 0} },
		"bytes overflow":        func(l *Layout) { l.Shape = []int64{1 << 31, 1 << 31}; l.Strides = []int64{0, 0} },
		"conj of a real":        func(l *Layout) { l.Conj = true },
		"neg of bool":           func(l *Layout) { l.DType, l.Neg = Bool, true },
		"neg of e8m0":           func(l *Layout) { l.DType, l.Neg = Float8E8M0FNU, true },
		"neg of quantized":      func(l *Layout) { l.DType, l.Neg = QInt8, true },
		"neg of bits":           func(l *Layout) { l.DType, l.Neg = Bits16, true },
		"empty storage":         func(l *Layout) { l.Storage = nil },
		"too many dimensions":   func(l *Layout) { l.Shape = slices.Repeat([]int64{1}, 65); l.Strides = l.Shape },
		"storage of no element": func(l *Layout) { l.Storage = storage[:3] },
	} {
		l := ok
		change(&l)
		if x, err := FromLayout(l); err == nil {
			t.Errorf("%s: got %v %v", name, x.Shape(), x.Strides())
		}
	}
}

func TestTensorsWithoutElements(t *testing.T) {
	l := Layout{DType: Complex64, Shape: []int64{1 << 40, 0, 1 << 40}, Strides: []int64{7, 1 << 62, 1 << 62}, StorageOffset: 1 << 62, Conj: true, Neg: true}
	x := mustLayout(t, l)
	y, err := New(Complex64, l.Shape...)
	if err != nil {
		t.Fatal(err)
	}
	z, err := New(Float32, l.Shape...)
	if err != nil {
		t.Fatal(err)
	}
	if err := errors.Join(Copy(y, x), Copy(x, y), Convert(z, x)); err != nil {
		t.Error(err)
	}
	if b, ok := x.Bytes(); !ok || len(b) != 0 || len(logicalOf(t, x)) != 0 {
		t.Error("has bytes")
	}
	sub, err := x.Sub(Box{[]int64{1 << 39, 0, 5}, []int64{3, 0, 3}})
	if err != nil || sub.NumElements() != 0 {
		t.Error(sub, err)
	}
	if v, err := x.At(0, 0, 0); err == nil {
		t.Error(v)
	}
	if v, err := Data[complex64](x); err != nil || len(v) != 0 {
		t.Error(v, err)
	}
	var out bytes.Buffer
	if err := errors.Join(Fprint(&out, x, FormatOptions{}), x.EncodeJSON(&out)); err != nil || out.String() != "[][]" {
		t.Error(out.String(), err)
	}
	// Slicing a conj view down to nothing must not leave a flag that stops Copy.
	c := mustLayout(t, Layout{DType: Complex64, Shape: []int64{2}, Strides: []int64{1}, Conj: true, Storage: make([]byte, 16)})
	if none, err := c.Narrow(0, 2, 0); err != nil || none.Conj() || Copy(none, none) != nil {
		t.Error(none, err)
	}
}

func TestScalars(t *testing.T) {
	x, err := FromSlice([]float64{2.5})
	if err != nil {
		t.Fatal(err)
	}
	if v, err := x.At(); err != nil || v != 2.5 || x.Rank() != 0 || x.NumElements() != 1 || !x.IsContiguous() {
		t.Error(v, err)
	}
	if y, err := x.Sub(Box{}); err != nil || y.NumElements() != 1 {
		t.Error(y, err)
	}
	if _, err := x.At(0); err == nil {
		t.Error("an index into a scalar")
	}
}

func TestHugeAllocationsAreErrors(t *testing.T) {
	if x, err := New(Uint8, 1<<62); err == nil {
		t.Error(x.Shape())
	}
	if x, err := New(Float64, 1<<60, 4); err == nil {
		t.Error(x.Shape())
	}
	if x, err := New(Invalid, 1); err == nil {
		t.Error(x.Shape())
	}
}
