package conformance

import (
	"context"
	"errors"
	"fmt"
	"io/fs"

	"github.com/godcp/godcp/fsbase"
)

var swapChecks = []Check{
	{
		ID: "swap/current", Clauses: []string{"C3", "W1", "W4", "W11"}, Level: Must, Profile: Swap, Needs: []Capability{Swapper},
		Doc: "A swap of the version that is there is a write like any other.",
		run: checkSwapCurrent,
	},
	{
		ID: "swap/stale", Clauses: []string{"C3"}, Level: Must, Profile: Swap, Needs: []Capability{Swapper},
		Doc: "A swap of a version that was replaced is ErrPrecondition and changes nothing, also for large streams and if that is what is there.",
		run: checkSwapStale,
	},
	{
		ID: "swap/gone", Clauses: []string{"C3"}, Level: Must, Profile: Swap, Needs: []Capability{Swapper},
		Doc: "A swap of a name that is gone is ErrPrecondition and makes nothing.",
		run: checkSwapGone,
	},
	{
		ID: "swap/decided-at-commit", Clauses: []string{"C3"}, Level: Must, Profile: Swap, Needs: []Capability{Swapper},
		Doc: "The version counts at Commit.",
		run: checkSwapAtCommit,
	},
	{
		ID: "swap/no-version", Clauses: []string{"C3", "C4"}, Level: Must, Profile: Swap, Needs: []Capability{Swapper},
		Doc: `A swap of the version "" is fs.ErrInvalid: it is no version.`,
		run: func(t *trial) {
			p := t.path("a")
			for range 2 {
				_, err := t.commit(t.createSwap(p, ""), []byte("x"))
				t.wantIs("C4", err, fmt.Sprintf(`a swap of the version "" of %q`, p), fs.ErrInvalid)
				t.put(p, []byte("kept"))
			}
			t.wantContent("C3", p, []byte("kept"))
		},
	},
	{
		ID: "swap/cancelled", Clauses: []string{"O5", "W7"}, Level: Must, Profile: Swap, Needs: []Capability{Swapper},
		Doc: "CreateSwap and its Commit obey the context.",
		run: checkSwapCancelled,
	},
}

// createSwap is CreateSwap for commit.
func (t *trial) createSwap(p string, old fsbase.Version) func() (fsbase.WriteStream, error) {
	return func() (fsbase.WriteStream, error) { return as[fsbase.Swapper](t).CreateSwap(t.ctx, p, old) }
}

// wantStale demands the error of a lost swap.
func (t *trial) wantStale(err error, format string, args ...any) {
	what := fmt.Sprintf(format, args...)
	t.wantIs("C3", err, what, fsbase.ErrPrecondition)
	if errors.Is(err, fs.ErrExist) {
		t.errorf("C3", "%s: %v, which is also %q", what, err, fs.ErrExist)
	}
}

func checkSwapCurrent(t *trial) {
	p := t.path("a")
	before := content(0, 100)
	info := t.put(p, before)
	for i, n := range []int{100, 0, t.largeSize(), 3000} {
		data := content(uint64(i+1), n)
		w, err := t.createSwap(p, info.Version)()
		if err != nil {
			t.fatalf("CreateSwap(%q) of the current version: %v", p, err)
		}
		t.write(w, p, data)
		t.wantContent("W1", p, before)
		w.Close()
		t.wantContent("W4", p, before)
		next, err := t.commit(t.createSwap(p, info.Version), data)
		if err != nil {
			t.errorf("C3", "a swap of the current version of %q to %d bytes: %v", p, n, err)
			return
		}
		t.wantContent("W1", p, data)
		t.wantInfo("W11", "OpenStream", t.info(p), next)
		info, before = next, data
	}
}

func checkSwapStale(t *trial) {
	p := t.path("a")
	stale := t.put(p, content(1, 3000)).Version
	now := content(2, 3000) // of the same size: only the version tells
	current := t.put(p, now).Version
	for _, next := range [][]byte{content(3, 0), content(3, 3000), content(3, t.largeSize()), now} {
		_, err := t.commit(t.createSwap(p, stale), next)
		t.wantStale(err, "a swap to %d bytes of a version of %q that was replaced", len(next), p)
		t.wantContent("C3", p, now)
		if got := t.info(p).Version; got != current {
			t.errorf("C3", "a lost swap changes the version of %q from %q to %q", p, current, got)
		}
	}
}

func checkSwapGone(t *trial) {
	p, never := t.path("a"), t.path("never")
	v := t.put(p, content(1, 3000)).Version
	if err := t.fs.RmFile(t.ctx, p); err != nil {
		t.fatalf("RmFile(%q): %v", p, err)
	}
	for _, p := range []string{p, never} {
		_, err := t.commit(t.createSwap(p, v), content(2, 3000))
		t.wantStale(err, "a swap of %q, which is not there", p)
		t.wantAbsent("C3", p)
	}
}

func checkSwapAtCommit(t *trial) {
	p := t.path("a")
	for _, n := range []int{3000, t.largeSize()} { // of which a part may be sent before
		v := t.put(p, content(1, 3000)).Version
		w, err := t.createSwap(p, v)()
		if err != nil {
			t.fatalf("CreateSwap(%q) of the current version: %v", p, err)
		}
		defer w.Close()
		t.write(w, p, content(2, n))
		between := content(3, 3000)
		t.put(p, between)
		_, err = w.Commit()
		t.wantStale(err, "a swap by %d bytes of a version of %q that was replaced since CreateSwap", n, p)
		w.Close()
		t.wantContent("C3", p, between)
	}
}

func checkSwapCancelled(t *trial) {
	p := t.path("a")
	v := t.put(p, []byte("kept")).Version
	t.wantCancelled("CreateSwap", func(t *trial) error {
		_, err := t.commit(t.createSwap(p, v), []byte("x"))
		return err
	})
	t.wantContent("O5", p, []byte("kept"))
	ctx, cancel := context.WithCancel(t.ctx)
	defer cancel()
	w, err := t.with(ctx).createSwap(p, v)()
	if err != nil {
		t.fatalf("CreateSwap(%q): %v", p, err)
	}
	defer w.Close()
	t.write(w, p, []byte("x"))
	cancel()
	if _, err = w.Commit(); !errors.Is(err, context.Canceled) {
		t.errorf("W7", "Commit of a swap of %q after the end of the context: %v", p, err)
	}
	t.wantContent("W7", p, []byte("kept"))
}
