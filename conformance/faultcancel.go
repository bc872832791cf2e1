package conformance

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/godcp/godcp/fsbase"
)

var faultCancelChecks = []Check{
	{
		ID: "faults/cancelled", Clauses: []string{"E4", "E1", "W9"}, Level: Must, Profile: Core, Needs: []Capability{CanRefuse},
		Doc: "A call whose context ends while the storage is too busy fails for the one reason or the other, and leaves the handle as it was.",
		run: checkCancelledWhileRefused,
	},
}

// checkCancelledWhileRefused ends contexts while backends that ask again wait.
func checkCancelledWhileRefused(t *trial) {
	parts := 0
	for _, c := range t.storageCalls() {
		for _, wait := range []time.Duration{0, 200 * time.Microsecond, late} {
			var err error
			struck, ok := t.under(t.env.faults.Refuse, Fault{On: c.on}, func() {
				t.cancelledAmid(wait, func(t *trial) { err = c.run(t) })
			})
			if !ok {
				break
			}
			if struck > 0 {
				parts++
			}
			said := fmt.Sprintf("%s, which the storage is too busy for until the context ends,", c.what)
			t.wantTold(said, err)
			if struck > 0 && !errors.Is(err, context.Canceled) && !errors.Is(err, fsbase.ErrThrottled) {
				t.errorf("E4", "%s: %v", said, err)
			}
		}
	}
	t.twoStreams("calls whose contexts ended while the storage was too busy")
	t.fruitless(parts)
}
