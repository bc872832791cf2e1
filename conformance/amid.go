package conformance

import (
	"context"
	"errors"
	"io/fs"
	"runtime"
	"sync"
	"time"

	"github.com/godcp/godcp/fsbase"
)

// moments are points in time after the begin of a call that took so long the
// last time: n from the begin itself to behind its end, and half as many that
// are close to the begin, since it may take less this time.
func moments(n int, took time.Duration) []time.Duration {
	took = min(took, 2*time.Second) * 5 / 4
	var at []time.Duration
	for i := range n {
		at = append(at, took*time.Duration(i)/time.Duration(n-1))
		if i%2 == 1 {
			at = append(at, took*time.Duration(i*i)/time.Duration(4*n*n))
		}
	}
	return at
}

// timed returns how long call takes.
func timed(call func()) time.Duration {
	start := time.Now()
	call()
	return time.Since(start)
}

// pause waits for d, also where d is shorter than timers are precise.
func pause(d time.Duration) {
	const coarse = 2 * time.Millisecond
	start := time.Now()
	if d > coarse {
		time.Sleep(d - coarse)
	}
	for time.Since(start) < d {
		runtime.Gosched()
	}
}

// cancelledAmid calls under a context that ends so long after the call has
// begun.
func (t *trial) cancelledAmid(wait time.Duration, call func(t *trial)) {
	ctx, cancel := context.WithCancelCause(t.ctx)
	defer cancel(nil)
	var other sync.WaitGroup
	begun := make(chan struct{})
	other.Go(func() {
		<-begun
		pause(wait)
		cancel(errCause)
	})
	defer other.Wait()
	close(begun)
	call(t.with(ctx))
}

// crashedAmid returns what a power loss so long after call has begun leaves.
func (t *trial) crashedAmid(wait time.Duration, call func()) *trial {
	var under sync.WaitGroup
	defer under.Wait()
	begun := make(chan struct{})
	under.Go(func() {
		defer t.guard()
		close(begun)
		call()
	})
	<-begun
	pause(wait)
	return t.crashed()
}

// wantOneOf demands that path reads as one of two contents: nil for absent. A
// version that is replaced while it is read is read again.
func (t *trial) wantOneOf(clause, said, path string, one, other []byte) {
	for range 10 {
		changed := false
		t.compare(path, func(got []byte, err error) {
			switch {
			case errors.Is(err, fsbase.ErrChanged):
				changed = true
			case isContent(got, err, one), isContent(got, err, other):
			default:
				t.errorf(clause, "%s: reading %q: %v, against one content %s; against the other %s",
					said, path, err, difference(got, one), difference(got, other))
			}
		})
		if !changed {
			return
		}
	}
	t.errorf(clause, "%s: %q is another stream each time it is read", said, path)
}

// isContent says whether a read has found want: nil for absent.
func isContent(got []byte, err error, want []byte) bool {
	if want == nil {
		return errors.Is(err, fs.ErrNotExist)
	}
	return err == nil && difference(got, want) == ""
}
