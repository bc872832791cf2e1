package conformance

import (
	"context"
	"fmt"
	"sync"
	"sync/atomic"
	"time"
)

// checkHeldInside lets many calls wait inside. A wrapper may let others wait for
// these, but not a caller whose context is done.
func checkHeldInside(t *trial) {
	s, w := t.spied()
	p := t.path("dir/a")
	w.put(p, []byte("x"))
	release := make(chan struct{})
	var inside atomic.Int64
	s.during(func(c call) error {
		if c.ctx.Err() == nil {
			inside.Add(1)
			<-release
		}
		return nil
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
		for op, call := range w.cancelled().pathCalls(p) {
			answer := make(chan error, 1)
			waiting.Go(func() { answer <- call(p) })
			select {
			case err := <-answer:
				t.wantIs("O5", err, fmt.Sprintf("%s(%q) under a done context, while %d calls wait inside", op, p, held), context.Canceled)
			case <-time.After(contextEnds):
				t.errorf("O5", "%s(%q) under a done context waits for %d calls that wait inside", op, p, held)
				return
			}
		}
	})
}
