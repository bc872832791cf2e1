package grouptest

import (
	"context"
	"errors"
	"fmt"
	"runtime"
	"testing"
	"time"

	"github.com/godcp/godcp/collective"
)

// Rule 1: calls that do not match fail on every rank.
func testMismatch(t *testing.T, open Open) {
	type calls func(ctx context.Context, g collective.Group) error
	barrier := func(ctx context.Context, g collective.Group) error { return g.Barrier(ctx) }
	gather := func(root int) calls {
		return func(ctx context.Context, g collective.Group) error {
			_, err := g.Gather(ctx, root, nil)
			return err
		}
	}
	for name, pair := range map[string][2]calls{
		"method": {barrier, gather(0)},
		"root":   {gather(0), gather(1)},
		"both": {
			func(ctx context.Context, g collective.Group) error {
				_, err := g.Broadcast(ctx, 2, []byte("x"))
				return err
			},
			func(ctx context.Context, g collective.Group) error {
				_, err := g.Scatter(ctx, 1, [][]byte{nil, nil, nil})
				return err
			},
		},
	} {
		t.Run(name, func(t *testing.T) {
			groups := open(t, 3)
			errs := each(t, groups, func(ctx context.Context, g collective.Group) error {
				if err := pair[g.Rank()%2](ctx, g); err != nil {
					return err
				}
				return g.Barrier(ctx) // Rule 3: the call itself need not wait
			})
			for rank, err := range errs {
				if !errors.Is(err, collective.ErrMismatch) {
					t.Errorf("rank %d got %v", rank, err)
				}
			}
		})
	}
}

// Rule 4: a rank whose context is done gives up without a call.
func testCancelledBefore(t *testing.T, open Open) {
	groups := open(t, 3)
	errs := each(t, groups, func(ctx context.Context, g collective.Group) error {
		if g.Rank() == 1 {
			gone, cancel := context.WithCancel(ctx)
			cancel()
			ctx = gone
		}
		return g.Barrier(ctx)
	})
	if !errors.Is(errs[1], context.Canceled) {
		t.Errorf("the cancelled rank got %v", errs[1])
	}
	blames(t, errs, 1, context.Canceled)
	// Rule 5: and so do later calls.
	blames(t, each(t, groups, func(ctx context.Context, g collective.Group) error { return g.Barrier(ctx) }), 1, nil)
}

// Rules 4 and 5, for a rank that waits: rank 3 comes when all is lost.
func testCancelledWaiting(t *testing.T, open Open) {
	groups := open(t, 4)
	over := make(chan struct{})
	errs := each(t, groups, func(ctx context.Context, g collective.Group) error {
		switch g.Rank() {
		case 2:
			defer close(over)
			gone, cancel := context.WithCancel(ctx)
			time.AfterFunc(20*time.Millisecond, cancel)
			ctx = gone
		case 3:
			<-over
		}
		_, err := g.AllGather(ctx, []byte("x"))
		return err
	})
	if !errors.Is(errs[2], context.Canceled) {
		t.Errorf("the cancelled rank got %v", errs[2])
	}
	blames(t, errs, 2, context.Canceled)
}

// Rule 4: a deadline ends the wait for a rank that never comes.
func testDeadline(t *testing.T, open Open) {
	groups := open(t, 3)
	errs := each(t, groups[:2], func(ctx context.Context, g collective.Group) error {
		ctx, cancel := context.WithTimeout(ctx, 20*time.Millisecond)
		defer cancel()
		return g.Barrier(ctx)
	})
	for rank, err := range errs {
		if !errors.Is(err, context.DeadlineExceeded) {
			t.Errorf("rank %d got %v", rank, err)
		}
	}
}

// Rules 5 and 7: a rank that closes is named, whether others wait or come
// later.
func testClose(t *testing.T, open Open) {
	groups := open(t, 3)
	blames(t, each(t, groups, func(ctx context.Context, g collective.Group) error {
		if g.Rank() == 0 {
			return errors.Join(g.Close(), g.Close())
		}
		return g.Barrier(ctx)
	}), 0, collective.ErrClosed)
}

// Rule 4: a rank that closes while it waits is let go, and named.
func testCloseInside(t *testing.T, open Open) {
	groups := open(t, 3)
	errs := each(t, groups[:2], func(ctx context.Context, g collective.Group) error {
		if g.Rank() == 1 {
			time.AfterFunc(20*time.Millisecond, func() { g.Close() })
		}
		return g.Barrier(ctx)
	})
	for rank, err := range errs {
		if !errors.Is(err, collective.ErrClosed) {
			t.Errorf("rank %d got %v", rank, err)
		}
	}
	blames(t, errs, 1, nil)
}

// Rule 5: whatever a rank was to do next when it gave up, what was complete
// before is good on every rank, and what comes after is not on any.
func testGivesUp(t *testing.T, open Open) {
	for i, s := range steps {
		for culprit := range 3 {
			for how, reason := range map[string]error{"close": collective.ErrClosed, "cancel": context.Canceled} {
				t.Run(fmt.Sprintf("%s of rank %d before %s", how, culprit, s.name), func(t *testing.T) {
					groups := open(t, 3)
					blames(t, each(t, groups, func(ctx context.Context, g collective.Group) error {
						return givesUp(ctx, g, i, culprit, how)
					}), culprit, reason)
					again := each(t, groups, func(ctx context.Context, g collective.Group) error { return g.Barrier(ctx) })
					blames(t, again, culprit, reason)
					if again[culprit] == nil {
						t.Error("the rank that gave up goes on")
					}
				})
			}
		}
	}
}

// givesUp is a round in which one rank gives up before a step.
func givesUp(ctx context.Context, g collective.Group, step, culprit int, how string) error {
	const root = 1
	if err := round(ctx, g, root, 1); err != nil {
		return errors.New("the round before: " + err.Error()) // not what is awaited, so not wrapped
	}
	if g.Rank() != culprit {
		failed, err := roundFrom(ctx, g, root, 2, 0)
		if failed < step {
			return fmt.Errorf("step %d was complete: %s", failed, err.Error())
		}
		return err
	}
	for _, s := range steps[:step] {
		if err := s.call(ctx, g, root, 2); err != nil {
			return err
		}
	}
	if how == "close" {
		return g.Close()
	}
	gone, cancel := context.WithCancel(ctx)
	cancel()
	return steps[step].call(gone, g, root, 2)
}

// Rule 5: what is complete stays good, though a rank closes right after it.
func testFinished(t *testing.T, open Open) {
	for range 20 {
		all(t, open(t, 3), func(ctx context.Context, g collective.Group) error {
			if err := round(ctx, g, 0, 1); err != nil {
				return err
			}
			return g.Close()
		})
	}
}

// Rule 6: wrong arguments are not for the others to wait on.
func testArguments(t *testing.T, open Open) {
	for name, call := range map[string]func(ctx context.Context, g collective.Group) error{
		"negative root": func(ctx context.Context, g collective.Group) error {
			_, err := g.Broadcast(ctx, -1, nil)
			return err
		},
		"root too large": func(ctx context.Context, g collective.Group) error {
			_, err := g.Gather(ctx, g.Size(), nil)
			return err
		},
		"payloads": func(ctx context.Context, g collective.Group) error {
			_, err := g.Scatter(ctx, 0, [][]byte{nil, nil})
			return err
		},
	} {
		t.Run(name, func(t *testing.T) {
			errs := each(t, open(t, 3), func(ctx context.Context, g collective.Group) error {
				if g.Rank() == 0 {
					return call(ctx, g)
				}
				return g.Barrier(ctx)
			})
			for rank, err := range errs {
				if err == nil {
					t.Errorf("rank %d got no error", rank)
				}
			}
		})
	}
}

// Rule 7: no goroutine outlives Close, whoever closes first.
func testLeaks(t *testing.T, open Open) {
	before := runtime.NumGoroutine()
	for _, n := range sizes {
		groups := open(t, n)
		all(t, groups, func(ctx context.Context, g collective.Group) error {
			return errors.Join(round(ctx, g, 0, 1), g.Close())
		})
	}
	for start := time.Now(); runtime.NumGoroutine() > before; time.Sleep(10 * time.Millisecond) {
		if time.Since(start) > patience {
			t.Fatalf("%d goroutines, %d before", runtime.NumGoroutine(), before)
		}
	}
}
