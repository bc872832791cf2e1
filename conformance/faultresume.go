package conformance

import (
	"fmt"
	"sync/atomic"
	"time"

	"github.com/godcp/godcp/fsbase"
)

var faultResumeChecks = []Check{
	{
		// The replacement comes at points in time all over the read: most of those
		// between its two requests are met.
		ID: "faults/truncated-while-replaced", Clauses: []string{"R2", "C6", "E1"}, Level: Must, Profile: Atomic, Needs: []Capability{CanTruncate},
		Doc: "What is asked for again, because an answer ended early or a later request was refused, is of the same version, or not read.",
		run: checkResumedWhileReplaced,
	},
}

// resumed is a way to read all of a name: a version that was there before, or,
// with a clause of its own, whatever is there.
type resumed struct {
	what, clause string
	read         func(r fsbase.ReadStream, buf []byte) (int, error)
	fresh        bool // it opens the name itself
}

func (t *trial) resumedReads(p string) []resumed {
	reads := []resumed{
		{"ReadAt", "R2", func(r fsbase.ReadStream, buf []byte) (int, error) { return r.ReadAt(buf, 0) }, false},
		{"OpenStream and ReadAt", "R2", func(_ fsbase.ReadStream, buf []byte) (int, error) {
			got, err := t.read(p)
			return copy(buf, got), err
		}, true},
	}
	if c, ok := fsbase.As[fsbase.RangeReader](t.fs); ok {
		ranges := func(pin fsbase.Version, buf []byte) (int, error) {
			half := len(buf) / 2
			if _, err := c.ReadRanges(t.ctx, p, pin, []fsbase.Range{{Dst: buf[:half]}, {Offset: int64(half), Dst: buf[half:]}}); err != nil {
				return 0, err
			}
			return len(buf), nil
		}
		reads = append(reads,
			resumed{"ReadRanges", "C6", func(r fsbase.ReadStream, buf []byte) (int, error) { return ranges(r.Info().Version, buf) }, false},
			resumed{"ReadRanges without a pin", "C6", func(_ fsbase.ReadStream, buf []byte) (int, error) { return ranges("", buf) }, true})
	}
	return reads
}

func checkResumedWhileReplaced(t *trial) {
	p := t.path("a")
	parts := 0
	for _, size := range []int{3000, 200_000} {
		contents := [2][]byte{content(1, size), content(2, size)}
		for _, way := range t.resumedReads(p) {
			for _, f := range []struct {
				how  string
				arm  Arm
				skip int
			}{{"whose answer ends early", t.env.faults.Truncate, 0}, {"whose second request is refused", t.env.faults.Refuse, 1}, {"of which a later request is refused", t.env.faults.Refuse, 3}} {
				if f.arm == nil {
					continue
				}
				var took time.Duration // of the read alone
				var over atomic.Bool
				// once reads a version that is replaced meanwhile.
				once := func(round int, replace func()) {
					over.Store(false)
					old, next := contents[round%2], contents[1-round%2]
					t.put(p, old)
					r := t.open(p)
					defer r.Close()
					buf := make([]byte, size)
					var n int
					var err error
					struck, ok := t.under(f.arm, Fault{On: ToRead, Skip: f.skip, Times: 1}, func() {
						t.together(2, func(i int) func() {
							if i == 0 {
								return func() {
									defer over.Store(true)
									took = timed(func() { n, err = way.read(r, buf) })
								}
							}
							return replace
						})
					})
					if !ok || struck == 0 {
						return
					}
					parts++
					said := fmt.Sprintf("%s of %d bytes of %q, which is replaced, and %s,", way.what, size, p, f.how)
					t.wantTold(said, err)
					if d := difference(buf[:n], old[:n]); d != "" && (!way.fresh || difference(buf[:n], next[:n]) != "") {
						t.errorf(way.clause, "%s: %d, %v, of another version: %s", said, n, err, d)
					}
				}
				rounds := 20
				if way.fresh && size < 200_000 { // quick, and of two windows the one within the opening is narrow
					rounds *= 8
				}
				once(0, func() {})
				for round, wait := range moments(rounds, took) {
					once(round, func() {
						pause(wait)
						t.put(p, contents[1-round%2])
						for way.fresh && !over.Load() { // whichever it opens is replaced
							t.put(p, contents[round%2])
							t.put(p, contents[1-round%2])
						}
					})
				}
			}
		}
	}
	t.fruitless(parts)
}
