package conformance

import (
	"bytes"
	"errors"
	"fmt"
	"io/fs"

	"github.com/godcp/godcp/fsbase"
)

var rangedChecks = []Check{
	{
		ID: "ranged/fills", Clauses: []string{"C6"}, Level: Must, Profile: Ranged, Needs: []Capability{RangeReader},
		Doc: "ReadRanges fills every Dst: unsorted, overlapping, empty, whole, none at all, two thousand, and writes nothing behind one.",
		run: func(t *trial) { t.rangesOf(70_001) },
	},
	{
		ID: "ranged/large", Clauses: []string{"C6"}, Level: Must, Profile: Ranged, Needs: []Capability{RangeReader},
		Doc: "The same of a large stream, with ranges over the sizes of common parts.",
		run: func(t *trial) { t.rangesOf(t.largeSize()) },
	},
	{
		ID: "ranged/past-end", Clauses: []string{"C6"}, Level: Must, Profile: Ranged, Needs: []Capability{RangeReader},
		Doc: "A range that is not wholly inside the stream is an error.",
		run: checkRangePastEnd,
	},
	{
		ID: "ranged/pin", Clauses: []string{"C6", "C4"}, Level: Must, Profile: Ranged, Needs: []Capability{RangeReader},
		Doc: "A pin that is not the current version is ErrChanged, the current one is read.",
		run: checkRangePin,
	},
	{
		ID: "ranged/absent", Clauses: []string{"C6", "R1"}, Level: Must, Profile: Ranged, Needs: []Capability{RangeReader},
		Doc: "ReadRanges of an absent name or a folder is fs.ErrNotExist.",
		run: func(t *trial) {
			t.put(t.path("dir/a"), []byte("x"))
			for _, name := range []string{"absent", "dir", "dir/a/below"} {
				for _, ranges := range [][]fsbase.Range{nil, {{Dst: make([]byte, 1)}}} {
					p := t.path(name)
					_, err := as[fsbase.RangeReader](t).ReadRanges(t.ctx, p, "", ranges)
					t.wantNotExist("R1", err, "ReadRanges of %d ranges of %q, which is no stream", len(ranges), p)
				}
			}
		},
	},
	{
		ID: "ranged/race", Clauses: []string{"C6"}, Level: Must, Profile: Ranged, Needs: []Capability{RangeReader},
		Doc: "While a stream is overwritten, all ranges of one call are from the version that its Info tells.",
		run: func(t *trial) {
			t.rangeRace(t.env.limits.Rounds, 50_000, 50_001)
			t.rangeRace(t.env.limits.Rounds, 50_000, 50_000)
		},
	},
	{
		ID: "ranged/cancelled", Clauses: []string{"O5"}, Level: Must, Profile: Ranged, Needs: []Capability{RangeReader},
		Doc: "ReadRanges under a done context fails with the context's error.",
		run: func(t *trial) {
			p := t.path("a")
			t.put(p, content(1, 100))
			t.wantCancelled("ReadRanges", func(t *trial) error {
				_, err := as[fsbase.RangeReader](t).ReadRanges(t.ctx, p, "", []fsbase.Range{{Dst: make([]byte, 10)}})
				return err
			})
		},
	},
}

// readRanges reads spans of {offset, length} and demands their bytes and
// nothing behind them.
func (t *trial) readRanges(p string, pin fsbase.Version, whole []byte, spans ...[2]int) fsbase.Info {
	ranges := make([]fsbase.Range, len(spans))
	bufs := make([][]byte, len(spans))
	for i, s := range spans {
		bufs[i] = bytes.Repeat([]byte{0xa5}, s[1]+len(guard))
		ranges[i] = fsbase.Range{Offset: int64(s[0]), Dst: bufs[i][:s[1]]}
	}
	info, err := as[fsbase.RangeReader](t).ReadRanges(t.ctx, p, pin, ranges)
	if err != nil {
		t.errorf("C6", "ReadRanges of %q (%d bytes) at %v: %v", p, len(whole), spans, err)
		return info
	}
	for i, s := range spans {
		if d := difference(bufs[i][:s[1]], whole[s[0]:s[0]+s[1]]); d != "" {
			t.errorf("C6", "ReadRanges of %q (%d bytes), range %d of %v: %s", p, len(whole), i, spans, d)
		}
		if !bytes.Equal(bufs[i][s[1]:], guard) {
			t.errorf("C6", "ReadRanges of %q, range %d of %v, writes behind its Dst", p, i, spans)
		}
	}
	return info
}

func (t *trial) rangesOf(n int) {
	p, whole := t.path("a"), content(5, n)
	want := t.put(p, whole)
	for _, spans := range [][][2]int{
		{},
		{{0, n}},
		{{0, 1}},
		{{n - 1, 1}},
		{{n, 0}, {0, 0}, {5, 0}},
		{{0, 10}, {5, 0}, {50, 10}},
		{{n / 2, 100}, {0, 10}, {n - 50, 50}, {10, 10}, {20, 10}},
		{{100, 1000}, {500, 1000}, {100, 1000}, {0, n}},
		row(1500, 3), // which may be one request, and more than a vector of the system has
	} {
		t.wantInfo("C6", "ReadRanges", t.readRanges(p, "", whole, spans...), want)
	}
	var edges [][2]int
	for e := 512; e < n; e *= 2 {
		edges = append(edges, [2]int{e - 1, 2})
	}
	for e := 5 << 20; e < n; e += 5 << 20 {
		edges = append(edges, [2]int{e - 4500, min(9000, n-e+4500)})
	}
	t.readRanges(p, want.Version, whole, edges...)
	edges = nil
	for _, e := range append(edgesOf(n), n) {
		for _, s := range [][2]int{{e - 9, 9}, {e, 9}} { // which end and begin there
			if s[0] >= 0 && s[0]+s[1] <= n {
				edges = append(edges, s)
			}
		}
	}
	t.readRanges(p, want.Version, whole, edges...)
	var many [][2]int
	count := 2000
	if n > 1<<20 {
		count = 300 // each is a request of its own
	}
	for i := range count {
		many = append(many, [2]int{i * ((n - 40) / count), 40})
	}
	t.readRanges(p, want.Version, whole, many...)
}

// row is n spans of size bytes, one behind the other.
func row(n, size int) (spans [][2]int) {
	for i := range n {
		spans = append(spans, [2]int{i * size, size})
	}
	return spans
}

func checkRangePastEnd(t *trial) {
	p := t.path("a")
	t.put(p, content(1, 100))
	type span struct {
		off int64
		n   int
	}
	spans := []span{{0, 101}, {99, 2}, {100, 1}, {101, 1}, {-1, 10}, {-200, 10}}
	for _, off := range farOffsets() {
		spans = append(spans, span{off, 10})
	}
	for _, s := range spans {
		// Good ranges around the bad one: its failure must not be lost.
		ranges := []fsbase.Range{
			{Offset: 0, Dst: make([]byte, 10)},
			{Offset: s.off, Dst: make([]byte, s.n)},
			{Offset: 50, Dst: make([]byte, 10)},
		}
		_, err := as[fsbase.RangeReader](t).ReadRanges(t.ctx, p, "", ranges)
		switch {
		case err == nil:
			t.errorf("C6", "ReadRanges of %d bytes at %d of %q, which has 100: no error", s.n, s.off, p)
		case errors.Is(err, fs.ErrNotExist), errors.Is(err, fsbase.ErrChanged):
			t.errorf("C6", "ReadRanges of %d bytes at %d of %q, which has 100 and stays as it is: %v", s.n, s.off, p, err)
		}
	}
}

func checkRangePin(t *trial) {
	p := t.path("a")
	old, now := content(1, 3000), content(2, 3000)
	stale := t.put(p, old).Version
	t.readRanges(p, stale, old, [2]int{0, 3000})
	current := t.put(p, now).Version
	t.readRanges(p, current, now, [2]int{0, 3000})
	for _, ranges := range [][]fsbase.Range{nil, {{Dst: make([]byte, 10)}}} {
		_, err := as[fsbase.RangeReader](t).ReadRanges(t.ctx, p, stale, ranges)
		t.wantIs("C6", err, fmt.Sprintf("ReadRanges of %d ranges of %q pinned to a version that was replaced", len(ranges), p), fsbase.ErrChanged)
	}
}

// rangeRace reads the two ends of a stream while contents of size and of other
// bytes, which is no less, take turns under its name.
func (t *trial) rangeRace(rounds, size, other int) {
	p := t.path("a")
	contents := [2][]byte{content(1, size), content(2, other)}
	t.put(p, contents[0])
	t.watch(rounds, func(round int) { t.put(p, contents[1-round%2]) }, func() {
		span, behind := 2*size/5, size-2*size/5
		first, last := make([]byte, span), make([]byte, span)
		ranges := []fsbase.Range{{Offset: 0, Dst: first}, {Offset: int64(behind), Dst: last}}
		info, err := as[fsbase.RangeReader](t).ReadRanges(t.ctx, p, "", ranges)
		if errors.Is(err, fsbase.ErrChanged) {
			return
		} else if err != nil {
			t.errorf("C6", "ReadRanges of %q while it is overwritten: %v", p, err)
			return
		}
		for _, c := range contents {
			if info.Size == int64(len(c)) && bytes.Equal(first, c[:span]) && bytes.Equal(last, c[behind:size]) {
				return
			}
		}
		t.errorf("C6", "ReadRanges of %q while it is overwritten tells the size %d and reads other bytes, or some of each content", p, info.Size)
	})
}
