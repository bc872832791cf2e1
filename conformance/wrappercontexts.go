package conformance

import (
	"context"
	"io"
	"maps"
	"slices"
	"sync/atomic"
	"time"

	"github.com/godcp/godcp/fsbase"
)

// contextKey is the key of a value that the caller's context carries.
type contextKey struct{}

// contextEnds is how long the end of a context may take to get inside. Those of
// package context take no time; one that a wrapper made by hand may have a
// goroutine in between.
const contextEnds = time.Second

// reaches tells whether the end of a context gets to another. Of one check
// only the first that does not costs the whole time.
func (t *trial) reaches(ctx context.Context) bool {
	wait := contextEnds
	if t.failed() {
		wait /= 50
	}
	select {
	case <-ctx.Done():
		return true
	case <-time.After(wait):
		return false
	}
}

func checkContexts(t *trial) {
	s, w := t.spied()
	p, good := t.path("dir/a"), t.path("good")
	for _, op := range slices.Sorted(maps.Keys(w.everyCall(good))) {
		w.put(p, []byte("x"))
		w.put(good, []byte("y"))
		t.contextOf(s, w, op, p, good)
	}
	t.contextOfStream(s, w, p)
	w.firstCalls(func() *trial {
		_, fresh := t.spied()
		return fresh
	})
}

// contextOf makes one call under a context that ends during the first call
// inside.
func (t *trial) contextOf(s *spy, w *trial, op, p, good string) {
	ctx, cancel := context.WithCancel(context.WithValue(t.ctx, contextKey{}, op))
	defer cancel()
	do := w.with(ctx).everyCall(good)[op]
	var later atomic.Bool
	s.during(func(c call) error {
		t.wantValue(c, op)
		if later.Swap(true) {
			return nil // what tidies up may go on
		}
		cancel()
		if !t.reaches(c.ctx) {
			t.errorf("O5", "%s(%q): the context of %s inside goes on after the caller's has ended", op, p, c.method)
		}
		return fsbase.PathError(c.method, c.paths[0], ctx.Err())
	}, func() { _ = do(p) })
}

func (t *trial) wantValue(c call, op string) {
	if c.ctx.Value(contextKey{}) != op {
		t.errorf("O5", "%s: the context of %s inside has not the value of the caller's", op, c.method)
	}
}

// contextOfStream looks at the context that a stream inside has once it is
// open: its end must reach the stream.
func (t *trial) contextOfStream(s *spy, w *trial, p string) {
	for op, open := range map[string]func(w *trial) (io.Closer, error){
		"OpenStream":   func(w *trial) (io.Closer, error) { return w.fs.OpenStream(w.ctx, p) },
		"CreateStream": func(w *trial) (io.Closer, error) { return w.fs.CreateStream(w.ctx, p) },
	} {
		ctx, cancel := context.WithCancel(context.WithValue(t.ctx, contextKey{}, op))
		calls := s.during(nil, func() {
			stream, err := open(w.with(ctx))
			if err != nil {
				cancel()
				t.fatalf("%s(%q): %v", op, p, err)
			}
			defer stream.Close()
			for _, c := range s.seen() {
				if err := c.ctx.Err(); err != nil {
					t.errorf("R7", "%s(%q): the context of %s inside is over while the stream is open: %v", op, p, c.method, err)
				}
			}
		})
		cancel()
		for _, c := range calls {
			t.wantValue(c, op)
			if !t.reaches(c.ctx) {
				t.errorf("R7", "%s(%q): the context of %s inside goes on after the caller's has ended", op, p, c.method)
			}
		}
	}
}
