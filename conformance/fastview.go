package conformance

import (
	"bytes"
	"fmt"

	"github.com/godcp/godcp/fsbase"
)

var fastViewChecks = []Check{
	{
		ID: "capability/without-sync", Clauses: []string{"C11", "W1", "W4", "C2", "C3", "C5", "C9", "O7"}, Level: Must, Profile: Core,
		Needs: []Capability{Unsyncer},
		Doc:   "What WithoutSync returns has the same capabilities, shows nothing before Commit, keeps conditions, beside its file system, too, and publishes every byte.",
		run:   checkFastView,
	},
}

func checkFastView(t *trial) {
	fast := t.on(as[fsbase.Unsyncer](t).WithoutSync())
	for _, c := range missing(capabilitiesOf(t.fs), append(capabilitiesOf(fast.fs), Unsyncer)) {
		t.errorf("C11", "the file system has %s, and As does not find it in what WithoutSync returns", c)
	}
	for i, w := range fast.ways() {
		for _, n := range []int{0, 1, 5000, 300_000} {
			p, data := t.path(fmt.Sprintf("%d/%d", i, n)), content(uint64(i+2), n)
			publish := w.begin(fast, p, data)
			cond, before := fast.clear(w, p, nil)
			if _, err := publish(fast, cond); err != nil {
				t.errorf(w.clause, "%s of %d bytes to %q without sync: %v", w.what, n, p, err)
				continue
			}
			t.wantContent(w.clause, p, data)
			fast.wantContent(w.clause, p, data)
			fast.staysUnseen(w, p, before, data)
			fast.refusesStale(w, p, data)
		}
	}
	both := []*trial{t, fast}
	t.pairs(both, actWrite, actRemove)
	if has[fsbase.ExclusiveCreator](t.fs) {
		t.pairs(both, actExclusive, actRemove)
	}
	if has[fsbase.Swapper](t.fs) {
		t.pairs(both, actSwap, actRemove)
	}
	if c, ok := fsbase.As[fsbase.Uploader](fast.fs); ok {
		p, data := t.path("short"), content(1, 5000)
		if _, err := c.Upload(t.ctx, p, bytes.NewReader(data[:4999]), 5000, fsbase.Condition{}); err == nil {
			t.errorf("C5", "Upload without sync of 5000 bytes to %q from a source that has 4999: no error", p)
		}
		t.wantAbsent("C5", p)
	}
}

// staysUnseen demands that a stream of the way shows nothing before its Commit,
// and leaves nothing when it is closed.
func (t *trial) staysUnseen(w way, p string, before, data []byte) {
	if !w.isStream() {
		return
	}
	cond, before := t.clear(w, p, before)
	s, err := t.createIf(p, cond)()
	if err != nil {
		t.errorf(w.clause, "beginning a %s to %q: %v", w.what, p, err)
		return
	}
	defer s.Close()
	for rest := data; len(rest) > 0; {
		n := min(len(rest), 60_000)
		t.write(s, p, rest[:n])
		rest = rest[n:]
		t.wantStill("W1", p, before)
	}
	s.Close()
	t.wantStill("W4", p, before)
}

// refusesStale demands that a write under a condition that does not hold
// changes nothing.
func (t *trial) refusesStale(w way, p string, data []byte) {
	if w.cond == "" {
		return
	}
	publish := w.begin(t, p, data)
	cond := w.stale(t, p)
	there := t.info(p)
	_, err := publish(t, cond)
	if w.cond == ifAbsent {
		t.wantLost(err, "%s of %d bytes to %q, which is there", w.what, len(data), p)
	} else {
		t.wantStale(err, "%s of %d bytes to %q, of a version that was replaced", w.what, len(data), p)
	}
	t.wantInfo("C11", "OpenStream after a lost write", t.info(p), there)
}
