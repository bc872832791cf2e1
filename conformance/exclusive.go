package conformance

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"sync/atomic"

	"github.com/godcp/godcp/fsbase"
)

var exclusiveChecks = []Check{
	{
		ID: "exclusive/creates", Clauses: []string{"C2", "W1", "W4", "W11"}, Level: Must, Profile: Exclusive, Needs: []Capability{ExclusiveCreator},
		Doc: "CreateExclusive of an absent name is a write like any other.",
		run: checkExclusiveCreates,
	},
	{
		ID: "exclusive/refuses", Clauses: []string{"C2"}, Level: Must, Profile: Exclusive, Needs: []Capability{ExclusiveCreator},
		Doc: "CreateExclusive of what is there is ErrPrecondition and fs.ErrExist, at creation or at Commit, also for large streams.",
		run: checkExclusiveRefuses,
	},
	{
		ID: "exclusive/same-content", Clauses: []string{"C2"}, Level: Must, Profile: Exclusive, Needs: []Capability{ExclusiveCreator},
		Doc: "A commit under an absent name is refused by what is there, also if that is the same content.",
		run: func(t *trial) {
			p, data := t.path("a"), content(1, 3000)
			for _, w := range t.ways() {
				if w.cond != ifAbsent {
					continue
				}
				publish := w.begin(t, p, data)
				t.put(p, data)
				_, err := publish(t, fsbase.IfAbsent())
				t.wantLost(err, "%s of the content that %q has", w.what, p)
				t.wantContent("C2", p, data)
			}
		},
	},
	{
		ID: "exclusive/decided-at-commit", Clauses: []string{"C2"}, Level: Must, Profile: Exclusive, Needs: []Capability{ExclusiveCreator},
		Doc: "The name counts at Commit: one that was taken meanwhile refuses, one that was freed accepts.",
		run: checkExclusiveAtCommit,
	},
	{
		// A check-then-act whose window is hit in one round of 10 escapes R/2
		// rounds with 0.9^100 = 0.003 % at the default of 200. Of a backend in
		// memory that takes its lock twice, with nothing in between, it was one
		// of 8 amid others and one of 1000 without, on two busy processors.
		ID: "exclusive/race", Clauses: []string{"C2", "O6"}, Level: Must, Profile: Exclusive, Needs: []Capability{ExclusiveCreator},
		Doc: "Of many commits at once under one absent name exactly one succeeds, and its content is there.",
		run: func(t *trial) { t.amid(func() { t.exclusiveRace([]*trial{t}, t.env.limits.Rounds/2) }) },
	},
	{
		ID: "exclusive/race-large", Clauses: []string{"C2"}, Level: Must, Profile: Exclusive, Needs: []Capability{ExclusiveCreator},
		Doc: "Of two large commits at once under one absent name exactly one succeeds.",
		run: checkExclusiveRaceLarge,
	},
	{
		ID: "exclusive/cancelled", Clauses: []string{"O5", "W7"}, Level: Must, Profile: Exclusive, Needs: []Capability{ExclusiveCreator},
		Doc: "CreateExclusive and its Commit obey the context.",
		run: checkExclusiveCancelled,
	},
}

// createExclusive is CreateExclusive for commit.
func (t *trial) createExclusive(p string) func() (fsbase.WriteStream, error) {
	return func() (fsbase.WriteStream, error) { return as[fsbase.ExclusiveCreator](t).CreateExclusive(t.ctx, p) }
}

func checkExclusiveCreates(t *trial) {
	for _, n := range []int{0, 3000, t.largeSize()} {
		p, data := t.path(fmt.Sprintf("new/folder/%d", n)), content(1, n)
		w, err := t.createExclusive(p)()
		if err != nil {
			t.errorf("C2", "CreateExclusive(%q), which is absent: %v", p, err)
			continue
		}
		t.write(w, p, data)
		t.wantAbsent("W1", p)
		w.Close()
		t.wantAbsent("W4", p)
		info, err := t.commit(t.createExclusive(p), data)
		if err != nil {
			t.errorf("C2", "committing %q, which is absent: %v", p, err)
			continue
		}
		t.wantContent("W1", p, data)
		t.wantInfo("W11", "OpenStream", t.info(p), info)
	}
}

// wantLost demands the error of a lost create-if-absent.
func (t *trial) wantLost(err error, format string, args ...any) {
	t.wantIs("C2", err, fmt.Sprintf(format, args...), fsbase.ErrPrecondition, fs.ErrExist)
}

func checkExclusiveRefuses(t *trial) {
	p, data := t.path("a"), content(1, 3000)
	t.put(p, data)
	version := t.info(p).Version
	for _, n := range []int{0, 3000, t.largeSize()} {
		_, err := t.commit(t.createExclusive(p), content(2, n))
		t.wantLost(err, "an exclusive commit of %d bytes to %q, which is there", n, p)
		t.wantContent("C2", p, data)
		if got := t.info(p).Version; got != version {
			t.errorf("C2", "a lost exclusive commit changes the version of %q from %q to %q", p, version, got)
		}
	}
}

func checkExclusiveAtCommit(t *trial) {
	for i, taker := range []string{"exclusive", "plain", "large"} {
		p, n := t.path(taker), 5000
		if taker == "large" { // of which a part may be sent before
			n = t.largeSize()
		}
		late, err := t.createExclusive(p)()
		if err != nil {
			t.fatalf("CreateExclusive(%q), which is absent: %v", p, err)
		}
		defer late.Close()
		t.write(late, p, content(9, n))
		first := content(uint64(i), 300)
		create := t.createExclusive(p)
		if taker != "exclusive" {
			create = func() (fsbase.WriteStream, error) { return t.fs.CreateStream(t.ctx, p) }
		}
		if _, err := t.commit(create, first); err != nil {
			t.errorf("C2", "the first commit of %q while an exclusive stream of it is open: %v", p, err)
			continue
		}
		_, err = late.Commit()
		t.wantLost(err, "an exclusive commit of %q, which was taken since CreateExclusive", p)
		late.Close()
		t.wantContent("C2", p, first)
		if err := t.fs.RmFile(t.ctx, p); err != nil {
			t.fatalf("RmFile(%q): %v", p, err)
		}
		if _, err := t.commit(t.createExclusive(p), first); err != nil {
			t.errorf("C2", "an exclusive commit of %q, which was removed: %v", p, err)
		}
	}
}

// exclusiveRace lets racers, spread over handles, commit under one absent
// name, again and again.
func (t *trial) exclusiveRace(handles []*trial, rounds int) {
	for round := range rounds {
		if t.failed() {
			return
		}
		p := t.path(fmt.Sprintf("round-%d", round))
		var winners, won atomic.Int32
		n := contenders(round)
		t.together(n, func(i int) func() {
			h := handles[i%len(handles)]
			w, err := h.createExclusive(p)()
			began := err == nil
			if began {
				_, err = w.Write(content(uint64(i), 100+i))
			}
			return func() {
				if err == nil {
					_, err = w.Commit()
				}
				if began {
					w.Close()
				}
				if err == nil {
					winners.Add(1)
					won.Store(int32(i))
				} else {
					t.wantLost(err, "round %d: an exclusive commit of %q among %d", round, p, n)
				}
			}
		})
		if won := winners.Load(); won != 1 {
			t.errorf("C2", "round %d: of %d exclusive commits of %q %d succeeded", round, n, p, won)
			return
		}
		i := int(won.Load())
		for _, h := range handles {
			h.wantContent("C2", p, content(uint64(i), 100+i))
		}
	}
}

func checkExclusiveRaceLarge(t *trial) {
	n := t.largeSize()
	contents := [2][]byte{content(1, n), content(2, n)}
	for round := range 3 {
		p := t.path(fmt.Sprintf("round-%d", round))
		var errs [2]error
		t.together(2, func(i int) func() {
			w, err := t.createExclusive(p)()
			if err != nil {
				return func() { errs[i] = err }
			}
			_, err = w.Write(contents[i])
			return func() {
				if err == nil {
					_, err = w.Commit()
				}
				w.Close()
				errs[i] = err
			}
		})
		if (errs[0] == nil) == (errs[1] == nil) {
			t.errorf("C2", "round %d: two exclusive commits of %d bytes to %q end with %v and %v", round, n, p, errs[0], errs[1])
			continue
		}
		winner := 0
		if errs[0] != nil {
			winner = 1
		}
		t.wantLost(errs[1-winner], "round %d: the loser of two exclusive commits of %d bytes to %q", round, n, p)
		t.wantContent("C2", p, contents[winner])
	}
}

func checkExclusiveCancelled(t *trial) {
	p := t.path("a")
	t.wantCancelled("CreateExclusive", func(t *trial) error {
		_, err := t.commit(t.createExclusive(p), []byte("x"))
		return err
	})
	t.wantAbsent("O5", p)
	ctx, cancel := context.WithCancel(t.ctx)
	defer cancel()
	w, err := t.with(ctx).createExclusive(p)()
	if err != nil {
		t.fatalf("CreateExclusive(%q): %v", p, err)
	}
	defer w.Close()
	t.write(w, p, []byte("x"))
	cancel()
	if _, err = w.Commit(); !errors.Is(err, context.Canceled) {
		t.errorf("W7", "an exclusive Commit of %q after the end of the context: %v", p, err)
	}
	t.wantAbsent("W7", p)
}
