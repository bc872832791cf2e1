package memfs

import (
	"fmt"
	"sync"
	"testing"

	"github.com/godcp/godcp/fsbase"
)

// Without sync the memory of what is gone is free some time.
func TestPendingIsBounded(t *testing.T) {
	f := New()
	loose := f.WithoutSync()
	for i := range 3 * maxPending {
		name := fmt.Sprint(i)
		if _, err := fsbase.WriteFile(t.Context(), loose, name, []byte("x")); err != nil {
			t.Fatal(err)
		}
		if err := loose.RmFile(t.Context(), name); err != nil {
			t.Fatal(err)
		}
	}
	if len(f.pending) > maxPending || len(f.durable) > maxPending {
		t.Errorf("%d changes are pending, %d files are kept", len(f.pending), len(f.durable))
	}
	// A synced change leaves nothing pending.
	g := New()
	if _, err := fsbase.WriteFile(t.Context(), g, "a", nil); err != nil {
		t.Fatal(err)
	}
	if len(g.pending) != 0 {
		t.Errorf("%d changes are pending", len(g.pending))
	}
}

// A storage and its clone share files under two locks: writing back changes
// none of them. The race detector sees it if it does.
func TestWriteBackBesideClone(t *testing.T) {
	f := New()
	if _, err := fsbase.WriteFile(t.Context(), f, "a", []byte("x")); err != nil {
		t.Fatal(err)
	}
	if err := f.WithoutSync().Rename(t.Context(), "a", "b"); err != nil {
		t.Fatal(err)
	}
	clone := f.CrashClone(CrashOptions{Percent: 100})
	var both sync.WaitGroup
	both.Go(func() { clone.Crash() })
	both.Go(func() {
		f.mu.Lock()
		defer f.mu.Unlock()
		f.writeBack()
	})
	both.Wait()
	if names := f.Crash().names; len(names) != 1 || names["b"] == nil {
		t.Errorf("written back: %v", names)
	}
}
