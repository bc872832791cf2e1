package conformance

import (
	"fmt"
	"math/rand/v2"
	"slices"

	"github.com/godcp/godcp/fsbase"
)

// The checks here take a random size from each octave, so that a fault which
// begins and ends at sizes that nobody thought of is found all the same if it
// is there for a whole octave.
var octaveChecks = []Check{
	{
		ID: "sizes/every-octave", Clauses: []string{"W1", "W11", "C2", "C3", "C5", "C7", "C8", "C9"}, Level: Must, Profile: Core,
		Doc: "In every way to publish, a stream of a random size from each octave, of large ones from each half, comes back as it was and as it is told, or is refused by its condition.",
		run: checkOctaves,
	},
	{
		ID: "sizes/rename-every-octave", Clauses: []string{"O3"}, Level: Must, Profile: Core,
		Doc: "Rename moves streams of a random size from each octave, of large ones from each half, whole.",
		run: checkRenameOctaves,
	},
	{
		ID: "sizes/refused", Clauses: []string{"C2", "C3"}, Level: Must, Profile: Core,
		Doc: "Under a condition that does not hold 300 kB, and a byte more than 5 and 8 MiB, are refused in every way to publish.",
		run: func(t *trial) {
			for _, n := range t.atMost(300_000, 5<<20+1, 8<<20+1) {
				data := content(uint64(n), n)
				for _, w := range t.ways() {
					if w.cond != "" {
						p := t.path("a")
						t.refused(w, p, n, w.begin(t, p, data))
					}
				}
			}
		},
	},
	{
		ID: "read/every-octave", Clauses: []string{"R3"}, Level: Must, Profile: Core,
		Doc: "ReadAt is right for offsets and lengths from all octaves.",
		run: func(t *trial) {
			p, whole := t.path("a"), content(1, t.largeSize())
			t.put(p, whole)
			r := t.open(p)
			defer r.Close()
			rng := t.rng("spans")
			for _, s := range spans(rng, len(whole)) {
				t.readAt(r, p, whole, int64(s[0]), s[1])
			}
		},
	},
	{
		ID: "ranged/every-octave", Clauses: []string{"C6"}, Level: Must, Profile: Ranged, Needs: []Capability{RangeReader},
		Doc: "ReadRanges is right for ranges from all octaves, in any order, number and repetition.",
		run: func(t *trial) {
			p, whole := t.path("a"), content(1, t.largeSize())
			t.put(p, whole)
			rng := t.rng("ranges")
			all := spans(rng, len(whole))
			for range 30 {
				var some [][2]int
				for range 1 + rng.IntN(12) {
					s := all[rng.IntN(len(all))]
					if len(some) > 0 && rng.IntN(2) == 0 {
						s[1] = some[len(some)-1][1] // as long as the one before
					}
					s[1] = min(s[1], len(whole)-s[0])
					some = append(some, s)
				}
				t.readRanges(p, "", whole, some...)
			}
		},
	},
}

// octaves calls f with a random number from each of [1,2), [2,4), [4,8) … up to
// limit.
func octaves(rng *rand.Rand, limit int, f func(n int)) {
	for low := 1; low <= limit; low *= 2 {
		f(low + rng.IntN(min(low, limit-low+1)))
	}
}

// spans are an offset and a length from every two octaves, some of them past
// the end.
func spans(rng *rand.Rand, size int) (spans [][2]int) {
	octaves(rng, size, func(off int) {
		octaves(rng, size, func(n int) { spans = append(spans, [2]int{off - 1, n}) })
	})
	return spans
}

// halves is octaves with a number from each half of an octave of MiB.
func halves(rng *rand.Rand, limit int, f func(n int)) {
	for low := 1; low <= limit; low *= 2 {
		step := low
		if low >= 1<<20 {
			step = low / 2
		}
		for from := low; from < 2*low && from <= limit; from += step {
			f(from + rng.IntN(min(step, limit-from+1)))
		}
	}
}

func checkOctaves(t *trial) {
	rng := t.rng("sizes")
	p := t.path("a")
	for _, w := range t.ways() {
		halves(rng, t.largeSize(), func(n int) {
			data := content(uint64(n), n)
			publish := w.begin(t, p, data)
			if w.cond != "" {
				t.refused(w, p, n, publish)
			}
			cond, _ := t.clear(w, p, nil)
			info, err := publish(t, cond)
			if err != nil {
				t.errorf(w.clause, "%s of %d bytes to %q: %v", w.what, n, p, err)
				return
			}
			if info.Size != int64(n) {
				t.errorf("W11", "%s of %d bytes to %q tells the size %d", w.what, n, p, info.Size)
			}
			t.wantContent(w.clause, p, data)
			t.wantInfo("W11", "OpenStream", t.info(p), info)
			t.sameInfo(p)
		})
	}
}

// refused publishes n bytes under a condition that does not hold.
func (t *trial) refused(w way, p string, n int, publish publication) {
	cond := w.stale(t, p)
	there, before := t.info(p), content(96, 70)
	_, err := publish(t, cond)
	what, clause := fmt.Sprintf("%s of %d bytes to %q, where another stream is", w.what, n, p), "C2"
	if w.cond == ifAbsent {
		t.wantLost(err, "%s", what)
	} else {
		clause = "C3"
		t.wantIs(clause, err, what, fsbase.ErrPrecondition)
	}
	t.wantContent(clause, p, before)
	t.wantInfo(clause, what+": OpenStream", t.info(p), there)
}

func checkRenameOctaves(t *trial) {
	from, to := t.path("from/a"), t.path("to/a")
	halves(t.rng("sizes"), t.largeSize(), func(n int) {
		data := content(uint64(n), n)
		t.put(from, data)
		if err := t.fs.Rename(t.ctx, from, to); err != nil {
			t.errorf("O3", "Rename of %d bytes: %v", n, err)
			return
		}
		t.wantExists("O3", from, false)
		t.wantContent("O3", to, data)
	})
}

// atMost are the sizes that a large stream has at most.
func (t *trial) atMost(sizes ...int) []int {
	return slices.DeleteFunc(sizes, func(n int) bool { return n > t.largeSize() })
}
