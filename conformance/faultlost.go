package conformance

import (
	"errors"
	"fmt"
	"io/fs"
	"slices"
	"sync/atomic"

	"github.com/godcp/godcp/fsbase"
)

// The checks here lose answers of what moves and removes: it is done, or half
// of it, and nobody says so.
var faultLostChecks = []Check{
	{
		ID: "faults/lost-refusal", Clauses: []string{"E3", "C2", "C3", "E1"}, Level: Must, Profile: Atomic, Needs: []Capability{CanLose},
		Doc: "A commit whose condition does not hold is not nil because the refusal is lost and another has published the same bytes.",
		run: checkLostRefusal,
	},
	{
		ID: "faults/lost-while-replaced", Clauses: []string{"E3", "W9", "W11", "E1"}, Level: Must, Profile: Atomic, Needs: []Capability{CanLose},
		Doc: "A commit whose answer is lost, and whose content others see and then replace or remove, is nil with its own Info, or ErrCommitUnknown.",
		run: checkLostWhileReplaced,
	},
	{
		ID: "faults/lost-move", Clauses: []string{"O3", "C9", "E1"}, Level: Must, Profile: Core, Needs: []Capability{CanLose},
		Doc: "Rename and Copy of which an answer is lost do not say that the source was absent, and have not lost the content.",
		run: checkLostMove,
	},
	{
		ID: "faults/lost-remove", Clauses: []string{"C10", "O2", "E1"}, Level: Must, Profile: Core, Needs: []Capability{CanLose},
		Doc: "RmFile of which an answer is lost says nothing else than that, and has removed nothing else; RemoveAll that is nil all the same has yielded every name.",
		run: checkLostRemove,
	},
}

func checkLostRemove(t *trial) {
	parts := 0
	p, beside := t.path("dir/a"), t.path("dir/ab")
	t.put(beside, []byte("kept"))
	for _, f := range []Fault{{On: ToRemove, Times: 1}, {On: ToRemove}, {On: ToRead, Times: 1}, {On: ToRead}} {
		t.put(p, []byte("x"))
		var err error
		struck, ok := t.under(t.env.faults.Lose, f, func() { err = t.fs.RmFile(t.ctx, p) })
		if !ok || struck == 0 {
			continue
		}
		parts++
		t.wantTold("RmFile, whose answer is lost,", err)
		if err == nil {
			t.wantAbsent("O2", p)
		}
		t.wantContent("O2", beside, []byte("kept"))
	}
	for skip := range 3 {
		if !has[fsbase.RemoveAller](t.fs) {
			break
		}
		names := t.putTree()
		slices.Sort(names)
		var got []string
		var last error
		struck, ok := t.under(t.env.faults.Lose, Fault{On: ToRemove, Skip: skip, Times: 1}, func() {
			for name, err := range as[fsbase.RemoveAller](t).RemoveAll(t.ctx, t.prefix("tree/")) {
				if last = err; err == nil {
					got = append(got, name)
				}
			}
		})
		if !ok || struck == 0 {
			continue
		}
		parts++
		t.wantTold("RemoveAll, of which an answer is lost,", last)
		slices.Sort(got)
		if last == nil && !slices.Equal(got, names) {
			t.errorf("C10", "RemoveAll of %d names, of which an answer is lost, yields %q and no error", len(names), got)
		}
	}
	t.fruitless(parts)
}

func checkLostMove(t *trial) {
	parts := 0
	t.eachMove(func(what, clause, from, to string, data []byte, move func() error) {
		for _, f := range []Fault{
			{On: ToRead}, {On: ToRead, Times: 1}, {On: ToWrite, Times: 1}, {On: ToWrite, Skip: 1, Times: 1}, {On: ToCommit, Times: 1}, {On: ToRemove, Times: 1},
		} {
			t.put(from, data)
			t.remove(to)
			var err error
			struck, ok := t.under(t.env.faults.Lose, f, func() { err = move() })
			if !ok || struck == 0 {
				continue
			}
			parts++
			said := fmt.Sprintf("%s(%q, %q) of %d bytes, of which the answer to %s is lost,", what, from, to, len(data), f.On)
			t.wantTold(said, err)
			switch {
			case err == nil:
				t.wantMoved(what, clause, from, to, data)
			case errors.Is(err, fs.ErrNotExist):
				t.errorf(clause, "%s: %v, yet the source was there", said, err)
			}
			t.kept(clause, said, err, from, to, data, what == "Copy")
		}
	})
	t.fruitless(parts)
}

func checkLostRefusal(t *trial) {
	parts := 0
	for i, w := range t.ways() {
		if w.cond == "" {
			continue
		}
		for _, n := range []int{3000, t.largeSize()} {
			p, data := t.path(fmt.Sprintf("dir/%d", i)), content(1, n)
			publish := w.begin(t, p, data)
			cond := w.stale(t, p)
			t.put(p, data)
			var err error
			struck, ok := t.under(t.env.faults.Lose, Fault{On: ToCommit, Times: 1}, func() { _, err = publish(t, cond) })
			if !ok || struck == 0 {
				continue // it looks first
			}
			parts++
			said := fmt.Sprintf("%s of %d bytes to %q, which others have published there, and whose refusal is lost,", w.what, n, p)
			t.wantTold(said, err)
			if err == nil {
				t.errorf(w.condition(), "%s is nil", said)
			}
			t.wantContent("C2", p, data)
		}
	}
	t.fruitless(parts)
}

func checkLostWhileReplaced(t *trial) {
	parts := 0
	for i, w := range t.ways() {
		rounds := max(16, t.env.limits.Rounds/4)
		if w.cond == ifAbsent { // of which others have to be quick to be taken for the first
			rounds *= 4
		}
		p, data := t.path(fmt.Sprintf("dir/%d", i)), content(uint64(i+2), 3000)
		for round := range rounds {
			struck := t.lostWhileReplaced(w, p, data, round%2 == 0)
			if !struck || t.failed() {
				break
			}
			parts++
		}
	}
	t.twoStreams("commits whose answers were lost")
	t.fruitless(parts)
}

// lostWhileReplaced publishes data and loses the answer, while others remove it
// as soon as they see it, or replace it. It returns false when the harness
// cannot.
func (t *trial) lostWhileReplaced(w way, p string, data []byte, removed bool) bool {
	publish := w.begin(t, p, data)
	cond, before := t.clear(w, p, content(1, 500))
	seen := func() bool {
		if before == nil {
			there, err := t.fs.Exists(t.ctx, p)
			return there && err == nil
		}
		got, err := t.read(p)
		return isContent(got, err, data)
	}
	next := t.create(p)
	defer next.Close()
	t.write(next, p, content(99, 70))
	var info, other fsbase.Info
	var err error
	var over atomic.Bool
	took := false
	struck, ok := t.under(t.env.faults.Lose, Fault{On: ToCommit, Times: 1}, func() {
		t.together(2, func(i int) func() {
			if i == 0 {
				return func() {
					defer over.Store(true)
					info, err = publish(t, cond)
				}
			}
			return func() {
				for !over.Load() && !took {
					took = seen()
				}
				if took && removed {
					t.remove(p)
				} else if took {
					other, _ = next.Commit()
				}
			}
		})
	})
	if !ok || struck == 0 {
		return false
	}
	said := fmt.Sprintf("%s of %d bytes to %q, whose answer is lost, and which others see and take away,", w.what, len(data), p)
	t.wantTold(said, err)
	switch {
	case err == nil && (info.Size != int64(len(data)) || info.Version == other.Version):
		t.errorf("W11", "%s tells the size %d, version %q, and the others' is %q", said, info.Size, info.Version, other.Version)
	case err != nil && took && !errors.Is(err, fsbase.ErrCommitUnknown):
		t.errorf("E3", "%s: %v, which is not %q", said, err, fsbase.ErrCommitUnknown)
	}
	return true
}
