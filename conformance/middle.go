package conformance

import (
	"fmt"
	"slices"
)

// The checks here are for what changes between a large stream and a huge one.
var middleChecks = []Check{
	{
		ID: "sizes/middle", Clauses: []string{"W1", "W11", "C2", "C3", "C5", "C9"}, Level: Must, Profile: Core,
		Doc: "Streams of 17 and 33 MiB, or of Limits.HugeSize where that is less, come back as they were in every way to publish, or are refused by their condition.",
		run: func(t *trial) {
			for _, n := range t.middleSizes() {
				t.middle(n)
			}
		},
	},
	{
		ID: "ranged/middle", Clauses: []string{"C6"}, Level: Must, Profile: Ranged, Needs: []Capability{RangeReader},
		Doc: "ReadRanges of a stream of 33 MiB, or of Limits.HugeSize where that is less, is right behind 16 MiB, across that, and at odd offsets.",
		run: func(t *trial) {
			n := slices.Max(t.middleSizes())
			p, whole := t.path("a"), content(1, n)
			version := t.put(p, whole).Version
			var spans [][2]int
			for _, e := range append(edgesOf(n), n-70_000) {
				for _, s := range [][2]int{{e - 9, 9}, {e, 9}, {e - 5, 9}, {e - 30_001, 60_003}} {
					if s[0] >= 0 && s[0]+s[1] <= n {
						spans = append(spans, s)
					}
				}
			}
			t.readRanges(p, version, whole, spans...)
			slices.Reverse(spans)
			t.readRanges(p, "", whole, spans...)
			t.readRanges(p, "", whole, [2]int{n / 3, n - n/3})
			spans = spans[:0] // many that are more than any one request, and do not end with one
			for off := 0; off < n; off += 700_001 {
				spans = append(spans, [2]int{off, min(700_001, n-off)})
			}
			t.readRanges(p, version, whole, spans...)
		},
	},
}

// middleSizes are between a large stream and a huge one.
func (t *trial) middleSizes() []int {
	h := int(t.hugeSize())
	return slices.Compact([]int{min(17<<20, h), min(33<<20, h)})
}

// middle publishes n bytes in every way. They are made once, and the source of
// Copies is written once.
func (t *trial) middle(n int) {
	data, from := content(uint64(n), n), t.path("copied")
	t.put(from, data)
	for _, w := range t.ways() {
		p := t.path("a")
		begin := w.begin
		if w.clause == "C9" {
			begin = copyOf(from)
		}
		publish := begin(t, p, data)
		if w.cond != "" {
			t.refused(w, p, n, publish)
		}
		cond, _ := t.clear(w, p, nil)
		info, err := publish(t, cond)
		what := fmt.Sprintf("%s of %d bytes to %q", w.what, n, p)
		if err != nil {
			t.errorf(w.clause, "%s: %v", what, err)
			continue
		}
		t.wantContent(w.clause, p, data)
		if info.Size != int64(n) {
			t.errorf("W11", "%s tells the size %d", what, info.Size)
		}
		t.wantInfo("W11", "OpenStream", t.info(p), info)
	}
}
