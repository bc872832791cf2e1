package gcs

import (
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"net/http"
	"os"
	"time"

	"cloud.google.com/go/storage"
	"google.golang.org/api/googleapi"

	"github.com/godcp/godcp/fsbase"
)

// The pauses between requests of one call: doubled each time, and shortened by
// up to a half at random, so that those who failed together do not meet again.
const (
	firstPause     = 250 * time.Millisecond
	throttledPause = time.Second // the service's own word: one update of a name a second
	maxPause       = 16 * time.Second
)

// pace is how long nothing may move.
type pace struct {
	stall    time.Duration // until a request is given up
	patience time.Duration // until a call is
}

// forParts is how long a call of the client may take that sends a part: its own
// limits come first, but not all of it has one.
func (c pace) forParts() time.Duration { return 3*c.patience + c.stall }

// errStalled is what becomes of a request in which nothing moves.
var errStalled = fmt.Errorf("neither an answer nor a byte for too long: %w", os.ErrDeadlineExceeded)

// A request tells of each step that it is alive, and how far it has come, in
// bytes from its beginning. It does so on the goroutine that it runs on.
type request func(ctx context.Context, alive func(bytes int64)) error

// call makes a request again until it succeeds, fails for good, or nothing has
// moved for too long. To come again as far as before is no movement.
func (f *FS) call(ctx context.Context, r request) error { return f.pace.call(ctx, r) }

func (c pace) call(ctx context.Context, r request) error {
	moved, pause, furthest := time.Now(), firstPause, int64(0)
	for {
		err := guarded(ctx, c.stall, func(ctx context.Context, alive func()) error {
			return r(ctx, func(bytes int64) {
				if bytes > furthest {
					moved, pause, furthest = time.Now(), firstPause, bytes
				}
				alive()
			})
		})
		if err == nil || ctx.Err() != nil || !again(err) {
			return err
		}
		if errors.Is(classOf(err), fsbase.ErrThrottled) {
			pause = max(pause, throttledPause)
		}
		if time.Since(moved)+pause > c.patience {
			return err
		}
		if sleep(ctx, pause-rand.N(pause/2)) != nil {
			return err
		}
		pause = min(2*pause, maxPause)
	}
}

// again tells whether a request that failed may succeed when it is made again.
func again(err error) bool {
	var answer *googleapi.Error
	if errors.As(err, &answer) && answer.Code == http.StatusGone {
		return true // the session of an upload is, which then begins anew
	}
	return !isSource(err) && (errors.Is(err, errStalled) || storage.ShouldRetry(err))
}

// guarded runs f and ends its context when alive was not called for so long.
func guarded(ctx context.Context, stall time.Duration, f func(ctx context.Context, alive func()) error) error {
	ctx, cancel := context.WithCancelCause(ctx)
	defer cancel(nil)
	timer := time.AfterFunc(stall, func() { cancel(errStalled) })
	defer timer.Stop()
	err := f(ctx, func() { timer.Reset(stall) })
	if err != nil && context.Cause(ctx) == errStalled {
		return errStalled // err is that of a context which the caller does not know
	}
	return err
}

func sleep(ctx context.Context, d time.Duration) error {
	t := time.NewTimer(d)
	defer t.Stop()
	select {
	case <-ctx.Done():
		return ctx.Err()
	case <-t.C:
		return nil
	}
}
