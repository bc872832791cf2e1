package conformance

import (
	"fmt"

	"github.com/godcp/godcp/fsbase"
)

var faultResumeChecks = []Check{
	{
		// The replacement comes at points in time all over the read: most of those
		// between its two requests are met.
		ID: "faults/truncated-while-replaced", Clauses: []string{"R2", "C6", "E1"}, Level: Must, Profile: Atomic, Needs: []Capability{CanTruncate},
		Doc: "What is asked for again, because an answer ended early, is of the same version, or not read.",
		run: checkTruncatedWhileReplaced,
	},
}

func checkTruncatedWhileReplaced(t *trial) {
	const size = 200_000
	p := t.path("a")
	contents := [2][]byte{content(1, size), content(2, size)}
	reads := map[string]func(r fsbase.ReadStream, buf []byte) (int, error){
		"ReadAt": func(r fsbase.ReadStream, buf []byte) (int, error) { return r.ReadAt(buf, 0) },
	}
	if c, ok := fsbase.As[fsbase.RangeReader](t.fs); ok {
		reads["ReadRanges"] = func(r fsbase.ReadStream, buf []byte) (int, error) {
			if _, err := c.ReadRanges(t.ctx, p, r.Info().Version, []fsbase.Range{{Dst: buf}}); err != nil {
				return 0, err
			}
			return len(buf), nil
		}
	}
	parts := 0
	for what, read := range reads {
		clause := map[string]string{"ReadAt": "R2", "ReadRanges": "C6"}[what]
		// once reads a version whose first answer ends early, while it is replaced.
		once := func(round int, replace func()) {
			t.put(p, contents[round%2])
			r := t.open(p)
			defer r.Close()
			buf := make([]byte, size)
			var n int
			var err error
			struck, ok := t.under(t.env.faults.Truncate, Fault{On: ToRead, Times: 1}, func() {
				t.together(2, func(i int) func() {
					if i == 0 {
						return func() { n, err = read(r, buf) }
					}
					return replace
				})
			})
			if !ok || struck == 0 {
				return
			}
			parts++
			said := fmt.Sprintf("%s of %q, which is replaced, and whose answer ends early,", what, p)
			t.wantTold(said, err)
			if d := difference(buf[:n], contents[round%2][:n]); d != "" {
				t.errorf(clause, "%s: %d, %v, of another version: %s", said, n, err, d)
			}
		}
		took := timed(func() { once(0, func() {}) })
		for round, wait := range moments(20, took) {
			once(round, func() {
				pause(wait)
				t.put(p, contents[1-round%2])
			})
		}
	}
	t.fruitless(parts)
}
