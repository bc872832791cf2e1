package conformance

import (
	"context"
	"fmt"
	"io"
	"io/fs"
	"math"

	"github.com/godcp/godcp/fsbase"
)

// The checks here ask for what a stream could answer without asking anybody:
// no bytes at all, and bytes that it gave before.
var nothingChecks = []Check{
	{
		ID: "write/nothing-after-end", Clauses: []string{"W5"}, Level: Must, Profile: Core,
		Doc: "A Write of no bytes after Commit or Close is fs.ErrClosed like any other.",
		run: checkWriteNothing,
	},
	{
		ID: "read/nothing", Clauses: []string{"R3", "R5"}, Level: Must, Profile: Core,
		Doc: "ReadAt of no bytes is fs.ErrInvalid at a negative offset and fs.ErrClosed after Close like any other.",
		run: checkReadNothing,
	},
	{
		ID: "read/same-again", Clauses: []string{"R3", "R5", "R7"}, Level: Must, Profile: Core,
		Doc: "What was read before is read again as it was, and not after Close nor after the end of the context.",
		run: checkReadSameAgain,
	},
}

func checkWriteNothing(t *trial) {
	p := t.path("a")
	for _, w := range t.waysOf("W1", "C2", "C3") {
		for _, end := range []string{"Commit", "Close"} {
			cond, _ := t.clear(w, p, nil)
			s, err := t.createIf(p, cond)()
			if err != nil {
				t.fatalf("beginning a %s to %q: %v", w.what, p, err)
			}
			t.write(s, p, content(1, 100))
			if end == "Close" {
				s.Close()
			} else if _, err := s.Commit(); err != nil {
				t.fatalf("%s to %q: %v", w.what, p, err)
			}
			for _, nothing := range [][]byte{nil, {}} {
				_, err := s.Write(nothing)
				t.wantIs("W5", err, fmt.Sprintf("a Write of no bytes to %q after %s", p, end), fs.ErrClosed)
			}
			s.Close()
		}
	}
}

func checkReadNothing(t *trial) {
	for _, n := range []int{0, 3000} {
		p := t.path("a")
		t.put(p, content(1, n))
		r := t.open(p)
		for range 2 {
			for _, nothing := range [][]byte{nil, {}} {
				for _, off := range []int64{-1, math.MinInt64} {
					_, err := r.ReadAt(nothing, off)
					t.wantIs("R3", err, fmt.Sprintf("ReadAt of no bytes at %d of %q", off, p), fs.ErrInvalid)
				}
			}
			_, _ = r.ReadAt(make([]byte, 10), 0) // after which it may know more
		}
		r.Close()
		for _, nothing := range [][]byte{nil, {}} {
			_, err := r.ReadAt(nothing, 0)
			t.wantIs("R5", err, fmt.Sprintf("ReadAt of no bytes of %q after Close", p), fs.ErrClosed)
		}
	}
}

func checkReadSameAgain(t *trial) {
	const n, step = 300_000, 100_000
	p, whole := t.path("a"), content(1, n)
	t.put(p, whole)
	for _, end := range []string{"Close", "the end of the context"} {
		ctx, cancel := context.WithCancel(t.ctx)
		r := t.with(ctx).open(p)
		for range 3 {
			for off := int64(0); off <= n; off += step {
				t.readAt(r, p, whole, off, 1000)
				t.readAt(r, p, whole, off, 10)
			}
		}
		clause, want := "R5", error(fs.ErrClosed)
		if end == "Close" {
			if err := r.Close(); err != nil {
				t.errorf("R5", "Close of a reader of %q: %v", p, err)
			}
		} else {
			clause, want = "R7", context.Canceled
			cancel()
		}
		for off := int64(0); off < n; off += step {
			for _, length := range []int{1000, 10} {
				t.wantReadEnds(clause, r, p, off, length, end, want)
			}
		}
		cancel()
		r.Close()
	}
}

// wantReadEnds demands an error of a read that had succeeded before.
func (t *trial) wantReadEnds(clause string, r fsbase.ReadStream, p string, off int64, length int, end string, want error) {
	n, err := r.ReadAt(make([]byte, length), off)
	if err == io.EOF {
		err = nil // it read
	}
	t.wantIs(clause, err, fmt.Sprintf("ReadAt of %d bytes at %d of %q, which were read before, after %s returns n = %d", length, off, p, end, n), want)
}
