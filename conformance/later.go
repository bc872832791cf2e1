package conformance

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/godcp/godcp/fsbase"
)

// A write that has failed may come true when its check is long over. So one
// check begins before all others and looks at the end.
var laterChecks = []Check{
	{
		ID: "cancel/later", Clauses: []string{"W7", "C5"}, Level: Must, Profile: Atomic,
		Doc: "What was cancelled, or failed with its source, at the beginning of the suite is not published by its end either.",
		sow: sowFailures,
	},
}

// muchLater is how long after its failure a write is looked for, if the suite
// is over before that.
const muchLater = 1500 * time.Millisecond

// sowFailures lets writes fail under names that are absent and under names
// that are there, and returns the look at them.
func sowFailures(t *trial) (look func(t *trial)) {
	type unchanged struct {
		clause, what, path string
		before             []byte
	}
	var all []unchanged
	note := func(clause, what, p string, before []byte, err error) {
		if errors.Is(err, fsbase.ErrCommitUnknown) {
			return // it may arrive
		}
		if err == nil {
			t.errorf(clause, "%s to %q: no error", what, p)
		}
		all = append(all, unchanged{clause, what, p, before})
	}
	for i, w := range t.ways() {
		p, data := t.path(fmt.Sprintf("%d/a", i)), content(uint64(i), 3000)
		cond, before := t.clear(w, p, nil)
		ctx, cancel := context.WithCancel(t.ctx)
		own := t.with(ctx)
		switch {
		case w.isStream():
			note("W7", "a cancelled "+w.what, p, before, own.commitAfter(cancel, p, cond, data))
		case w.clause == "C5":
			src := &faultySource{data: data, failAt: -1, onRead: func(int64) { cancel() }}
			_, err := as[fsbase.Uploader](own).Upload(ctx, p, src, int64(len(data)), cond)
			note("W7", "a cancelled "+w.what, p, before, err)
			q := t.path(fmt.Sprintf("%d/b", i))
			cond, before = t.clear(w, q, nil)
			_, err = as[fsbase.Uploader](t).Upload(t.ctx, q, &faultySource{data: data, failAt: 2000}, int64(len(data)), cond)
			note("C5", w.what+" whose source fails,", q, before, err)
		}
		cancel()
	}
	failed := time.Now()
	return func(t *trial) {
		select {
		case <-time.After(time.Until(failed.Add(muchLater))):
		case <-t.ctx.Done():
		}
		for _, u := range all {
			if got, err := t.read(u.path); err == nil && difference(got, u.before) != "" {
				t.errorf(u.clause, "%s to %q: long after it failed %d bytes are there that were not", u.what, u.path, len(got))
			}
			t.wantStill(u.clause, u.path, u.before)
		}
	}
}

// sow begins those of the checks that begin before all others, each on a file
// system of its own, and returns the checks with what is left to do of these.
func sow(ctx context.Context, checks []Check, on func(Check) (env *environment, fsys fsbase.FileSystemBase, root string)) []Check {
	begun := make([]Check, len(checks))
	for i, c := range checks {
		if c.sow != nil {
			env, fsys, root := on(c)
			c.run = env.sown(ctx, c, fsys, root)
		}
		begun[i] = c
	}
	return begun
}

// sown begins one check, and returns the rest of it, which goes on with the
// file system and the folder of its beginning.
func (e *environment) sown(ctx context.Context, c Check, fsys fsbase.FileSystemBase, root string) func(t *trial) {
	var look func(*trial)
	first := &trial{record: &record{check: c}, fs: fsys, root: root, env: e}
	first.check.run = func(t *trial) { look = c.sow(t) }
	first.perform(ctx)
	return func(t *trial) {
		t.fs, t.root, t.env = fsys, root, e
		t.mu.Lock()
		t.names = append(t.names, first.names...)
		t.failures = append(t.failures, first.failures...)
		t.mu.Unlock()
		if look != nil {
			look(t)
		}
	}
}
