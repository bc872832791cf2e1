package conformance

import (
	"errors"
	"fmt"
	"io/fs"
	"sync/atomic"

	"github.com/godcp/godcp/fsbase"
)

// conditions demands C2 and C3 of a write that takes a Condition. write writes
// data; what names it in failures. A condition whose capability the backend
// lacks may be errors.ErrUnsupported.
func (t *trial) conditions(what string, data []byte, write func(p string, cond fsbase.Condition) (fsbase.Info, error)) {
	p := t.path("conditions/a")
	_ = t.fs.RmFile(t.ctx, p)
	_, err := write(p, fsbase.IfVersion(""))
	t.wantIs("C4", err, what+` under IfVersion("")`, fs.ErrInvalid)
	t.wantAbsent("C4", p)
	t.conditionAbsent(what, p, data, write)
	t.conditionVersion(what, p, data, write)
}

func (t *trial) conditionAbsent(what, p string, data []byte, write func(string, fsbase.Condition) (fsbase.Info, error)) {
	_, err := write(p, fsbase.IfAbsent())
	if errors.Is(err, errors.ErrUnsupported) && !has[fsbase.ExclusiveCreator](t.fs) {
		t.wantAbsent("C2", p)
		return
	} else if err != nil {
		t.errorf("C2", "%s to %q, which is absent, under IfAbsent: %v", what, p, err)
		return
	}
	t.wantContent("C2", p, data)
	before := content(1, 100)
	t.put(p, before)
	_, err = write(p, fsbase.IfAbsent())
	t.wantLost(err, "%s to %q, which is there, under IfAbsent", what, p)
	t.wantContent("C2", p, before)
	t.amid(func() { t.conditionRace(what, data, write) })
}

// conditionRace is exclusiveRace for writes that are one call.
func (t *trial) conditionRace(what string, data []byte, write func(string, fsbase.Condition) (fsbase.Info, error)) {
	rounds := t.env.limits.Rounds / 4
	if len(data) > 1<<20 {
		rounds = 2
	}
	for round := range rounds {
		p := t.path(fmt.Sprintf("conditions/round-%d", round))
		_ = t.fs.RmFile(t.ctx, p)
		var winners atomic.Int32
		t.together(4, func(int) func() {
			return func() {
				if _, err := write(p, fsbase.IfAbsent()); err == nil {
					winners.Add(1)
				} else {
					t.wantLost(err, "round %d: %s to %q under IfAbsent, among 4", round, what, p)
				}
			}
		})
		if n := winners.Load(); n != 1 {
			t.errorf("C2", "round %d: of 4 of %s to %q at once under IfAbsent %d succeeded", round, what, p, n)
			return
		}
	}
}

func (t *trial) conditionVersion(what, p string, data []byte, write func(string, fsbase.Condition) (fsbase.Info, error)) {
	before := content(1, len(data)) // of the same size: only the version tells
	stale := t.put(p, content(2, len(data))).Version
	current := t.put(p, before).Version
	_, err := write(p, fsbase.IfVersion(stale))
	if errors.Is(err, errors.ErrUnsupported) && !has[fsbase.Swapper](t.fs) {
		t.wantContent("C3", p, before)
		return
	}
	t.wantStale(err, "%s to %q under a version that was replaced", what, p)
	t.wantContent("C3", p, before)
	if _, err = write(p, fsbase.IfVersion(current)); err != nil {
		t.errorf("C3", "%s to %q under its version: %v", what, p, err)
	}
	t.wantContent("C3", p, data)
	if err := t.fs.RmFile(t.ctx, p); err != nil {
		t.fatalf("RmFile(%q): %v", p, err)
	}
	_, err = write(p, fsbase.IfVersion(current))
	t.wantStale(err, "%s to %q, which is gone, under a version", what, p)
	t.wantAbsent("C3", p)
}
