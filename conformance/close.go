package conformance

import (
	"context"
	"fmt"
	"io/fs"
	"slices"

	"github.com/godcp/godcp/fsbase"
)

var closeChecks = []Check{
	{
		ID: "write/close-discards", Clauses: []string{"W4"}, Level: Must, Profile: Atomic,
		Doc: "Close without Commit leaves what was there.",
		run: checkCloseDiscards,
	},
	{
		ID: "write/close-again", Clauses: []string{"W4"}, Level: Must, Profile: Core,
		Doc: "Close after Commit, and Close again, are nil and change nothing.",
		run: checkCloseAgain,
	},
	{
		ID: "write/residue", Clauses: []string{"W4"}, Level: Must, Profile: Atomic, Needs: []Capability{CanResidue},
		Doc: "No temporary file stays of writes of any size that were closed, committed, refused or short, and of Copies of nothing.",
		run: checkResidue,
	},
	{
		ID: "write/closed", Clauses: []string{"W5"}, Level: Must, Profile: Core,
		Doc: "Write and Commit after Commit or Close are fs.ErrClosed and change nothing.",
		run: checkWriteClosed,
	},
}

func checkCloseDiscards(t *trial) {
	fresh, old := t.path("dir/fresh"), t.path("dir/old")
	before := content(1, 3000)
	t.put(old, before)
	for _, n := range []int{0, 1, 300_000} {
		for _, p := range []string{fresh, old} {
			w := t.create(p)
			t.write(w, p, content(2, n))
			if err := w.Close(); err != nil {
				t.errorf("W4", "Close after a Write of %d bytes to %q: %v", n, p, err)
			}
		}
		t.wantAbsent("W4", fresh)
		t.wantContent("W4", old, before)
	}
}

func checkCloseAgain(t *trial) {
	p, data := t.path("a"), content(1, 3000)
	w := t.create(p)
	t.write(w, p, data)
	if _, err := w.Commit(); err != nil {
		t.fatalf("Commit of %q: %v", p, err)
	}
	for i := range 2 {
		if err := w.Close(); err != nil {
			t.errorf("W4", "Close %d after Commit of %q: %v", i+1, p, err)
		}
	}
	t.wantContent("W4", p, data)
	w = t.create(p)
	for i := range 2 {
		if err := w.Close(); err != nil {
			t.errorf("W4", "Close %d without Commit of %q: %v", i+1, p, err)
		}
	}
	t.wantContent("W4", p, data)
}

// residue returns what lies about that is no stream.
func (t *trial) residue() []string {
	names, err := t.env.residue(t.ctx, t.fs)
	if err != nil {
		t.fatalf("the harness cannot tell the residue: %v", err)
	}
	return names
}

// noteResidue lets wantNoResidue leave out what lies about now, in a storage that
// checks share: commits that ended as ErrCommitUnknown may leave some.
func (t *trial) noteResidue() {
	if t.root != "" {
		t.lay = t.residue()
	}
}

// wantNoResidue demands that nothing but streams lies about.
func (t *trial) wantNoResidue(after string) {
	names := slices.DeleteFunc(t.residue(), func(name string) bool { return slices.Contains(t.lay, name) })
	if len(names) > 0 {
		t.errorf("W4", "after %s there is %q", after, names)
	}
}

func checkResidue(t *trial) {
	residue := t.wantNoResidue
	t.noteResidue()
	residue("nothing at all")
	p := t.path("dir/a")
	w := t.create(p)
	t.write(w, p, content(1, 300_000))
	w.Close()
	residue("Close")
	t.put(p, content(2, 300_000))
	residue("Commit")
	for _, w := range t.ways() {
		_, _ = w.begin(t, p, content(3, 300_000))(t, w.stale(t, p))
		residue(w.what + ", which is lost if it has a condition,")
		_, _ = w.begin(t, p, content(3, 300_000))(t.cancelled(), w.stale(t, p))
		residue(w.what + " under a done context")
		ctx, cancel := context.WithCancel(t.ctx)
		if w.isStream() {
			_ = t.with(ctx).commitAfter(cancel, p, w.stale(t, p), content(3, 300_000))
			residue(w.what + " whose context ended before Commit")
		}
		if w.clause == "C5" {
			for _, src := range []*faultySource{
				{data: content(3, 300_000), failAt: 200_000},
				{data: content(3, 300_000), failAt: -1, onRead: func(int64) { cancel() }},
			} {
				_, _ = as[fsbase.Uploader](t).Upload(ctx, p, src, 300_000, w.stale(t, p))
				residue(w.what + ", which fails or is cancelled")
			}
		}
		cancel()
	}
	t.largeResidue()
	for range 3 {
		_, _ = t.read(p)
		_ = t.fs.Rename(t.ctx, p, t.path("dir/b"))
		_ = t.fs.RmFile(t.ctx, t.path("dir/b"))
	}
	residue("Rename and RmFile")
}

func checkWriteClosed(t *trial) {
	p, data := t.path("a"), content(1, 3000)
	for _, end := range []string{"Commit", "Close"} {
		w := t.create(p)
		t.write(w, p, data)
		if end == "Close" {
			w.Close()
		} else if _, err := w.Commit(); err != nil {
			t.fatalf("Commit of %q: %v", p, err)
		}
		_, err := w.Write([]byte("late"))
		t.wantIs("W5", err, fmt.Sprintf("Write to %q after %s", p, end), fs.ErrClosed)
		_, err = w.Commit()
		t.wantIs("W5", err, fmt.Sprintf("Commit of %q after %s", p, end), fs.ErrClosed)
		w.Close()
		t.wantContent("W5", p, data)
	}
}
