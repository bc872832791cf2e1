package conformance

import (
	"errors"
	"fmt"
	"io/fs"
	"time"

	"github.com/godcp/godcp/fsbase"
)

var cancelPublishChecks = []Check{
	{
		// A fault that shows whenever the context ends within the call is met by
		// most of the moments.
		ID: "cancel/during-publish", Clauses: []string{"E3", "W1", "W2"}, Level: Must, Profile: Atomic,
		Doc: "In every way to publish, of every size: a call whose context ends while it runs has published if it is nil, and otherwise nothing, then or later, unless it is ErrCommitUnknown.",
		run: checkCancelledDuringPublish,
	},
	{
		// A request that nobody waits for any more may be on its way in one round,
		// not in many.
		ID: "cancel/during-remove", Clauses: []string{"O7", "O2"}, Level: Must, Profile: Core,
		Doc: "RmFile or Rename whose context ends while it runs does nothing to what is committed after it has returned.",
		run: checkCancelledDuringRemove,
	},
	{
		// What the first of two calls begins for both is met by most of the moments.
		ID: "cancel/others", Clauses: []string{"O6", "R7"}, Level: Must, Profile: Core,
		Doc: "A context that ends while its call runs ends no other call of the handle, also when the handle was idle before.",
		run: checkCancelOthers,
	},
}

func checkCancelledDuringPublish(t *trial) {
	for i, w := range t.ways() {
		for _, n := range []int{3000, t.largeSize()} {
			rounds := 8
			if n > 3000 {
				rounds = 3
			}
			data, before := content(uint64(i+2), n), content(1, 500)
			first := t.path(fmt.Sprintf("dir/%d-first", i))
			publish := w.begin(t, first, data)
			cond, _ := t.clear(w, first, before)
			var err error
			took := timed(func() { _, err = publish(t, cond) })
			if err != nil {
				t.fatalf("%s of %d bytes to %q: %v", w.what, n, first, err)
			}
			for j, wait := range moments(rounds, took) {
				p := t.path(fmt.Sprintf("dir/%d-%d-%d", i, n, j)) // of its own: what comes late disturbs no other
				publish := w.begin(t, p, data)
				cond, before := t.clear(w, p, before)
				t.cancelledAmid(wait, func(t *trial) { _, err = publish(t, cond) })
				said := fmt.Sprintf("%s of %d bytes, whose context ended meanwhile,", w.what, n)
				t.wantTold(said, err)
				t.truthful(said, p, err, before, data)
			}
		}
	}
}

func checkCancelledDuringRemove(t *trial) {
	p, to := t.path("dir/a"), t.path("dir/to")
	before, after := content(1, 500), content(2, 3000)
	for what, call := range map[string]func(t *trial) error{
		"RmFile": func(t *trial) error { return t.fs.RmFile(t.ctx, p) },
		"Rename": func(t *trial) error { return t.fs.Rename(t.ctx, p, to) },
	} {
		clause := map[string]string{"RmFile": "O2", "Rename": "O7"}[what]
		t.put(p, before)
		var err error
		took := timed(func() { err = call(t) })
		if err != nil {
			t.fatalf("%s(%q): %v", what, p, err)
		}
		hit := 0
		waits := moments(12, took)
		for _, wait := range waits {
			t.put(p, before)
			t.cancelledAmid(wait, func(t *trial) { err = call(t) })
			t.wantTold(what+", whose context ended meanwhile,", err)
			if _, rerr := t.read(p); err == nil && !errors.Is(rerr, fs.ErrNotExist) {
				t.errorf(clause, "%s(%q), whose context ended meanwhile, is nil, and the stream is there: %v", what, p, rerr)
			}
			t.put(p, after)
			time.Sleep(late)
			if got, rerr := t.read(p); !isContent(got, rerr, after) {
				hit++
			}
		}
		if hit > 2 {
			t.errorf("O7", "in %d of %d rounds %s(%q), which had returned when its context ended, took away what was committed afterwards", hit, len(waits), what, p)
		}
	}
}

func checkCancelOthers(t *trial) {
	p, whole := t.path("dir/a"), content(1, 70_000)
	t.put(p, whole)
	calls := map[string]func(t *trial) error{
		"OpenStream and ReadAt": func(t *trial) error { _, err := t.read(p); return err },
		"Exists":                func(t *trial) error { _, err := t.fs.Exists(t.ctx, p); return err },
		"Commit": func(t *trial) error {
			_, err := t.commit(t.createIf(t.path("dir/b"), fsbase.Condition{}), whole)
			return err
		},
	}
	for what, call := range calls {
		took := timed(func() { _ = call(t) })
		for _, wait := range moments(14, max(took, 400*time.Microsecond)) {
			time.Sleep(late + time.Millisecond) // what a handle has for a while is asked for anew
			t.together(2, func(i int) func() {
				if i == 0 {
					return func() { t.cancelledAmid(wait, func(t *trial) { _ = call(t) }) }
				}
				return func() {
					pause(wait / 2) // so that the other is the first
					if err := call(t); err != nil {
						t.errorf("O6", "%s beside another whose context ends: %v", what, err)
					}
				}
			})
		}
	}
}
