package conformance

import (
	"errors"
	"fmt"
	"io/fs"
	"time"

	"github.com/godcp/godcp/fsbase"
)

var faultCommitChecks = []Check{
	{
		ID: "faults/lost-commit", Clauses: []string{"E3", "W1", "W2", "W11", "E1"}, Level: Must, Profile: Atomic, Needs: []Capability{CanLose},
		Doc: "A commit whose answer is lost is nil with its content and its Info there, or ErrCommitUnknown, or an error with nothing done.",
		run: checkLostCommit,
	},
	{
		ID: "faults/publish-settles", Clauses: []string{"E3"}, Level: Must, Profile: Atomic, Needs: []Capability{CanLose},
		Doc: "Publish finds out what became of a commit whose answer was lost.",
		run: checkPublishSettles,
	},
	{
		ID: "faults/refused-commit", Clauses: []string{"E4", "W1", "W2", "W5", "E1"}, Level: Must, Profile: Atomic, Needs: []Capability{CanRefuse},
		Doc: "A commit that the storage is too busy for is tried again or ErrThrottled, then with nothing done, and the stream is closed; a later one succeeds.",
		run: func(t *trial) { t.deniedCommit(t.env.faults.Refuse, fsbase.ErrThrottled) },
	},
	{
		ID: "faults/forbidden-commit", Clauses: []string{"E4", "W1", "W2", "W5", "E1"}, Level: Must, Profile: Atomic, Needs: []Capability{CanForbid},
		Doc: "A commit that the caller may not make is fs.ErrPermission and nothing is done.",
		run: func(t *trial) { t.deniedCommit(t.env.faults.Forbid, fs.ErrPermission) },
	},
	{
		ID: "faults/refused-write", Clauses: []string{"W6", "W9", "E4", "E1"}, Level: Must, Profile: Atomic, Needs: []Capability{CanRefuse},
		Doc: "A part of a stream that the storage refuses fails the Write, or the Commit, which publishes nothing, and no other stream afterwards.",
		run: func(t *trial) { t.deniedWrite(t.env.faults.Refuse, fsbase.ErrThrottled) },
	},
	{
		ID: "faults/forbidden-write", Clauses: []string{"W6", "W9", "E4", "E1"}, Level: Must, Profile: Atomic, Needs: []Capability{CanForbid},
		Doc: "The same of a part that the caller may not write, and what is written after it changes nothing.",
		run: func(t *trial) { t.deniedWrite(t.env.faults.Forbid, fs.ErrPermission) },
	},
}

// eachCommit calls f for every way to publish, over what is there and over
// nothing.
func (t *trial) eachCommit(f func(w way, p string, before, data []byte)) {
	for i, w := range t.ways() {
		p, data := t.path(fmt.Sprintf("dir/%d", i)), content(uint64(i+2), 3000)
		f(w, p, content(1, 500), data)
		if w.cond == "" {
			f(w, p, nil, data)
		}
	}
}

func checkLostCommit(t *trial) {
	parts := 0
	for _, times := range []int{1, 0} {
		t.eachCommit(func(w way, p string, before, data []byte) {
			if t.lostCommit(w, p, before, data, times) {
				parts++
			}
		})
	}
	t.fruitless(parts)
}

// lostCommit publishes data over before, and loses so many answers. It returns
// false when the harness cannot.
func (t *trial) lostCommit(w way, p string, before, data []byte, times int) bool {
	publish := w.begin(t, p, data)
	cond, before := t.clear(w, p, before)
	var info fsbase.Info
	var err error
	if !t.mustStrike(t.env.faults.Lose, Fault{On: ToCommit, Times: times}, func() { info, err = publish(t, cond) }) {
		return false
	}
	what := fmt.Sprintf("%s of %d bytes, whose answer is lost,", w.what, len(data))
	t.wantTold(what, err)
	t.truthful(what, p, err, before, data)
	if err == nil {
		t.wantSameInfo(what, p, info)
	}
	return true
}

// late is how long a check waits for what may still be under way although the
// call has returned.
const late = 5 * time.Millisecond

// truthful demands that err, of a write of data over before, is what happened.
func (t *trial) truthful(what, p string, err error, before, data []byte) {
	switch {
	case err == nil:
		t.wantContent("W1", p, data)
	case errors.Is(err, fsbase.ErrCommitUnknown):
		t.wantOneOf("W2", what, p, before, data)
	default:
		published := false
		t.compare(p, func(got []byte, rerr error) { published = isContent(got, rerr, data) })
		if published {
			t.errorf("E3", "%s to %q has published, yet says %v", what, p, err)
			return
		}
		time.Sleep(late)
		t.wantStill("W2", p, before)
	}
}

// wantStill demands that path has what it had before: nil for nothing.
func (t *trial) wantStill(clause, p string, before []byte) {
	if before == nil {
		t.wantAbsent(clause, p)
	} else {
		t.wantContent(clause, p, before)
	}
}

func checkPublishSettles(t *trial) {
	parts := 0
	for i, w := range t.waysOf("W1", "C2", "C3") {
		p, data := t.path("a"), content(uint64(i+2), 3000)
		cond, _ := t.clear(w, p, content(1, 500))
		var info fsbase.Info
		var err error
		if !t.mustStrike(t.env.faults.Lose, Fault{On: ToCommit, Times: 1}, func() {
			info, err = fsbase.Publish(t.ctx, t.fs, p, data, cond)
		}) {
			continue
		}
		parts++
		if err != nil {
			t.errorf("E3", "Publish to %q%s, whose first answer is lost: %v", p, w.cond, err)
			continue
		}
		t.wantContent("E3", p, data)
		t.wantInfo("E3", "OpenStream after Publish", t.info(p), info)
	}
	t.fruitless(parts)
}

// deniedCommit demands that commits which meet the fault are of a class, or
// succeed because they were tried again.
func (t *trial) deniedCommit(arm Arm, class error) {
	parts := 0
	for _, times := range []int{0, 1} {
		t.eachCommit(func(w way, p string, before, data []byte) {
			publish := w.begin(t, p, data)
			cond, before := t.clear(w, p, before)
			var err error
			if !t.mustStrike(arm, Fault{On: ToCommit, Times: times}, func() { _, err = publish(t, cond) }) {
				return
			}
			parts++
			if err == nil {
				t.wantContent("W1", p, data)
				return
			}
			t.wantDenied(err, fmt.Sprintf("%s to %q, which the storage denies", w.what, p), class)
			t.wantTold(w.what+", which the storage denies", err)
			time.Sleep(late)
			t.wantStill("W2", p, before)
			publish = w.begin(t, p, data)
			if cond, _ = t.clear(w, p, before); t.failed() {
				return
			}
			if _, err := publish(t, cond); err != nil {
				t.errorf("E4", "%s to %q, which the storage does not deny any more: %v", w.what, p, err)
			}
			t.wantContent("W1", p, data)
		})
	}
	for i, w := range t.waysOf("W1", "C2", "C3") {
		t.deniedTwice(arm, w, t.path(fmt.Sprintf("dir/twice-%d", i)))
	}
	t.fruitless(parts)
}

// deniedTwice commits a stream again that the storage has denied, when it would
// not any more.
func (t *trial) deniedTwice(arm Arm, w way, p string) {
	cond, before := t.clear(w, p, content(1, 500))
	s, err := t.createIf(p, cond)()
	if err != nil {
		t.fatalf("beginning a %s to %q: %v", w.what, p, err)
	}
	defer s.Close()
	t.write(s, p, content(2, 3000))
	if !t.mustStrike(arm, Fault{On: ToCommit}, func() { _, err = s.Commit() }) || err == nil {
		return
	}
	_, err = s.Commit()
	t.wantIs("W5", err, fmt.Sprintf("the second %s of one stream to %q, of which the storage has denied the first", w.what, p), fs.ErrClosed)
	t.wantStill("W5", p, before)
}

// deniedWrite lets Writes meet the fault, the first of many or all, and goes on
// writing as if nothing were.
func (t *trial) deniedWrite(arm Arm, class error) {
	fresh, old := t.path("fresh"), t.path("old")
	before, part := content(1, 3000), content(2, 1<<20)
	t.put(old, before)
	parts := 0
	for _, times := range []int{0, 1} {
		for _, p := range []string{fresh, old} {
			var werr, err error
			_, ok := t.under(arm, Fault{On: ToWrite, Times: times}, func() {
				w := t.create(p)
				defer w.Close()
				for n := 0; n < t.largeSize() && werr == nil; n += len(part) {
					_, werr = w.Write(part)
				}
				if werr != nil {
					_, _ = w.Write(part)
				}
				_, err = w.Commit()
			})
			t.wantTold("Write, which the storage denies", werr)
			t.wantTold("Commit of what the storage denied", err)
			switch {
			case !ok:
				continue
			case werr != nil:
				t.wantDenied(werr, fmt.Sprintf("Write to %q, which the storage denies", p), class)
				if err == nil {
					t.errorf("W6", "Commit of %q after a Write that failed is nil", p)
				}
			}
			if parts++; err == nil { // nothing was sent before Commit, or it was sent again
				t.remove(fresh)
				t.put(old, before)
				continue
			}
			t.wantAbsent("W6", fresh)
			t.wantContent("W6", old, before)
			t.twoStreams("a Write that the storage denied")
		}
	}
	t.fruitless(parts)
}
