package mutants

import (
	"context"
	"errors"
	"sync"

	"github.com/godcp/godcp/fsbase"
)

var errHeld = errors.New("somebody else is writing this")

// holding makes faults in which a stream under a condition holds its name, as
// by a lock file, until it ends.
func holding(which func(fsbase.Condition) bool) faults {
	var mu sync.Mutex
	held := map[string]int{}
	hold := func(p string, n int) int {
		mu.Lock()
		defer mu.Unlock()
		held[p] += n
		return held[p]
	}
	return faults{create: func(v *variant, ctx context.Context, p string, cond fsbase.Condition) (fsbase.WriteStream, error) {
		w, err := v.Store.create(ctx, p, cond)
		if err != nil || !which(cond) {
			return begun(w, err)
		}
		if hold(p, 1) > 1 {
			hold(p, -1)
			return nil, failed("create", p, errHeld)
		}
		release := sync.OnceFunc(func() { hold(p, -1) })
		return &stream{
			writer: w,
			commit: func() (fsbase.Info, error) { defer release(); return w.Commit() },
			close:  func() error { release(); return w.Close() },
		}, nil
	}}
}

// last is a commit and what it replaced.
type last struct {
	path   string
	before object
	there  bool
}

// lagging makes faults in which a commit becomes durable when the next one
// does.
func lagging() faults {
	var mu sync.Mutex
	commits := map[*disk]last{}
	return faults{
		writer: func(v *variant, w *writer, _ fsbase.Condition) fsbase.WriteStream {
			return &stream{writer: w, commit: func() (fsbase.Info, error) {
				before, there := v.get(w.path)
				info, err := w.Commit()
				if err == nil {
					mu.Lock()
					defer mu.Unlock()
					commits[v.disk] = last{w.path, before, there}
				}
				return info, err
			}}
		},
		crash: func(v *variant) *Store {
			after := v.crashed()
			mu.Lock()
			defer mu.Unlock()
			if l, ok := commits[v.disk]; ok && l.there {
				after.disk.files[l.path], after.disk.durable[l.path] = l.before, l.before
			} else if ok {
				after.unlink(l.path)
			}
			return after
		},
	}
}

var scenarioMutants = []Mutant{
	{
		Name:   "an exclusive stream that nobody closes holds its name",
		Kills:  []string{"scenario/fresh", "exclusive/decided-at-commit"},
		faults: holding(fsbase.Condition.Absent),
	},
	{
		Name:   "a swap that nobody closes holds its name",
		Kills:  []string{"scenario/overwrite"},
		faults: holding(func(c fsbase.Condition) bool { return c.Version() != "" }),
	},
	{
		Name:   "a commit becomes durable with the next one",
		Kills:  []string{"scenario/fresh-crash", "scenario/overwrite-crash", "durable/commit", "durable/swap"},
		faults: lagging(),
	},
}
