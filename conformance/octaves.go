package conformance

import (
	"math/rand/v2"

	"github.com/godcp/godcp/fsbase"
)

// The checks here take a random size from each octave, so that a fault which
// begins and ends at sizes that nobody thought of is found all the same if it
// is there for a whole octave.
var octaveChecks = []Check{
	{
		ID: "sizes/every-octave", Clauses: []string{"W1", "C2", "C3", "C5", "C9"}, Level: Must, Profile: Core,
		Doc: "In every way to publish, a stream of a random size from each octave comes back as it was.",
		run: checkOctaves,
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

func checkOctaves(t *trial) {
	rng := t.rng("sizes")
	p := t.path("a")
	for _, w := range t.ways() {
		octaves(rng, t.largeSize(), func(n int) {
			data := content(uint64(n), n)
			publish := w.begin(t, p, data)
			cond, _ := t.clear(w, p, nil)
			if _, err := publish(t, cond); err != nil {
				t.errorf(w.clause, "%s of %d bytes to %q: %v", w.what, n, p, err)
				return
			}
			t.wantContent(w.clause, p, data)
			if s, ok := fsbase.As[fsbase.Stater](t.fs); ok {
				if info, err := s.Stat(t.ctx, p); err != nil || info.Size != int64(n) {
					t.errorf(w.clause, "Stat(%q) after %s of %d bytes: size %d, %v", p, w.what, n, info.Size, err)
				}
			}
		})
	}
}
