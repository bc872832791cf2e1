package conformance

import (
	"slices"
	"sync"
	"sync/atomic"

	"github.com/godcp/godcp/fsbase"
)

var listBesideChecks = []Check{
	{
		// A temporary name that half of the listings which begin meanwhile
		// miss is seen in one of R/4 writes of every way but for 2^-50.
		ID: "list/beside-writes", Clauses: []string{"C8", "W1"}, Level: Must, Profile: List, Needs: []Capability{Lister},
		Doc: "Beside commits, Uploads, Copies and Renames a listing has their names alone: nothing temporary.",
		run: checkListBesideWrites,
	},
}

// wantListed is wantList for goroutines that are not the check's own: it does
// not end them.
func (t *trial) wantListed(clause, prefix string, names []string) {
	var got []string
	for info, err := range as[fsbase.Lister](t).List(t.ctx, prefix) {
		if err != nil {
			t.errorf(clause, "List(%q) after %d names: %v", prefix, len(got), err)
			return
		}
		got = append(got, info.Path)
	}
	if want := slices.Sorted(slices.Values(names)); !slices.Equal(got, want) {
		t.errorf(clause, "List(%q) yields %q instead of %q", prefix, got, want)
	}
}

func checkListBesideWrites(t *trial) {
	known := []string{t.path("copied"), t.path("dir/a"), t.path("dir/b")}
	p, q := known[1], known[2]
	lister := as[fsbase.Lister](t)
	var over atomic.Bool
	var listers sync.WaitGroup
	for range 2 {
		listers.Go(func() {
			defer t.guard()
			for !over.Load() && !t.failed() && t.ctx.Err() == nil {
				for info, err := range lister.List(t.ctx, t.prefix("")) {
					if err != nil {
						t.errorf("C8", "List beside writes: %v", err)
					} else if !slices.Contains(known, info.Path) {
						t.errorf("C8", "List beside writes of %q yields %q", known, info.Path)
					}
				}
			}
		})
	}
	defer listers.Wait() // also when this ends the check
	defer over.Store(true)
	for i, w := range t.ways() {
		for round := range max(4, t.env.limits.Rounds/4) {
			if t.failed() {
				return
			}
			data := content(uint64(i), 100*round)
			publish := w.begin(t, p, data)
			cond, _ := t.clear(w, p, nil)
			if _, err := publish(t, cond); err != nil {
				t.fatalf("%s to %q: %v", w.what, p, err)
			}
			if err := t.fs.Rename(t.ctx, p, q); err != nil {
				t.errorf("W1", "Rename(%q, %q) beside listings: %v", p, q, err)
			}
		}
	}
}
