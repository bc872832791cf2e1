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
	p, to, data := t.path("dir/a"), t.path("dir/b"), content(1, 3000)
	t.put(p, data)
	type call struct {
		what string
		on   Request
		run  func(t *trial) error
	}
	calls := []call{
		{"OpenStream and ReadAt", ToRead, func(t *trial) error { _, err := t.read(p); return err }},
		{"Exists", ToRead, func(t *trial) error { _, err := t.fs.Exists(t.ctx, p); return err }},
		{"RmFile", ToRemove, func(t *trial) error { return t.fs.RmFile(t.ctx, p) }},
		{"Rename", ToCommit, func(t *trial) error { return t.fs.Rename(t.ctx, p, to) }},
	}
	if l, ok := fsbase.As[fsbase.Lister](t.fs); ok {
		calls = append(calls, call{"List", ToList, func(t *trial) (last error) {
			for _, last = range l.List(t.ctx, t.prefix("dir/")) {
			}
			return last
		}})
	}
	if r, ok := fsbase.As[fsbase.RemoveAller](t.fs); ok {
		calls = append(calls, call{"RemoveAll", ToRemove, func(t *trial) (last error) {
			for _, last = range r.RemoveAll(t.ctx, t.prefix("dir/")) {
			}
			return last
		}})
	}
	for _, w := range t.ways() {
		if w.cond == "" {
			publish := w.begin(t, to, content(2, 3000))
			calls = append(calls, call{w.what, ToCommit, func(t *trial) error { _, err := publish(t, fsbase.Condition{}); return err }})
		}
	}
	parts := 0
	for _, c := range calls {
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
