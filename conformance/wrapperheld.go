package conformance

import (
	"context"
	"fmt"
	"sync"
	"sync/atomic"
	"time"

	"github.com/godcp/godcp/fsbase"
)

// checkHeldInside lets many calls wait inside. A wrapper may let others wait for
// these, but not a caller whose context is done or ends.
func checkHeldInside(t *trial) {
	s, w := t.spied()
	p := t.path("dir/a")
	w.put(p, []byte("x"))
	release := make(chan struct{})
	var inside atomic.Int64
	s.during(func(c call) error {
		select {
		case <-c.ctx.Done():
			return nil // which it should not have come to
		default:
			inside.Add(1)
		}
		select {
		case <-release:
			return nil
		case <-c.ctx.Done():
			return fsbase.PathError(c.method, c.paths[0], c.ctx.Err())
		}
	}, func() {
		var waiting sync.WaitGroup
		defer waiting.Wait()
		defer close(release)
		for range held {
			waiting.Go(func() { _, _ = w.fs.Exists(t.ctx, p) })
		}
		for before, start := int64(-1), time.Now(); before != inside.Load() && time.Since(start) < contextEnds; {
			before = inside.Load()
			time.Sleep(late)
		}
		// answers demands that a call does not wait.
		answers := func(clause, what string, call func() error) {
			answer := make(chan error, 1)
			waiting.Go(func() { answer <- call() })
			said := fmt.Sprintf("%s, while %d calls wait inside,", what, held)
			select {
			case err := <-answer:
				t.wantIs(clause, err, said, context.Canceled)
			case <-time.After(contextEnds):
				t.errorf(clause, "%s waits for them", said)
			}
		}
		for op, call := range w.cancelled().pathCalls(p) {
			if !t.failed() {
				answers("O5", fmt.Sprintf("%s(%q) under a done context", op, p), func() error { return call(p) })
			}
		}
		ctx, cancel := context.WithCancel(t.ctx)
		defer time.AfterFunc(late, cancel).Stop()
		answers("R7", fmt.Sprintf("OpenStream(%q), whose context ends soon", p), func() error {
			_, err := w.with(ctx).read(p)
			return err
		})
		cancel()
	})
}
