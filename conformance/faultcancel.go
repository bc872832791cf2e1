package conformance

import (
	"context"
	"errors"
	"fmt"
	"sync"
	"time"

	"github.com/godcp/godcp/fsbase"
)

var faultCancelChecks = []Check{
	{
		ID: "faults/cancelled", Clauses: []string{"E4", "E1", "O6", "O7", "W9"}, Level: Must, Profile: Core, Needs: []Capability{CanRefuse},
		Doc: "A call whose context is cancelled, or past its deadline, while the storage is too busy fails for the one reason or the other, leaves the handle as it was, and does nothing later.",
		run: checkCancelledWhileRefused,
	},
}

// checkCancelledWhileRefused ends contexts while backends that ask again wait.
func checkCancelledWhileRefused(t *trial) {
	const rounds = 70 // more than what a handle gives out at once
	parts := 0
	for _, c := range t.storageCalls() {
		said := fmt.Sprintf("%s, which the storage is too busy for until the context ends,", c.what)
		done := false
		for round := range rounds {
			wait := 100 * time.Microsecond
			if round%20 == 0 {
				wait = late
			}
			ctx, cancel := context.WithCancel(t.ctx)
			if round%2 == 1 {
				ctx = overdue{ctx, t.ctx}
			}
			call := c.begin(t.with(ctx))
			var other sync.WaitGroup
			var err error
			struck, ok := t.under(t.env.faults.Refuse, Fault{On: c.on}, func() {
				other.Go(func() {
					pause(wait)
					cancel()
				})
				err = call()
			})
			cancel()
			want := ctx.Err()
			other.Wait()
			done = struck == 0 && err == nil // without such a request
			if done || !ok || t.failed() {
				break
			}
			if struck == 0 { // the context ended before
				continue
			}
			parts++
			t.wantTold(said, err)
			if !errors.Is(err, want) && !errors.Is(err, fsbase.ErrThrottled) {
				t.errorf("E4", "%s which says %v: %v", said, want, err)
			}
		}
		soon, cancel := t.soon()
		if err := c.begin(soon)(); err != nil && !done {
			t.errorf("O6", "%s is called when the storage is not busy any more: %v", said, err)
		}
		if cancel(); t.failed() {
			return
		}
	}
	if t.removedLater() {
		parts++
	}
	t.twoStreams("calls whose contexts ended while the storage was too busy")
	t.fruitless(parts)
}

// overdue is a context whose deadline passes when ended is done. What is derived
// from it asks it, not ended, since it does not hand ended's values out.
type overdue struct {
	ended  context.Context
	values context.Context
}

func (o overdue) Deadline() (time.Time, bool) { return time.Time{}, false }
func (o overdue) Done() <-chan struct{}       { return o.ended.Done() }
func (o overdue) Value(key any) any           { return o.values.Value(key) }

func (o overdue) Err() error {
	if o.ended.Err() != nil {
		return context.DeadlineExceeded
	}
	return nil
}

// removedLater ends the context of removals that would be asked for again, and
// writes afterwards. It returns false when the harness cannot refuse them.
func (t *trial) removedLater() bool {
	p, before, after := t.path("removed"), content(1, 500), content(2, 3000)
	hit, struck := 0, 0
	const rounds = 24
	for round := range rounds {
		t.put(p, before)
		var err error
		n, ok := t.under(t.env.faults.Refuse, Fault{On: ToRemove, Times: 1}, func() {
			t.cancelledAmid(time.Duration(round)*50*time.Microsecond, func(t *trial) { err = t.fs.RmFile(t.ctx, p) })
		})
		if !ok {
			return false
		}
		struck += n
		t.put(p, after)
		time.Sleep(late)
		if got, rerr := t.read(p); !isContent(got, rerr, after) {
			hit++
		}
		t.wantTold("RmFile, whose context ended meanwhile,", err)
	}
	if hit > 2 {
		t.errorf("O7", "in %d of %d rounds RmFile(%q), which the storage was too busy for and which had returned when its context ended, took away what was committed afterwards", hit, rounds, p)
	}
	return struck > 0
}
