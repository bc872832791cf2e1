package conformance

import (
	"time"

	"github.com/godcp/godcp/fsbase"
)

var againChecks = []Check{
	{
		ID: "info/versions-again", Clauses: []string{"C4"}, Level: Must, Profile: Core,
		Doc: "A name never has a version again that it had with another content: after its removal, by Rename, Copy or Upload.",
		run: checkVersionsAgain,
	},
	{
		ID: "info/times", Clauses: []string{"W12", "W11", "C6", "C7", "C8"}, Level: Must, Profile: Core,
		Doc: "The time of a content stays, whatever looks, and of writes one after the other the later has no earlier one.",
		run: checkTimes,
	},
}

func checkVersionsAgain(t *trial) {
	p, from := t.path("a"), t.path("from")
	had := map[fsbase.Version]string{}
	n := 0
	// Equal sizes and beginnings: only the end of a content is its own.
	next := func() []byte { n++; return append(content(1, 6000), content(uint64(n+10), 64)...) }
	note := func(by string) {
		v := t.info(p).Version
		if before, ok := had[v]; ok {
			t.errorf("C4", "%q has the version %q by %s, which it had with another content by %s", p, v, by, before)
		}
		had[v] = by
	}
	for range 5 {
		for _, w := range t.ways() {
			for _, before := range [][]byte{nil, next()} {
				if before == nil && w.cond == ifVersion {
					continue // what clear writes then is always the same content
				}
				publish := w.begin(t, p, next())
				cond, _ := t.clear(w, p, before)
				if w.cond == ifVersion || before != nil && w.cond == "" {
					note("a Commit before " + w.what)
				}
				if _, err := publish(t, cond); err != nil {
					t.fatalf("%s to %q: %v", w.what, p, err)
				}
				note(w.what)
			}
		}
		t.put(from, next())
		if err := t.fs.Rename(t.ctx, from, p); err != nil {
			t.fatalf("Rename(%q, %q): %v", from, p, err)
		}
		note("Rename")
	}
}

func checkTimes(t *trial) {
	p := t.path("a")
	for _, n := range append(t.atMost(t.parts()...), 11) { // begun first, and whole parts of it sent
		early := t.create(p)
		defer early.Close()
		t.write(early, p, content(1, n))
		time.Sleep(late)
		t.put(p, []byte("committed first"))
		before := t.info(p).ModTime
		if _, err := early.Commit(); err != nil {
			t.fatalf("Commit of %q: %v", p, err)
		}
		if now := t.info(p).ModTime; now.Before(before) {
			t.errorf("W12", "%q of %d bytes has the time %v, and was committed after a write at %v", p, n, now, before)
		}
	}
	t.timesOfCopies(p)
	var last time.Time
	for i := range 3 {
		for _, w := range t.ways() {
			publish := w.begin(t, p, content(uint64(i), 100))
			cond, _ := t.clear(w, p, content(9, 50))
			committed, err := publish(t, cond)
			if err != nil {
				t.fatalf("%s to %q: %v", w.what, p, err)
			}
			now := t.info(p).ModTime
			if now.Before(last) {
				t.errorf("W12", "%q was written at %v by %s, and before that at %v", p, now, w.what, last)
			}
			last = now
			if again := t.info(p).ModTime; !again.Equal(now) {
				t.errorf("W12", "%q was written at %v and, asked again, at %v", p, now, again)
			}
			if c := committed.ModTime; !c.IsZero() && !c.Equal(now) {
				t.errorf("W11", "%s to %q tells the time %v, OpenStream %v", w.what, p, c, now)
			}
			t.sameTimes(p, now)
		}
	}
}

// timesOfCopies replaces a stream by copies of what is older.
func (t *trial) timesOfCopies(p string) {
	for i, w := range t.waysOf("C9") {
		publish := w.begin(t, p, content(uint64(i), 100))
		time.Sleep(late)
		cond, before := t.clear(w, p, content(9, 50))
		if before == nil {
			continue
		}
		then := t.info(p).ModTime
		if _, err := publish(t, cond); err != nil {
			t.fatalf("%s to %q: %v", w.what, p, err)
		}
		if now := t.info(p).ModTime; now.Before(then) {
			t.errorf("W12", "%q was written at %v by %s, and before that at %v", p, now, w.what, then)
		}
	}
}

// sameTimes demands that whatever else looks at p tells its time, or none.
func (t *trial) sameTimes(p string, now time.Time) {
	if s, ok := fsbase.As[fsbase.Stater](t.fs); ok {
		if info, err := s.Stat(t.ctx, p); err != nil || !info.ModTime.Equal(now) {
			t.errorf("C7", "Stat(%q) tells the time %v, OpenStream %v: %v", p, info.ModTime, now, err)
		}
	}
	if l, ok := fsbase.As[fsbase.Lister](t.fs); ok {
		for info, err := range l.List(t.ctx, p) {
			if err != nil || info.Path == p && !info.ModTime.IsZero() && !info.ModTime.Equal(now) {
				t.errorf("C8", "List(%q) tells the time %v, OpenStream %v: %v", p, info.ModTime, now, err)
			}
		}
	}
	if r, ok := fsbase.As[fsbase.RangeReader](t.fs); ok {
		info, err := r.ReadRanges(t.ctx, p, "", []fsbase.Range{{Dst: make([]byte, 1)}})
		if err != nil || !info.ModTime.IsZero() && !info.ModTime.Equal(now) {
			t.errorf("C6", "ReadRanges of %q tells the time %v, OpenStream %v: %v", p, info.ModTime, now, err)
		}
	}
}
