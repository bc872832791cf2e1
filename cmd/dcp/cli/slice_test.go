package cli

import (
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/godcp/godcp/tensor"
)

func TestParseSlice(t *testing.T) {
	shape := []int64{8, 6, 4}
	box := func(ns ...int64) tensor.Box { return tensor.Box{Offsets: ns[:3], Sizes: ns[3:]} }
	for _, c := range []struct {
		slice string
		want  tensor.Box
		keep  string // of the dimensions
	}{
		{"", box(0, 0, 0, 8, 6, 4), "012"},
		{":", box(0, 0, 0, 8, 6, 4), "012"},
		{"...", box(0, 0, 0, 8, 6, 4), "012"},
		{"2:4", box(2, 0, 0, 2, 6, 4), "012"},
		{"2:4,:3", box(2, 0, 0, 2, 3, 4), "012"},
		{" [ 2:4 , 1 ] ", box(2, 1, 0, 2, 1, 4), "02"},
		{"3", box(3, 0, 0, 1, 6, 4), "12"},
		{"-1", box(7, 0, 0, 1, 6, 4), "12"},
		{"1,2,3", box(1, 2, 3, 1, 1, 1), ""},
		{"...,1", box(0, 0, 1, 8, 6, 1), "01"},
		{"1,...", box(1, 0, 0, 1, 6, 4), "12"},
		{"1,...,-1", box(1, 0, 3, 1, 6, 1), "1"},
		{"1,2,3,...", box(1, 2, 3, 1, 1, 1), ""},
		{"-3:", box(5, 0, 0, 3, 6, 4), "012"},
		{":-3", box(0, 0, 0, 5, 6, 4), "012"},
		{"-100:100", box(0, 0, 0, 8, 6, 4), "012"},
		{"5:2", box(5, 0, 0, 0, 6, 4), "012"},
		{"100:", box(8, 0, 0, 0, 6, 4), "012"},
		{"0:0", box(0, 0, 0, 0, 6, 4), "012"},
		{"[]", box(0, 0, 0, 8, 6, 4), "012"},
	} {
		got, keep, err := parseSlice(c.slice, shape)
		if err != nil {
			t.Errorf("%q: %v", c.slice, err)
			continue
		}
		var kept strings.Builder
		for i, k := range keep {
			if k {
				kept.WriteByte(byte('0' + i))
			}
		}
		if diff := cmp.Diff(c.want, got); diff != "" || kept.String() != c.keep {
			t.Errorf("%q keeps %s: %s", c.slice, kept.String(), diff)
		}
	}
	for _, s := range []string{"::2", "0:8:1", "a", "1:b", "8", "-9", "0,0,0,0", "...,...", ",", "1,", "[1", "1.5", "0x1", "99999999999999999999", "1,2,3,4,..."} {
		if got, _, err := parseSlice(s, shape); err == nil {
			t.Errorf("%q is %v", s, got)
		} else if p := classify(err); p.Class != classUsage || p.Hint == "" {
			t.Errorf("%q: %+v", s, p)
		}
	}
	if _, keep, err := parseSlice("...", nil); err != nil || len(keep) != 0 {
		t.Error(err)
	}
}

func FuzzParseSlice(f *testing.F) {
	for _, s := range []string{"0:8,:,3", "...,-1", "[1]", "::", "-9223372036854775808:", "9223372036854775807"} {
		f.Add(s)
	}
	shape := []int64{8, 6, 4}
	f.Fuzz(func(t *testing.T, s string) {
		if box, _, err := parseSlice(s, shape); err == nil && !box.Within(shape) {
			t.Errorf("%q is %v", s, box)
		}
	})
}

func TestProtectSlices(t *testing.T) {
	got := protectSlices([]string{"cat", "-1", "--json", "-2:,3", "-h", "-x1", "--", "-1"})
	want := []string{"cat", "[-1]", "--json", "[-2:,3]", "-h", "-x1", "--", "-1"}
	if !slices.Equal(got, want) {
		t.Errorf("%q", got)
	}
}
