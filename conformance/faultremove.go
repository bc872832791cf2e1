package conformance

import (
	"fmt"
	"io/fs"

	"github.com/godcp/godcp/fsbase"
)

var faultRemoveChecks = []Check{
	{
		ID: "faults/refused-remove", Clauses: []string{"E4", "O2", "E1"}, Level: Must, Profile: Core, Needs: []Capability{CanRefuse},
		Doc: "RmFile that the storage is too busy for is ErrThrottled and the stream stays, or it is tried again and the stream is gone.",
		run: func(t *trial) { t.deniedRemove(t.env.faults.Refuse, fsbase.ErrThrottled) },
	},
	{
		ID: "faults/forbidden-remove", Clauses: []string{"E4", "O2", "E1"}, Level: Must, Profile: Core, Needs: []Capability{CanForbid},
		Doc: "RmFile that the caller may not make is fs.ErrPermission and the stream stays.",
		run: func(t *trial) { t.deniedRemove(t.env.faults.Forbid, fs.ErrPermission) },
	},
	{
		ID: "faults/refused-remove-all", Clauses: []string{"C10", "E4", "E1"}, Level: Must, Profile: List, Needs: []Capability{CanRefuse, RemoveAller},
		Doc: "RemoveAll that fails yields the failure and ends; what it yielded is gone and the rest is there.",
		run: func(t *trial) { t.deniedRemoveAll(t.env.faults.Refuse, fsbase.ErrThrottled) },
	},
	{
		ID: "faults/forbidden-remove-all", Clauses: []string{"C10", "E4", "E1"}, Level: Must, Profile: List, Needs: []Capability{CanForbid, RemoveAller},
		Doc: "The same of RemoveAll that the caller may not make, which is fs.ErrPermission.",
		run: func(t *trial) { t.deniedRemoveAll(t.env.faults.Forbid, fs.ErrPermission) },
	},
	{
		ID: "faults/refused-move", Clauses: []string{"E4", "O3", "C9", "E1"}, Level: Must, Profile: Core, Needs: []Capability{CanRefuse},
		Doc: "Rename and Copy that the storage is too busy for are ErrThrottled, or tried again and done; the content is not lost.",
		run: func(t *trial) { t.deniedMove(t.env.faults.Refuse, fsbase.ErrThrottled) },
	},
	{
		ID: "faults/forbidden-move", Clauses: []string{"E4", "O3", "C9", "E1"}, Level: Must, Profile: Core, Needs: []Capability{CanForbid},
		Doc: "Rename and Copy that the caller may not make, of the source or of the target, are fs.ErrPermission.",
		run: func(t *trial) { t.deniedMove(t.env.faults.Forbid, fs.ErrPermission) },
	},
}

// deniedRemove demands that removals which meet the fault are of a class, or
// succeed because they were tried again.
func (t *trial) deniedRemove(arm Arm, class error) {
	p := t.path("a")
	parts := 0
	for _, f := range []Fault{{On: ToRemove}, {On: ToRemove, Times: 1}, {On: ToRead}, {On: ToRead, Times: 1}} {
		t.put(p, []byte("kept"))
		var err error
		struck, ok := t.under(arm, f, func() { err = t.fs.RmFile(t.ctx, p) })
		switch {
		case !ok:
			continue
		case struck > 0:
			parts++
		case f.On == ToRemove && !t.failed():
			t.fatalf("the harness armed %+v, and no request met it", f)
		}
		if err == nil {
			t.wantAbsent("O2", p)
			continue
		}
		t.wantDenied(err, fmt.Sprintf("RmFile(%q), which the storage denies", p), class)
		t.wantTold("RmFile, which the storage denies", err)
		t.wantContent("O2", p, []byte("kept"))
	}
	t.fruitless(parts)
}

func (t *trial) deniedRemoveAll(arm Arm, class error) {
	parts := 0
	for _, f := range []Fault{{On: ToList}, {On: ToRemove}, {On: ToRemove, Skip: 3}} {
		names := t.putTree()
		gone := map[string]bool{}
		var last error
		_, ok := t.under(arm, f, func() {
			for name, err := range as[fsbase.RemoveAller](t).RemoveAll(t.ctx, t.prefix("tree/")) {
				if last != nil {
					t.errorf("C10", "RemoveAll goes on after the error %v", last)
				}
				if last = err; err == nil {
					gone[name] = true
				}
			}
		})
		if !ok {
			continue
		}
		parts++
		t.wantTold("RemoveAll, which the storage denies", last)
		if last != nil {
			t.wantDenied(last, "RemoveAll, which the storage denies", class)
		} else if len(gone) < len(names) {
			t.errorf("C10", "RemoveAll of %d names, of which the storage denies some, yields %d and no error", len(names), len(gone))
		}
		for _, n := range names {
			t.wantExists("C10", n, !gone[n])
		}
	}
	t.fruitless(parts)
}

// deniedMove lets each kind of request of a Rename and of a Copy meet the
// fault. One that does not make such requests is done.
func (t *trial) deniedMove(arm Arm, class error) {
	parts := 0
	t.eachMove(func(what, clause, from, to string, data []byte, move func() error) {
		for _, f := range []Fault{{On: ToRead}, {On: ToWrite}, {On: ToWrite, Skip: 1}, {On: ToCommit}, {On: ToRemove}} {
			t.put(from, data)
			t.remove(to)
			var err error
			struck, ok := t.under(arm, f, func() { err = move() })
			if !ok {
				continue
			}
			if struck > 0 {
				parts++
			}
			said := fmt.Sprintf("%s(%q, %q) of %d bytes, which the storage denies to %s after %d times,", what, from, to, len(data), f.On, f.Skip)
			t.wantTold(said, err)
			if err != nil {
				t.wantDenied(err, said, class)
			} else {
				t.wantMoved(what, clause, from, to, data)
			}
			if err != nil || what == "Copy" {
				t.kept(clause, said, err, from, to, data, what == "Copy")
			}
			before := content(9, 500)
			t.put(from, data)
			t.put(to, before)
			if _, ok := t.under(arm, f, func() { err = move() }); ok && err != nil {
				if got, rerr := t.read(to); !isContent(got, rerr, before) && !isContent(got, rerr, data) {
					t.errorf(clause, "%s over another stream returns %v, and has left neither: %v", said, err, rerr)
				}
			}
		}
	})
	t.fruitless(parts)
}

// eachMove calls f for a Rename and for a Copy, small and large.
func (t *trial) eachMove(f func(what, clause, from, to string, data []byte, move func() error)) {
	from, to := t.path("dir/from"), t.path("dir/to")
	for _, n := range []int{3000, t.largeSize()} {
		f("Rename", "O3", from, to, content(1, n), func() error { return t.fs.Rename(t.ctx, from, to) })
		if c, ok := fsbase.As[fsbase.Copier](t.fs); ok {
			f("Copy", "C9", from, to, content(1, n), func() error {
				_, err := c.Copy(t.ctx, from, to, fsbase.Condition{})
				return err
			})
		}
	}
}

// wantMoved demands what a move that is nil has done.
func (t *trial) wantMoved(what, clause, from, to string, data []byte) {
	t.wantContent(clause, to, data)
	if what == "Rename" {
		t.wantAbsent(clause, from)
	}
}

// kept demands that a move which failed has lost nothing and made nothing else:
// data is under from, or, of a Rename, under to.
func (t *trial) kept(clause, said string, err error, from, to string, data []byte, stays bool) {
	at := func(p string) bool {
		got, rerr := t.read(p)
		return isContent(got, rerr, data)
	}
	if !at(from) && (stays || !at(to)) {
		t.errorf(clause, "%s returns %v and has lost the content", said, err)
	}
}
