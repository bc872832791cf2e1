package conformance

import (
	"context"
	"fmt"
	"time"

	"github.com/godcp/godcp/fsbase"
)

var contextChecks = []Check{
	{
		ID: "cancel/every-way", Clauses: []string{"O5", "W7", "W2"}, Level: Must, Profile: Atomic,
		Doc: "However something is published, be it large: under a context that was cancelled or is past its deadline nothing is, and the error is the context's.",
		run: checkCancelEveryWay,
	},
	{
		ID: "cancel/after-commit", Clauses: []string{"W7", "W4"}, Level: Must, Profile: Atomic,
		Doc: "The end of its context takes nothing back that was published.",
		run: checkCancelAfterCommit,
	},
	{
		ID: "cancel/close", Clauses: []string{"W4", "R5"}, Level: Must, Profile: Core,
		Doc: "Close of a stream or a reader whose context is done discards as ever, and is nil.",
		run: checkCancelClose,
	},
	{
		ID: "cancel/one-of-two", Clauses: []string{"W9", "R7"}, Level: Must, Profile: Core,
		Doc: "The end of one stream's context is nothing to the others of its name.",
		run: checkCancelOneOfTwo,
	},
}

func checkCancelEveryWay(t *trial) {
	p := t.path("a")
	for _, w := range t.ways() {
		for _, c := range cancellations {
			publish := w.begin(t, p, content(3, 500))
			cond, before := t.clear(w, p, content(1, 300))
			ctx, end := c.make(t.ctx)
			if w.isStream() { // between Write and Commit
				err := t.with(ctx).commitAfter(end, p, cond, content(2, 400))
				t.wantIs("W7", err, fmt.Sprintf("%s to %q after the end of the context", w.what, p), c.want)
				t.wantStill("W2", p, before)
				if c.want == context.Canceled {
					ctx, end := c.make(t.ctx)
					err := t.with(ctx).commitAfter(end, p, cond, content(2, t.largeSize()))
					t.wantIs("W7", err, fmt.Sprintf("%s of %d bytes to %q after the end of the context", w.what, t.largeSize(), p), c.want)
					t.wantStill("W2", p, before)
				}
			}
			end()
			_, err := publish(t.with(ctx), cond)
			t.wantIs("O5", err, fmt.Sprintf("%s to %q under a done context", w.what, p), c.want)
			t.wantStill("W2", p, before)
		}
	}
}

// commitAfter is commit with something done between Write and Commit.
func (t *trial) commitAfter(something func(), p string, cond fsbase.Condition, data []byte) error {
	w, err := t.createIf(p, cond)()
	if err != nil {
		return err
	}
	defer w.Close()
	_, err = w.Write(data)
	something()
	if err == nil {
		_, err = w.Commit()
	}
	return err
}

func checkCancelAfterCommit(t *trial) {
	for i, w := range t.ways() {
		p, data := t.path(fmt.Sprintf("%d/a", i)), content(uint64(i), 3000)
		publish := w.begin(t, p, data)
		cond, _ := t.clear(w, p, nil)
		ctx, cancel := context.WithCancel(t.ctx)
		own := t.with(ctx)
		if w.isStream() {
			s, err := own.createIf(p, cond)()
			if err != nil {
				t.fatalf("beginning a %s to %q: %v", w.what, p, err)
			}
			t.write(s, p, data)
			if _, err := s.Commit(); err != nil {
				t.fatalf("%s to %q: %v", w.what, p, err)
			}
			cancel()
			if err := s.Close(); err != nil {
				t.errorf("W4", "Close of %q after %s and the end of its context: %v", p, w.what, err)
			}
		} else if _, err := publish(own, cond); err != nil {
			t.fatalf("%s to %q: %v", w.what, p, err)
		}
		cancel()
		time.Sleep(late)
		t.wantContent("W7", p, data)
	}
}

func checkCancelClose(t *trial) {
	fresh, old := t.path("fresh"), t.path("old")
	t.put(old, []byte("kept"))
	for _, p := range []string{fresh, old} {
		ctx, cancel := context.WithCancel(t.ctx)
		w := t.with(ctx).create(p)
		t.write(w, p, content(1, 300_000))
		t.write(w, p, content(2, 70_000))
		cancel()
		if p == old { // with a Write that failed, and without
			_, _ = w.Write(content(3, 70_000))
		}
		for i := range 2 {
			if err := w.Close(); err != nil {
				t.errorf("W4", "Close %d of a stream of %q whose context is done: %v", i+1, p, err)
			}
		}
	}
	t.wantAbsent("W4", fresh)
	t.wantContent("W4", old, []byte("kept"))
	ctx, cancel := context.WithCancel(t.ctx)
	r := t.with(ctx).open(old)
	cancel()
	for i := range 2 {
		if err := r.Close(); err != nil {
			t.errorf("R5", "Close %d of a reader of %q whose context is done: %v", i+1, old, err)
		}
	}
}

func checkCancelOneOfTwo(t *trial) {
	p, data := t.path("a"), content(1, 60_000)
	for i := range 2 {
		ctx, cancel := context.WithCancel(t.ctx)
		pair := [2]fsbase.WriteStream{}
		pair[i] = t.with(ctx).create(p)
		pair[1-i] = t.create(p)
		t.write(pair[i], p, content(2, 50_000))
		t.write(pair[1-i], p, data[:30_000])
		cancel()
		t.write(pair[1-i], p, data[30_000:])
		if _, err := pair[1-i].Commit(); err != nil {
			t.errorf("W9", "Commit of %q after the end of another stream's context: %v", p, err)
		}
		for _, w := range pair {
			w.Close()
		}
		t.wantContent("W9", p, data)
	}
	for i := range 2 {
		ctx, cancel := context.WithCancel(t.ctx)
		pair := [2]fsbase.ReadStream{}
		pair[i] = t.with(ctx).open(p)
		pair[1-i] = t.open(p)
		cancel()
		t.readAt(pair[1-i], p, data, 0, len(data))
		for _, r := range pair {
			r.Close()
		}
	}
}
