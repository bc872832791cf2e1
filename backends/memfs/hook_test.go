package memfs_test

import (
	"context"
	"errors"
	"io/fs"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"go.uber.org/goleak"

	"github.com/godcp/godcp/backends/memfs"
	"github.com/godcp/godcp/fsbase"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

func put(t testing.TB, fsys fsbase.FileSystemBase, path, body string) fsbase.Info {
	t.Helper()
	info, err := fsbase.WriteFile(t.Context(), fsys, path, []byte(body))
	if err != nil {
		t.Fatal(err)
	}
	return info
}

func get(t testing.TB, fsys fsbase.FileSystemBase, path string) string {
	t.Helper()
	b, _, err := fsbase.ReadFile(context.Background(), fsys, path, 1<<30)
	if errors.Is(err, fs.ErrNotExist) {
		return "absent"
	}
	if err != nil {
		t.Fatal(err)
	}
	return string(b)
}

func TestHookSeesEveryStep(t *testing.T) {
	for name, op := range operations {
		f := prepared(t)
		var got []string
		f.SetHook(func(_ context.Context, op memfs.Op) error {
			got = append(got, string(op.Phase)+" "+text(op))
			return nil
		})
		if err := op.run(t.Context(), f); err != nil {
			t.Errorf("%s: %v", name, err)
		}
		var want []string
		for step := range strings.SplitSeq(op.steps, ", ") {
			want = append(want, "before "+step, "after "+step)
		}
		if d := cmp.Diff(want, got); d != "" {
			t.Errorf("%s (-want +got):\n%s", name, d)
		}
		// Without sync it is the same without the last step.
		got = nil
		if err := op.run(t.Context(), f.WithoutSync()); err != nil && !errors.Is(err, fs.ErrNotExist) {
			t.Errorf("%s: %v", name, err)
		}
		if slices.ContainsFunc(got, func(s string) bool { return strings.Contains(s, "sync") }) {
			t.Errorf("%s WithoutSync: %v", name, got)
		}
	}
}

// An error at any step of any operation comes out; before the step that
// changes something it has no effect, after it the effect stays.
func TestHookFails(t *testing.T) {
	boom := errors.New("boom")
	for name, op := range operations {
		done := prepared(t)
		if err := op.run(t.Context(), done); err != nil {
			t.Fatal(err)
		}
		old, changed := state(t, prepared(t)), state(t, done)
		steps := 2 * len(strings.Split(op.steps, ", "))
		for k := range steps {
			f := prepared(t)
			visible := false // whether a step has changed something
			n := 0
			var at memfs.Op
			f.SetHook(func(_ context.Context, op memfs.Op) error {
				if n++; n == k+1 {
					at = op
					return boom
				}
				return nil
			})
			err := op.run(t.Context(), f)
			f.SetHook(nil)
			if !errors.Is(err, boom) {
				t.Errorf("%s with an error at %v: %v", name, at, err)
				continue
			}
			var pe *fs.PathError
			if !errors.As(err, &pe) {
				t.Errorf("%s: no *fs.PathError: %T %v", name, err, err)
			}
			switch at.Kind {
			case memfs.OpSync:
				visible = true
			case memfs.OpCommit, memfs.OpCopy, memfs.OpRename, memfs.OpRemove:
				visible = at.Phase == memfs.After
			}
			unknown := visible && (name == "write" || name == "upload" || name == "copy")
			if errors.Is(err, fsbase.ErrCommitUnknown) != unknown {
				t.Errorf("%s with an error at %v: %v", name, at, err)
			}
			if name == "remove all" {
				continue // is several changes
			}
			want := old
			if visible {
				want = changed
			}
			if d := cmp.Diff(want, state(t, f)); d != "" {
				t.Errorf("%s with an error at %v (-want +got):\n%s", name, at, d)
			}
			// A synced change is durable when its Sync has run, not before.
			durable := visible && at.Kind == memfs.OpSync && at.Phase == memfs.After
			if want = old; durable {
				want = changed
			}
			if d := cmp.Diff(want, state(t, f.Crash())); d != "" {
				t.Errorf("%s with an error at %v, after a power loss (-want +got):\n%s", name, at, d)
			}
		}
	}
}

// A context that ends while a hook blocks stops the operation, unless the
// change is visible already.
func TestHookBlocksUntilCancelled(t *testing.T) {
	for name, op := range operations {
		for k := range strings.Split(op.steps, ", ") {
			f := prepared(t)
			before := state(t, f)
			ctx, cancel := context.WithCancel(t.Context())
			n := 0
			var at memfs.Op
			f.SetHook(func(ctx context.Context, op memfs.Op) error {
				if op.Phase == memfs.Before {
					if n++; n == k+1 {
						at = op
						cancel()
						<-ctx.Done()
					}
				}
				return nil
			})
			err := op.run(ctx, f)
			f.SetHook(nil)
			cancel()
			finishing := at.Kind == memfs.OpSync || at.Kind == memfs.OpDiscard
			if finishing {
				if err != nil && name != "remove all" { // which has more to do

					t.Errorf("%s, cancelled before %v: %v", name, at, err)
				}
				continue
			}
			if !errors.Is(err, context.Canceled) {
				t.Errorf("%s, cancelled before %v: %v", name, at, err)
			}
			if d := cmp.Diff(before, state(t, f)); d != "" && name != "remove all" {
				t.Errorf("%s, cancelled before %v (-want +got):\n%s", name, at, d)
			}
		}
	}
}

// A failed Write is sticky, and hooks do not see a stream that is closed.
func TestHookOfWriteIsSticky(t *testing.T) {
	f := memfs.New()
	boom := errors.New("boom")
	w, err := f.CreateStream(t.Context(), "a")
	if err != nil {
		t.Fatal(err)
	}
	f.SetHook(func(_ context.Context, op memfs.Op) error {
		f.SetHook(nil) // once
		return boom
	})
	for range 2 {
		if _, err := w.Write([]byte("x")); !errors.Is(err, boom) {
			t.Errorf("Write: %v", err)
		}
	}
	if _, err := w.Commit(); !errors.Is(err, boom) {
		t.Errorf("Commit: %v", err)
	}
	f.SetHook(func(_ context.Context, op memfs.Op) error {
		t.Errorf("called with %v", op)
		return nil
	})
	if _, err := w.Commit(); !errors.Is(err, fs.ErrClosed) {
		t.Errorf("second Commit: %v", err)
	}
	if _, err := w.Write(nil); !errors.Is(err, fs.ErrClosed) {
		t.Errorf("Write after Commit: %v", err)
	}
	if err := w.Close(); err != nil {
		t.Errorf("Close: %v", err)
	}
	f.SetHook(nil)
	if got := get(t, f, "a"); got != "absent" {
		t.Errorf("published %q", got)
	}
}
