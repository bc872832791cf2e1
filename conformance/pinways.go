package conformance

import (
	"bytes"
	"slices"
	"time"

	"github.com/godcp/godcp/fsbase"
)

var pinWayChecks = []Check{
	{
		ID: "pin/at-open", Clauses: []string{"R2"}, Level: Must, Profile: Atomic,
		Doc: "OpenStream pins, not the first ReadAt.",
		run: func(t *trial) {
			p, whole := t.path("a"), content(1, 200_000)
			info := t.put(p, whole)
			r := t.open(p)
			defer r.Close()
			t.put(p, content(2, 200_000))
			t.wantInfo("R2", "the reader", r.Info(), info)
			t.readPinned(r, p, whole, 0)
		},
	},
	{
		ID: "pin/every-way", Clauses: []string{"R2"}, Level: Must, Profile: Atomic,
		Doc: "A reader keeps its version however another takes its place.",
		run: checkPinEveryWay,
	},
	{
		ID: "pin/after-many", Clauses: []string{"R2", "R3"}, Level: Must, Profile: Atomic,
		Doc: "A reader that was read from a thousand times keeps its version as a fresh one does.",
		run: checkPinAfterMany,
	},
	{
		ID: "read/memory", Clauses: []string{"R3"}, Level: Must, Profile: Core,
		Doc: "When ReadAt has returned, its slice is the caller's again.",
		run: func(t *trial) {
			p := t.path("a")
			t.put(p, content(1, 100_000))
			r := t.open(p)
			defer r.Close()
			t.untouched("R3", "ReadAt of "+p, func(buf []byte, off int64) { _, _ = r.ReadAt(buf, off) })
		},
	},
	{
		ID: "ranged/memory", Clauses: []string{"C6"}, Level: Must, Profile: Ranged, Needs: []Capability{RangeReader},
		Doc: "When ReadRanges has returned, with an error too, every Dst is the caller's again.",
		run: func(t *trial) {
			p := t.path("a")
			t.put(p, content(1, 100_000))
			t.untouched("C6", "ReadRanges of "+p, func(buf []byte, off int64) {
				half := len(buf) / 2
				_, _ = as[fsbase.RangeReader](t).ReadRanges(t.ctx, p, "", []fsbase.Range{
					{Offset: off, Dst: buf[:half]}, {Offset: off / 2, Dst: buf[half:]},
				})
			})
		},
	},
	{
		ID: "ranged/concurrent", Clauses: []string{"C6", "O6"}, Level: Must, Profile: Ranged, Needs: []Capability{RangeReader},
		Doc: "Many ReadRanges of several streams at once do not disturb each other.",
		run: func(t *trial) {
			names, whole := make([]string, racers), make([][]byte, racers)
			for i := range names {
				names[i], whole[i] = t.path(string(rune('a'+i))), content(uint64(i), 60_000)
				t.put(names[i], whole[i])
			}
			t.each(racers, func(i int) {
				for pass := range 30 {
					t.readRanges(names[i], "", whole[i], [2]int{pass * 100, 4000}, [2]int{59_000, 1000}, [2]int{100, 30_000})
				}
			})
		},
	},
}

func checkPinEveryWay(t *trial) {
	p, whole := t.path("a"), content(1, 200_000)
	for _, w := range t.ways() {
		publish := w.begin(t, p, content(2, 200_000))
		cond, _ := t.clear(w, p, nil)
		if w.cond != ifVersion {
			t.put(p, whole)
		} else {
			cond = fsbase.IfVersion(t.put(p, whole).Version)
		}
		info := t.info(p)
		r := t.open(p)
		t.readPinned(r, p, whole, 0)
		if w.cond == ifAbsent {
			t.remove(p)
		}
		if _, err := publish(t, cond); err != nil {
			t.fatalf("%s to %q: %v", w.what, p, err)
		}
		t.wantInfo("R2", "the reader", r.Info(), info)
		for _, off := range []int64{0, 100_000, 150_000} {
			t.readPinned(r, p, whole, off)
		}
		r.Close()
	}
}

// manyReads is how often one reader is read from before its version goes.
const manyReads = 1000

func checkPinAfterMany(t *trial) {
	p, whole := t.path("a"), content(1, 200_000)
	for _, change := range []func(){
		func() { t.put(p, content(2, 200_000)) },
		func() { t.remove(p) },
	} {
		info := t.put(p, whole)
		r := t.open(p)
		t.each(racers, func(i int) {
			buf := make([]byte, 100)
			for n := i; n < manyReads; n += racers {
				off := n * 150
				if got, err := r.ReadAt(buf, int64(off)); err != nil || !bytes.Equal(buf, whole[off:off+len(buf)]) {
					t.errorf("R3", "ReadAt of %q at %d, one of many: %d, %v", p, off, got, err)
					return
				}
			}
		})
		change()
		t.wantInfo("R2", "the reader", r.Info(), info)
		for _, off := range []int64{0, 100_000, 150_000} {
			t.readPinned(r, p, whole, off)
		}
		r.Close()
	}
}

// untouched calls read with many slices, within 100,000 bytes and beyond, takes
// each back when it returns, and demands that nobody else writes to it.
func (t *trial) untouched(clause, what string, read func(buf []byte, off int64)) {
	bufs := make([][]byte, 30)
	for i := range bufs {
		bufs[i] = make([]byte, 40_000)
		read(bufs[i], int64(i)*5000) // the last ones are past the end
		giveBack(bufs[i])
	}
	t.leftAlone(what, map[string][][]byte{clause: bufs})
}

// leftAlone demands that memory, by the clause that it was given back under, and
// which is all 0xa5 since, stays so for a while.
func (t *trial) leftAlone(what string, given map[string][][]byte) {
	for range 10 {
		time.Sleep(late)
		for clause, bufs := range given {
			for _, buf := range bufs {
				if j := slices.IndexFunc(buf, func(b byte) bool { return b != 0xa5 }); j >= 0 {
					t.errorf(clause, "%s has returned, and byte %d of its memory is written later", what, j)
					return
				}
			}
		}
	}
}

// giveBack takes memory back from a call that has returned, for leftAlone.
func giveBack(buf []byte) {
	for i := range buf {
		buf[i] = 0xa5
	}
}
