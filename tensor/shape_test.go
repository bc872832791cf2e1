package tensor

import (
	"math"
	"math/big"
	"testing"

	"github.com/google/go-cmp/cmp"
	"pgregory.net/rapid"
)

func TestNumElements(t *testing.T) {
	for _, c := range []struct {
		shape []int64
		n     int64
		ok    bool
	}{
		{nil, 1, true},
		{[]int64{0}, 0, true},
		{[]int64{2, 3}, 6, true},
		{[]int64{1 << 40, 0, 1 << 40}, 0, true},
		{[]int64{1 << 40, 1 << 40, 0}, 0, true},
		{[]int64{0, -1}, 0, false},
		{[]int64{-1}, 0, false},
		{[]int64{math.MinInt64, math.MinInt64}, 0, false},
		{[]int64{1 << 32, 1 << 31}, 0, false},
		{[]int64{1 << 32, 1 << 32}, 0, false},
		{[]int64{1 << 31, 1 << 31}, 1 << 62, true},
		{[]int64{math.MaxInt64, 1}, math.MaxInt64, true},
	} {
		if n, ok := NumElements(c.shape); n != c.n || ok != c.ok {
			t.Errorf("NumElements(%v) = %d, %t; want %d, %t", c.shape, n, ok, c.n, c.ok)
		}
	}
}

func TestNumElementsAgainstBigIntegers(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		shape := rapid.SliceOfN(rapid.Int64Range(0, 1<<20), 0, 6).Draw(t, "shape")
		d := rapid.SampledFrom(allDTypes).Draw(t, "dtype")
		want := big.NewInt(1)
		for _, size := range shape {
			want.Mul(want, big.NewInt(size))
		}
		if n, ok := NumElements(shape); ok != want.IsInt64() || ok && n != want.Int64() {
			t.Fatalf("elements: %d, %t; want %v", n, ok, want)
		}
		want.Mul(want, big.NewInt(d.Size()))
		if n, ok := NumBytes(d, shape); ok != want.IsInt64() || ok && n != want.Int64() {
			t.Fatalf("bytes: %d, %t; want %v", n, ok, want)
		}
	})
	if _, ok := NumBytes(Invalid, nil); ok {
		t.Error("an invalid dtype has a size")
	}
}

func TestContiguousStrides(t *testing.T) {
	for _, c := range []struct{ shape, want []int64 }{
		{nil, []int64{}},
		{[]int64{5}, []int64{1}},
		{[]int64{2, 3, 4}, []int64{12, 4, 1}},
		{[]int64{2, 0, 4}, []int64{4, 4, 1}},
		{[]int64{9, 1 << 40, 1 << 40}, []int64{math.MaxInt64, 1 << 40, 1}},
	} {
		if diff := cmp.Diff(c.want, ContiguousStrides(c.shape)); diff != "" {
			t.Errorf("%v: %s", c.shape, diff)
		}
	}
}
