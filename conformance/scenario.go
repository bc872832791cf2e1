package conformance

import (
	"errors"
	"fmt"
)

// The checks here save a checkpoint and kill the saver before each of its calls
// in turn, in one goroutine: what they find they find every time.
var scenarioChecks = []Check{
	{
		ID: "scenario/fresh", Clauses: []string{"W1", "R6", "W9"}, Level: Must, Profile: Atomic,
		Doc: "A first checkpoint by 8 ranks, killed at any step, is whole or not there, and the next attempt succeeds.",
		run: func(t *trial) { t.killFresh(survivor) },
	},
	{
		ID: "scenario/overwrite", Clauses: []string{"W2", "R6", "W9"}, Level: Must, Profile: Atomic,
		Doc: "A checkpoint that replaces another, killed at any step, leaves the old one or the new one, whole.",
		run: func(t *trial) { t.killOverwrite(survivor) },
	},
	{
		ID: "scenario/fresh-crash", Clauses: []string{"W1", "W3", "W9"}, Level: Must, Profile: Durable, Needs: []Capability{CanCrash},
		Doc: "A first checkpoint that loses power at any step is whole or not there, and the next attempt succeeds.",
		run: func(t *trial) { t.killFresh((*trial).crashed) },
	},
	{
		ID: "scenario/overwrite-crash", Clauses: []string{"W2", "W3", "W9"}, Level: Must, Profile: Durable, Needs: []Capability{CanCrash},
		Doc: "A checkpoint that replaces another and loses power at any step leaves the old one or the new one, whole.",
		run: func(t *trial) { t.killOverwrite((*trial).crashed) },
	},
}

// survivor is what looks after a kill: another process, if there can be one.
func survivor(t *trial) *trial {
	if t.env.reopen != nil {
		return t.reopened()
	}
	return t
}

// saver returns a saver whose ranks are spread over two processes, if there
// can be two.
func (t *trial) saver(dir string, generation, calls int) *saver {
	s := &saver{dir: dir, generation: generation, calls: calls}
	handles := t.handles()
	for rank := range ranksOfSaver {
		s.ranks = append(s.ranks, handles[rank%len(handles)])
	}
	return s
}

// unharmed is how many calls a saver makes at most, and more.
const unharmed = 1000

// attempt runs a saver and returns false when it was killed.
func (t *trial) attempt(s *saver) bool {
	err := s.save()
	if err != nil && !errors.Is(err, errKilled) {
		t.errorf("W9", "generation %d in %q, in an attempt after others that were killed: %v", s.generation, s.dir, err)
	}
	return err == nil
}

// wantSet demands that the checkpoint in dir is the generation, whole: 0 for
// none.
func (t *trial) wantSet(clause, dir string, generation int, when string) {
	found, err := t.readSet(t.prefix(dir + "/manifest"))
	if err != nil || found.generation != generation {
		t.errorf(clause, "%s the manifest in %q is of generation %d instead of %d: %v", when, dir, found.generation, generation, err)
		return
	}
	for rank, name := range found.names {
		got, err := t.read(name)
		if d := difference(got, part(generation, rank)); err != nil || d != "" {
			t.errorf(clause, "%s the checkpoint in %q, of generation %d, lacks %q: %v, %s", when, dir, generation, name, err, d)
		}
	}
}

// killFresh saves into one new folder after the other. after returns what is
// found when the saver is dead.
func (t *trial) killFresh(after func(*trial) *trial) {
	killed := true
	for calls := 0; killed && !t.failed(); calls++ {
		dir := fmt.Sprintf("fresh-%d", calls)
		s := t.saver(dir, 1, calls)
		killed = !t.attempt(s)
		t = after(t)
		when := fmt.Sprintf("after a saver was killed at call %d", calls)
		want := 0
		if s.published {
			want = 1
		}
		t.wantSet(t.seen(), dir, want, when)
		again := t.saver(dir, 2, unharmed)
		if !t.failed() && t.attempt(again) {
			t.wantSet(t.seen(), dir, 2, when+", and another saver came,")
		}
		s.bury()
		again.bury()
		t.wantSet(t.seen(), dir, 2, when+", another came, and the streams of the first were closed,")
	}
}

// seen is the clause by which what was committed is there.
func (t *trial) seen() string {
	if t.check.Profile == Durable {
		return "W3"
	}
	return "R6"
}

// killOverwrite saves over one checkpoint again and again.
func (t *trial) killOverwrite(after func(*trial) *trial) {
	const dir = "over"
	first := t.saver(dir, 1, unharmed)
	if !t.attempt(first) {
		return
	}
	var graves []*saver
	defer func() {
		for _, s := range graves {
			s.bury()
		}
	}()
	there := 1
	for calls, killed := 0, true; killed && !t.failed(); calls++ {
		s := t.saver(dir, calls+2, calls)
		killed = !t.attempt(s)
		if s.published {
			there = s.generation
		}
		graves = append(graves, s)
		t = after(t)
		t.wantSet("W2", dir, there, fmt.Sprintf("after a saver was killed at call %d", calls))
	}
}
