package fsbase_test

import (
	"bytes"
	"math"
	"testing"

	"github.com/google/go-cmp/cmp"
	"pgregory.net/rapid"

	"github.com/godcp/godcp/fsbase"
)

func TestMergeRanges(t *testing.T) {
	type run struct {
		Offset, End int64
		Lengths     []int
	}
	for _, tt := range []struct {
		name  string
		spans [][2]int // offset, length
		want  []run
	}{
		{"none", nil, nil},
		{"empty", [][2]int{{5, 0}}, nil},
		{"adjacent, in any order", [][2]int{{20, 5}, {10, 10}}, []run{{10, 25, []int{10, 5}}}},
		{"the gap", [][2]int{{0, 1}, {11, 1}}, []run{{0, 12, []int{1, 10, 1}}}},
		{"above the gap", [][2]int{{0, 1}, {12, 1}}, []run{{0, 1, []int{1}}, {12, 13, []int{1}}}},
		{"the limit", [][2]int{{0, 50}, {50, 50}, {100, 1}}, []run{{0, 100, []int{50, 50}}, {100, 101, []int{1}}}},
		{"one above the limit", [][2]int{{0, 300}}, []run{{0, 300, []int{300}}}},
		{"overlapping", [][2]int{{0, 10}, {5, 10}}, []run{{0, 10, []int{10}}, {5, 15, []int{10}}}},
		{"the last byte that there may be", [][2]int{{0, 1}, {math.MaxInt64 - 1, 1}}, []run{{0, 1, []int{1}}, {math.MaxInt64 - 1, math.MaxInt64, []int{1}}}},
	} {
		t.Run(tt.name, func(t *testing.T) {
			var ranges []fsbase.Range
			for _, s := range tt.spans {
				ranges = append(ranges, fsbase.Range{Offset: int64(s[0]), Dst: make([]byte, s[1])})
			}
			var got []run
			for _, r := range fsbase.MergeRanges(ranges, 10, 100) {
				lengths := []int{}
				for _, dst := range r.Dst {
					lengths = append(lengths, len(dst))
				}
				got = append(got, run{r.Offset, r.End, lengths})
			}
			if diff := cmp.Diff(tt.want, got); diff != "" {
				t.Errorf("-want +got:\n%s", diff)
			}
		})
	}
}

// Runs cover exactly the bytes of their ranges, each into its place.
func TestMergedRangesFill(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		data := make([]byte, 2000)
		for i := range data {
			data[i] = byte(i * i / 7)
		}
		var ranges []fsbase.Range
		for range rapid.IntRange(0, 10).Draw(t, "ranges") {
			off := rapid.IntRange(0, len(data)).Draw(t, "offset")
			n := rapid.IntRange(0, len(data)-off).Draw(t, "length")
			ranges = append(ranges, fsbase.Range{Offset: int64(off), Dst: make([]byte, n)})
		}
		gap := rapid.Int64Range(0, 500).Draw(t, "gap")
		for _, r := range fsbase.MergeRanges(ranges, gap, rapid.Int64Range(1, 3000).Draw(t, "limit")) {
			at := r.Offset
			for _, dst := range r.Dst {
				at += int64(copy(dst, data[at:]))
			}
			if at != r.End {
				t.Fatalf("a run from %d to %d has memory up to %d", r.Offset, r.End, at)
			}
		}
		for _, g := range ranges {
			if !bytes.Equal(g.Dst, data[g.Offset:][:len(g.Dst)]) {
				t.Fatalf("%d bytes at %d are others", len(g.Dst), g.Offset)
			}
		}
	})
}
