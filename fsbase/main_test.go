package fsbase_test

import (
	"context"
	"errors"
	"io/fs"
	"testing"

	"go.uber.org/goleak"

	"github.com/godcp/godcp/fsbase"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

// bare hides every capability of a file system.
type bare struct{ fsbase.FileSystemBase }

// put commits body.
func put(t testing.TB, fsys fsbase.FileSystemBase, path, body string) fsbase.Info {
	t.Helper()
	info, err := fsbase.WriteFile(t.Context(), fsys, path, []byte(body))
	if err != nil {
		t.Fatal(err)
	}
	return info
}

// get reads a stream, "absent" if it is not there.
func get(t testing.TB, fsys fsbase.FileSystemBase, path string) string {
	t.Helper()
	b, _, err := fsbase.ReadFile(t.Context(), fsys, path, 1<<30)
	if errors.Is(err, fs.ErrNotExist) {
		return "absent"
	}
	if err != nil {
		t.Fatal(err)
	}
	return string(b)
}

// list returns the names that have the prefix.
func list(t testing.TB, fsys fsbase.FileSystemBase, prefix string) []string {
	t.Helper()
	var names []string
	for info, err := range fsbase.List(t.Context(), fsys, prefix) {
		if err != nil {
			t.Fatal(err)
		}
		names = append(names, info.Path)
	}
	return names
}

// wantIs demands an *fs.PathError that is every one of targets.
func wantIs(t testing.TB, err error, targets ...error) {
	t.Helper()
	var pe *fs.PathError
	if !errors.As(err, &pe) {
		t.Errorf("no *fs.PathError: %T %v", err, err)
	}
	for _, target := range targets {
		if !errors.Is(err, target) {
			t.Errorf("%v is not %v", err, target)
		}
	}
}

func cancelled(t testing.TB) context.Context {
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	return ctx
}
