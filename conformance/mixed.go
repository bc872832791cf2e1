package conformance

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"sync/atomic"
	"time"

	"github.com/godcp/godcp/fsbase"
)

// The checks here let different calls meet on one name. See raceChecks for what
// escapes.
var mixedChecks = []Check{
	{
		ID: "race/every-way", Clauses: []string{"W2", "R2", "C3", "C5", "C9"}, Level: Must, Profile: Atomic,
		Doc: "While a stream is replaced by swaps, Uploads or Copies, every reader finds one of the contents, whole.",
		run: checkReplaceRace,
	},
	{
		ID: "race/copy-source", Clauses: []string{"C9", "W2", "W9"}, Level: Must, Profile: Atomic, Needs: []Capability{Copier},
		Doc: "A Copy of a stream, small or large, that is being overwritten, by one or by several, has one of the contents, whole.",
		run: func(t *trial) {
			t.copyRace(max(10, t.env.limits.Rounds/4), 3000)
			t.copyRace(3, t.largeSize()/2)
			t.copyMeeting(max(4, t.env.limits.Rounds/10))
		},
	},
	{
		ID: "race/mixed-exclusive", Clauses: []string{"C2", "O6"}, Level: Must, Profile: Exclusive, Needs: []Capability{ExclusiveCreator},
		Doc: "Of streams, Uploads and Copies at once under one absent name exactly one succeeds.",
		run: func(t *trial) { t.amid(func() { t.mixedRace([]*trial{t}, "C2", ifAbsent) }) },
	},
	{
		ID: "race/mixed-swap", Clauses: []string{"C3", "O6"}, Level: Must, Profile: Swap, Needs: []Capability{Swapper},
		Doc: "Of streams, Uploads and Copies at once under one version exactly one succeeds.",
		run: func(t *trial) { t.amid(func() { t.mixedRace([]*trial{t}, "C3", ifVersion) }) },
	},
	{
		ID: "race/crossing", Clauses: []string{"O6"}, Level: Must, Profile: Core,
		Doc: "Renames and Copies of two names, of one folder and of two, to and fro at once, all return, and so does what removes them.",
		run: func(t *trial) {
			t.crossing("a", "b")
			t.crossing("x/a", "y/b")
		},
	},
}

func checkReplaceRace(t *trial) {
	contents := [2][]byte{content(1, 3000), content(2, 3001)}
	for i, w := range t.ways() {
		if w.cond == ifAbsent || w.clause == "W1" { // the latter is race/overwrite
			continue
		}
		p := t.path(fmt.Sprintf("dir-%d/a", i))
		info := t.put(p, contents[0])
		publish := [2]publication{}
		for j := range publish { // each Copy needs a source of its own
			own := t.on(t.fs)
			own.root = t.prefix(fmt.Sprintf("from-%d", j))
			publish[j] = w.begin(own, p, contents[j])
		}
		t.watch(max(10, t.env.limits.Rounds/4), func(round int) {
			cond := fsbase.Condition{}
			if w.cond == ifVersion {
				cond = fsbase.IfVersion(info.Version)
			}
			var err error
			if info, err = publish[1-round%2](t, cond); err != nil {
				t.errorf(w.clause, "%s to %q while it is read: %v", w.what, p, err)
			}
		}, func() { t.look(p, contents[:]) })
	}
}

// mixedRace lets every way under one kind of condition race every other and
// itself, spread over handles.
func (t *trial) mixedRace(handles []*trial, clause, cond string) {
	var ways []way
	for _, w := range t.ways() {
		if w.cond == cond {
			ways = append(ways, w)
		}
	}
	p := t.path("a")
	prepared := make([]publication, racers)
	for i := range prepared {
		own := t.on(t.fs)
		own.root = t.prefix(fmt.Sprintf("from-%d", i))
		prepared[i] = ways[i%len(ways)].begin(own, p, content(uint64(i+1), 200+i))
	}
	for round := range max(racers*racers, t.env.limits.Rounds/4) { // so that each meets each
		if t.failed() {
			return
		}
		c, _ := t.clear(way{cond: cond}, p, content(99, 50))
		var winners, won atomic.Int32
		n := contenders(round)
		distance := 1
		if n == 2 { // each meets each other in its turn
			distance += round / racers % (racers - 1)
		}
		t.together(n, func(i int) func() {
			i = (round + i*distance) % racers
			return func() {
				_, err := prepared[i](handles[i%len(handles)], c)
				switch {
				case err == nil:
					winners.Add(1)
					won.Store(int32(i))
				case cond == ifAbsent:
					t.wantLost(err, "round %d: %s to %q among %d", round, ways[i%len(ways)].what, p, n)
				default:
					t.wantIs(clause, err, fmt.Sprintf("round %d: %s to %q among %d", round, ways[i%len(ways)].what, p, n), fsbase.ErrPrecondition)
				}
			}
		})
		if won := winners.Load(); won != 1 {
			t.errorf(clause, "round %d: of %d commits of all kinds to %q%s %d succeeded", round, n, p, cond, won)
			return
		}
		i := int(won.Load())
		t.wantContent(clause, p, content(uint64(i+1), 200+i))
	}
}

// soon returns the same trial with a tenth of its time: for calls that a fault
// would let wait for each other.
func (t *trial) soon() (*trial, context.CancelFunc) {
	return t.atMostFor(t.env.limits.Timeout / 10)
}

func (t *trial) atMostFor(d time.Duration) (*trial, context.CancelFunc) {
	ctx, cancel := context.WithTimeout(t.ctx, d)
	return t.with(ctx), cancel
}

// crossing moves two names to and fro.
func (t *trial) crossing(one, other string) {
	hurried, cancel := t.soon()
	defer cancel()
	a, b := t.path(one), t.path(other)
	calls := []func() error{
		func() error { return hurried.fs.Rename(hurried.ctx, a, b) },
		func() error { return hurried.fs.Rename(hurried.ctx, b, a) },
		func() error {
			_, err := hurried.commit(hurried.createIf(a, fsbase.Condition{}), []byte("a"))
			return err
		},
		func() error {
			_, err := hurried.commit(hurried.createIf(b, fsbase.Condition{}), []byte("b"))
			return err
		},
	}
	if c, ok := fsbase.As[fsbase.Copier](t.fs); ok {
		calls = append(calls,
			func() error { _, err := c.Copy(hurried.ctx, a, b, fsbase.Condition{}); return err },
			func() error { _, err := c.Copy(hurried.ctx, b, a, fsbase.Condition{}); return err })
	}
	if r, ok := fsbase.As[fsbase.RemoveAller](t.fs); ok {
		calls = append(calls, func() (err error) {
			for _, err = range r.RemoveAll(hurried.ctx, a) {
			}
			return err
		})
	}
	t.each(len(calls), func(i int) {
		for range max(10, t.env.limits.Rounds/4) {
			err := calls[i]()
			// What is here is that all return: an honest "unknown" is an answer, too.
			told := errors.Is(err, fs.ErrNotExist) || errors.Is(err, fsbase.ErrChanged) || errors.Is(err, fsbase.ErrCommitUnknown)
			if err != nil && !told {
				t.errorf("O6", "call %d among renames and copies of two names to and fro: %v", i, err)
				return
			}
		}
	})
}
