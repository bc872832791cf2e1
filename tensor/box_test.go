package tensor

import (
	"fmt"
	"math"
	"testing"

	"pgregory.net/rapid"
)

// cells is the set of elements of a box, by brute force.
func boxCells(b Box) map[string]bool {
	out := map[string]bool{}
	for _, index := range indices(b.Sizes) {
		for i := range index {
			index[i] += b.Offsets[i]
		}
		out[fmt.Sprint(index)] = true
	}
	return out
}

func TestBoxesAgainstSets(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		rank := rapid.IntRange(0, 5).Draw(t, "rank")
		draw := func(name string) Box {
			return Box{
				Offsets: rapid.SliceOfN(rapid.Int64Range(0, 3), rank, rank).Draw(t, name+" offsets"),
				Sizes:   rapid.SliceOfN(rapid.Int64Range(0, 3), rank, rank).Draw(t, name+" sizes"),
			}
		}
		a, b := draw("a"), draw("b")
		inA, inB := boxCells(a), boxCells(b)
		if a.NumElements() != int64(len(inA)) || a.Empty() != (len(inA) == 0) {
			t.Fatalf("%v: %d elements, empty %t; want %d", a, a.NumElements(), a.Empty(), len(inA))
		}
		both := map[string]bool{}
		contained := true
		for c := range inB {
			if inA[c] {
				both[c] = true
			} else {
				contained = false
			}
		}
		got, ok := a.Intersect(b)
		if ok != (len(both) > 0) || ok && fmt.Sprint(boxCells(got)) != fmt.Sprint(both) {
			t.Fatalf("%v and %v meet in %v, %t; want %v", a, b, got, ok, both)
		}
		if a.Contains(b) != contained {
			t.Fatalf("%v contains %v: %t; want %t", a, b, !contained, contained)
		}
		shape := rapid.SliceOfN(rapid.Int64Range(0, 6), rank, rank).Draw(t, "shape")
		within := true
		for i := range shape {
			within = within && a.Offsets[i]+a.Sizes[i] <= shape[i]
		}
		if a.Within(shape) != within {
			t.Fatalf("%v within %v: %t; want %t", a, shape, !within, within)
		}
	})
}

func TestBoxWithin(t *testing.T) {
	for _, c := range []struct {
		box   Box
		shape []int64
		want  bool
	}{
		{Box{}, nil, true},
		{Box{}, []int64{1}, false},
		{Box{[]int64{4}, []int64{0}}, []int64{4}, true},
		{Box{[]int64{5}, []int64{0}}, []int64{4}, false},
		{Box{[]int64{0}, []int64{4}}, []int64{4}, true},
		{Box{[]int64{1}, []int64{4}}, []int64{4}, false},
		{Box{[]int64{-1}, []int64{2}}, []int64{4}, false},
		{Box{[]int64{1}, []int64{-1}}, []int64{4}, false},
		{Box{[]int64{0}, []int64{0}}, []int64{-1}, false},
		{Box{[]int64{1}, []int64{0}}, []int64{math.MinInt64}, false},
		{Box{[]int64{math.MaxInt64}, []int64{math.MaxInt64}}, []int64{4}, false},
		{Box{[]int64{math.MaxInt64}, []int64{1}}, []int64{math.MaxInt64}, false},
		{Box{[]int64{0, 0}, []int64{1}}, []int64{4}, false},
		{Box{[]int64{0}, []int64{1, 1}}, []int64{4}, false},
	} {
		if got := c.box.Within(c.shape); got != c.want {
			t.Errorf("%v within %v: %t", c.box, c.shape, got)
		}
	}
}

func TestBoxesWithImpossibleNumbers(t *testing.T) {
	huge := Box{[]int64{math.MinInt64}, []int64{math.MaxInt64}}
	far := Box{[]int64{math.MaxInt64}, []int64{math.MaxInt64}}
	negative := Box{[]int64{2}, []int64{-1}}
	ragged := Box{[]int64{1, 2}, []int64{1}}
	wide := Box{[]int64{0, 0}, []int64{math.MaxInt64, math.MaxInt64}}
	for _, a := range []Box{huge, far, negative, ragged, wide} {
		for _, b := range []Box{huge, far, negative, ragged, wide} {
			got, ok := a.Intersect(b)
			if ok && got.Empty() {
				t.Errorf("%v and %v meet in the empty %v", a, b, got)
			}
			if !ok && a.Contains(b) && b.Offsets[0] < b.end(0) {
				t.Errorf("%v contains %v, but they do not meet", a, b)
			}
		}
		if a.Within([]int64{5}) {
			t.Errorf("%v is within", a)
		}
	}
	if n := wide.NumElements(); n != math.MaxInt64 {
		t.Errorf("wide holds %d", n)
	}
	if n := negative.NumElements(); n != 0 || !negative.Empty() {
		t.Errorf("negative holds %d", n)
	}
	for want, b := range map[string]Box{
		"[]": {}, "[invalid]": ragged, "[2:2]": negative,
		"[0:2, 4:8]": {[]int64{0, 4}, []int64{2, 4}},
	} {
		if got := b.String(); got != want {
			t.Errorf("String is %s, want %s", got, want)
		}
	}
	if !wide.Equal(FullBox(wide.Sizes)) || wide.Equal(huge) || (Box{[]int64{1}, []int64{0}}).Equal(Box{[]int64{2}, []int64{0}}) {
		t.Error("Equal")
	}
}
