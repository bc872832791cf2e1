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
		ID: "faults/cancelled", Clauses: []string{"E4", "E1", "O6", "W9"}, Level: Must, Profile: Core, Needs: []Capability{CanRefuse},
		Doc: "A call whose context ends while the storage is too busy fails for the one reason or the other, and leaves the handle as it was.",
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
			if !errors.Is(err, context.Canceled) && !errors.Is(err, fsbase.ErrThrottled) {
				t.errorf("E4", "%s: %v", said, err)
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
	t.twoStreams("calls whose contexts ended while the storage was too busy")
	t.fruitless(parts)
}
