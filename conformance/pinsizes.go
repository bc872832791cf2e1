package conformance

import (
	"fmt"

	"github.com/godcp/godcp/fsbase"
)

// The checks here pin large streams: a storage that fetches these in parts pins
// each part on its own, or forgets to.
var pinSizeChecks = []Check{
	{
		ID: "pin/large", Clauses: []string{"R2"}, Level: Must, Profile: Atomic,
		Doc: "A reader of a large stream that was replaced or removed gets that version or ErrChanged, at every offset.",
		run: checkPinLarge,
	},
	{
		ID: "ranged/pin-large", Clauses: []string{"C6", "C4"}, Level: Must, Profile: Ranged, Needs: []Capability{RangeReader},
		Doc: "A pin of a large stream that was replaced is ErrChanged for ranges of every offset and length.",
		run: checkRangePinLarge,
	},
	{
		ID: "ranged/race-large", Clauses: []string{"C6"}, Level: Must, Profile: Ranged, Needs: []Capability{RangeReader},
		Doc: "While a large stream is overwritten, all ranges of one call are from the version that its Info tells.",
		run: func(t *trial) { t.rangeRace(6, t.largeSize()-1, t.largeSize()) },
	},
}

func checkPinLarge(t *trial) {
	n := t.largeSize()
	whole := content(1, n)
	for i, change := range []func(p string){
		func(p string) { t.put(p, content(2, n)) }, // the same size: only the bytes tell
		func(p string) { t.put(p, content(3, n/2)) },
		func(p string) { t.remove(p) },
	} {
		p := t.path(fmt.Sprintf("dir-%d/a", i))
		info := t.put(p, whole)
		fresh, used := t.open(p), t.open(p)
		t.readPinned(used, p, whole, 0)
		change(p)
		for _, r := range []fsbase.ReadStream{fresh, used} {
			t.wantInfo("R2", "the reader", r.Info(), info)
			for _, off := range edgesOf(n) {
				t.readPinned(r, p, whole, int64(off))
			}
			r.Close()
		}
	}
}

// edgesOf are offsets within n bytes at which parts and buffers begin: 0, the
// powers of two from a block up, and multiples of 5 MiB.
func edgesOf(n int) []int {
	edges := []int{0}
	for e := 4096; e < n; e *= 2 {
		edges = append(edges, e)
	}
	for e := 5 << 20; e < n; e += 5 << 20 {
		edges = append(edges, e)
	}
	return append(edges, n-1)
}

func checkRangePinLarge(t *trial) {
	n := t.largeSize()
	p := t.path("a")
	stale := t.put(p, content(1, n)).Version
	whole := content(2, n)
	current := t.put(p, whole).Version
	for _, off := range edgesOf(n) {
		for _, length := range []int{1, 100_000, n} {
			length = min(length, n-off)
			dst := make([]byte, length)
			_, err := as[fsbase.RangeReader](t).ReadRanges(t.ctx, p, stale, []fsbase.Range{{Offset: int64(off), Dst: dst}})
			t.wantIs("C6", err, fmt.Sprintf("ReadRanges of %d bytes at %d of %q pinned to a version that was replaced", length, off, p), fsbase.ErrChanged)
			t.readRanges(p, current, whole, [2]int{off, length})
		}
	}
}
