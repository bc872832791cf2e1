package fsbase_test

import (
	"context"
	"errors"
	"io"
	"io/fs"
	"strings"
	"testing"

	"github.com/godcp/godcp/backends/memfs"
	"github.com/godcp/godcp/fsbase"
)

// last returns the error that a sequence ends with.
func last[T any](seq func(func(T, error) bool)) (err error) {
	for _, err = range seq {
	}
	return err
}

// calls are all package functions that take a path.
var calls = map[string]func(ctx context.Context, fsys fsbase.FileSystemBase, path string) error{
	"CreateExclusive": func(ctx context.Context, fsys fsbase.FileSystemBase, path string) error {
		_, err := fsbase.CreateExclusive(ctx, fsys, path)
		return err
	},
	"CreateSwap": func(ctx context.Context, fsys fsbase.FileSystemBase, path string) error {
		_, err := fsbase.CreateSwap(ctx, fsys, path, "v")
		return err
	},
	"CreateIf": func(ctx context.Context, fsys fsbase.FileSystemBase, path string) error {
		_, err := fsbase.CreateIf(ctx, fsys, path, fsbase.Condition{})
		return err
	},
	"Upload": func(ctx context.Context, fsys fsbase.FileSystemBase, path string) error {
		_, err := fsbase.Upload(ctx, fsys, path, strings.NewReader("x"), 1, fsbase.Condition{})
		return err
	},
	"WriteFile": func(ctx context.Context, fsys fsbase.FileSystemBase, path string) error {
		_, err := fsbase.WriteFile(ctx, fsys, path, nil)
		return err
	},
	"Publish": func(ctx context.Context, fsys fsbase.FileSystemBase, path string) error {
		_, err := fsbase.Publish(ctx, fsys, path, nil, fsbase.Condition{})
		return err
	},
	"Stat": func(ctx context.Context, fsys fsbase.FileSystemBase, path string) error {
		_, err := fsbase.Stat(ctx, fsys, path)
		return err
	},
	"ReadFile": func(ctx context.Context, fsys fsbase.FileSystemBase, path string) error {
		_, _, err := fsbase.ReadFile(ctx, fsys, path, 1)
		return err
	},
	"ReadRanges": func(ctx context.Context, fsys fsbase.FileSystemBase, path string) error {
		_, err := fsbase.ReadRanges(ctx, fsys, path, "", nil)
		return err
	},
	"Copy from": func(ctx context.Context, fsys fsbase.FileSystemBase, path string) error {
		_, err := fsbase.Copy(ctx, fsys, path, "to", fsbase.Condition{})
		return err
	},
	"Copy to": func(ctx context.Context, fsys fsbase.FileSystemBase, path string) error {
		_, err := fsbase.Copy(ctx, fsys, "from", path, fsbase.Condition{})
		return err
	},
	"List": func(ctx context.Context, fsys fsbase.FileSystemBase, path string) error {
		return last(fsbase.List(ctx, fsys, path))
	},
	"RemoveAll": func(ctx context.Context, fsys fsbase.FileSystemBase, path string) error {
		return last(fsbase.RemoveAll(ctx, fsys, path))
	},
}

// untouchable is a storage with every capability on which every call panics.
func untouchable() fsbase.FileSystemBase { return (*memfs.FS)(nil) }

func TestCallsCheckFirst(t *testing.T) {
	for name, call := range calls {
		for _, path := range []string{"../a", "/a", "a//b", "a/../b", "\xff"} {
			if err := call(t.Context(), untouchable(), path); !errors.Is(err, fs.ErrInvalid) {
				t.Errorf("%s(%q): %v", name, path, err)
			}
		}
		err := call(cancelled(t), untouchable(), "a")
		if !errors.Is(err, context.Canceled) {
			t.Errorf("%s under a cancelled context: %v", name, err)
		}
		wantIs(t, err)
	}
	for _, name := range []string{"CreateExclusive", "CreateSwap", "CreateIf", "Upload", "WriteFile", "Publish", "Copy to"} {
		if err := calls[name](t.Context(), untouchable(), "."); !errors.Is(err, fs.ErrInvalid) {
			t.Errorf("%s of the root: %v", name, err)
		}
	}
}

func TestCallsCheckConditions(t *testing.T) {
	none := fsbase.IfVersion("")
	_, createIf := fsbase.CreateIf(t.Context(), untouchable(), "a", none)
	_, createSwap := fsbase.CreateSwap(t.Context(), untouchable(), "a", "")
	_, upload := fsbase.Upload(t.Context(), untouchable(), "a", strings.NewReader("x"), 1, none)
	_, negative := fsbase.Upload(t.Context(), untouchable(), "a", strings.NewReader("x"), -1, fsbase.Condition{})
	_, copied := fsbase.Copy(t.Context(), untouchable(), "a", "b", none)
	_, published := fsbase.Publish(t.Context(), untouchable(), "a", nil, none)
	for _, err := range []error{createIf, createSwap, upload, negative, copied, published} {
		wantIs(t, err, fs.ErrInvalid)
	}
}

func TestCallsWithoutCapability(t *testing.T) {
	fsys := bare{memfs.New()}
	put(t, fsys, "a", "x")
	for _, name := range []string{"CreateExclusive", "CreateSwap", "Copy from", "Copy to", "List", "RemoveAll"} {
		wantIs(t, calls[name](t.Context(), fsys, "a"), errors.ErrUnsupported)
	}
	for _, cond := range []fsbase.Condition{fsbase.IfAbsent(), fsbase.IfVersion("v")} {
		_, err := fsbase.CreateIf(t.Context(), fsys, "b", cond)
		wantIs(t, err, errors.ErrUnsupported)
		_, err = fsbase.Upload(t.Context(), fsys, "b", strings.NewReader("x"), 1, cond)
		wantIs(t, err, errors.ErrUnsupported)
		_, err = fsbase.Publish(t.Context(), fsys, "b", nil, cond)
		wantIs(t, err, errors.ErrUnsupported)
	}
	_, err := fsbase.WithoutSync(fsys)
	wantIs(t, err, errors.ErrUnsupported)
	if got := fsbase.Limits(fsys); got != (fsbase.PartLimits{}) {
		t.Errorf("Limits: %+v", got)
	}
	if got := get(t, fsys, "b"); got != "absent" {
		t.Errorf("something was written: %q", got)
	}
	// What is no guarantee is done with what there is.
	want := put(t, fsys, "a", "y")
	if got, err := fsbase.Stat(t.Context(), fsys, "a"); err != nil || got != want {
		t.Errorf("Stat: %+v, %v; want %+v", got, err, want)
	}
	_, err = fsbase.Stat(t.Context(), fsys, "absent")
	wantIs(t, err, fs.ErrNotExist)
}

func TestCreateIf(t *testing.T) {
	fsys := memfs.New()
	v1 := put(t, fsys, "a", "1").Version
	commit := func(cond fsbase.Condition) error {
		w, err := fsbase.CreateIf(t.Context(), fsys, "a", cond)
		if err != nil {
			return err
		}
		defer w.Close()
		if _, err := io.WriteString(w, "2"); err != nil {
			return err
		}
		_, err = w.Commit()
		return err
	}
	wantIs(t, commit(fsbase.IfAbsent()), fs.ErrExist, fsbase.ErrPrecondition)
	if err := commit(fsbase.IfVersion(v1)); err != nil {
		t.Error(err)
	}
	wantIs(t, commit(fsbase.IfVersion(v1)), fsbase.ErrPrecondition)
	if err := commit(fsbase.Condition{}); err != nil {
		t.Error(err)
	}
}
