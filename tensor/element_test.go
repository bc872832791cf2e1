package tensor

import (
	"bytes"
	"math"
	"testing"
	"unsafe"

	"github.com/google/go-cmp/cmp"
)

func roundTrip[T Element](t *testing.T, d DType, data ...T) {
	t.Helper()
	x, err := FromSlice(data, int64(len(data)))
	if err != nil {
		t.Fatal(err)
	}
	if x.DType() != d || x.NumBytes() != int64(len(data))*int64(unsafe.Sizeof(data[0])) {
		t.Errorf("%T: dtype %v, %d bytes", data, x.DType(), x.NumBytes())
	}
	got, err := Data[T](x)
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(data, got); diff != "" || &got[0] != &data[0] {
		t.Errorf("%T: %s", data, diff)
	}
	none, err := Data[T](must(New(d, 0))(t))
	if err != nil || len(none) != 0 {
		t.Error(none, err)
	}
}

func TestTypedViews(t *testing.T) {
	roundTrip(t, Float64, 1.5, -2)
	roundTrip[float32](t, Float32, 1.5, -2)
	roundTrip(t, Float16, NewF16(1), F16(0xfc00))
	roundTrip(t, BFloat16, NewBF16(1), BF16(0xff80))
	roundTrip[int64](t, Int64, 1, -2)
	roundTrip[int32](t, Int32, 1, -2)
	roundTrip[int16](t, Int16, 1, -2)
	roundTrip[int8](t, Int8, 1, -2)
	roundTrip[uint8](t, Uint8, 1, 200)
	roundTrip[uint16](t, Uint16, 1, 2)
	roundTrip[uint32](t, Uint32, 1, 2)
	roundTrip[uint64](t, Uint64, 1, 2)
	roundTrip(t, Bool, true, false)
	roundTrip(t, Complex128, 1+2i, 3)
	roundTrip[complex64](t, Complex64, 1+2i, 3)
}

func TestTypedViewsRefuse(t *testing.T) {
	x := must(New(Float32, 2, 2))(t)
	if _, err := Data[int32](x); err == nil {
		t.Error("float32 as int32")
	}
	column, err := x.Narrow(1, 0, 1)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := Data[float32](column); err == nil {
		t.Error("a column as a slice")
	}
	words := make([]uint64, 2)
	memory := unsafe.Slice((*byte)(unsafe.Pointer(&words[0])), 16)
	if _, err := Data[float32](must(FromBytes(Float32, []int64{1}, memory[1:5]))(t)); err == nil {
		t.Error("misaligned float32")
	}
	if _, err := Data[float32](must(FromBytes(Float32, []int64{1}, memory[4:8]))(t)); err != nil {
		t.Error(err)
	}
	if _, err := Data[bool](must(FromBytes(Bool, []int64{3}, []byte{0, 1, 2}))(t)); err == nil {
		t.Error("a bool that is 2")
	}
	if _, err := FromSlice([]int8{1, 2, 3}, 2); err == nil {
		t.Error("3 values of shape 2")
	}
	if _, err := FromSlice([]int8{1}, -1, -1); err == nil {
		t.Error("negative shape")
	}
	for _, n := range []int{3, 5} {
		if _, err := FromBytes(Float32, []int64{1}, make([]byte, n)); err == nil {
			t.Errorf("%d bytes as one float32", n)
		}
	}
}

// New's memory can be seen as any type, whatever its length.
func TestNewIsAligned(t *testing.T) {
	for n := range int64(40) {
		if _, err := Data[complex128](must(New(Complex128, n))(t)); err != nil {
			t.Error(err)
		}
		if b, _ := must(New(Uint8, n))(t).Bytes(); int64(len(b)) != n || n > 0 && uintptr(unsafe.Pointer(&b[0]))%8 != 0 {
			t.Errorf("%d bytes at %p", n, b)
		}
	}
}

func TestHalfMethods(t *testing.T) {
	if v := NewF16(1e6).Float32(); !math.IsInf(float64(v), 1) {
		t.Error(v)
	}
	if v := NewBF16(1e6).Float32(); v != 999424 {
		t.Error(v)
	}
}

func TestAtOutside(t *testing.T) {
	x := must(New(Int8, 2, 3))(t)
	for _, index := range [][]int64{{}, {0}, {0, 0, 0}, {2, 0}, {0, 3}, {-1, 0}, {math.MaxInt64, 0}} {
		if v, err := x.At(index...); err == nil {
			t.Errorf("At(%v) = %v", index, v)
		}
	}
	if v, err := new(Tensor).At(); err == nil {
		t.Error(v)
	}
}

func TestSwapBytes(t *testing.T) {
	in := []byte{1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15, 16, 17}
	for d, want := range map[DType][]byte{
		Uint8:      in,
		Float8E5M2: in,
		Bits16:     {2, 1, 4, 3, 6, 5, 8, 7, 10, 9, 12, 11, 14, 13, 16, 15, 17},
		Complex32:  {2, 1, 4, 3, 6, 5, 8, 7, 10, 9, 12, 11, 14, 13, 16, 15, 17},
		Complex64:  {4, 3, 2, 1, 8, 7, 6, 5, 12, 11, 10, 9, 16, 15, 14, 13, 17},
		Int64:      {8, 7, 6, 5, 4, 3, 2, 1, 16, 15, 14, 13, 12, 11, 10, 9, 17},
		Complex128: {8, 7, 6, 5, 4, 3, 2, 1, 16, 15, 14, 13, 12, 11, 10, 9, 17},
		QInt32:     {4, 3, 2, 1, 8, 7, 6, 5, 12, 11, 10, 9, 16, 15, 14, 13, 17},
		Invalid:    in,
	} {
		got := bytes.Clone(in)
		SwapBytes(d, got)
		if !bytes.Equal(got, want) {
			t.Errorf("%v: %v, want %v", d, got, want)
		}
	}
}
