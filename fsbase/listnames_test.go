package fsbase_test

import (
	"context"
	"errors"
	"io/fs"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/godcp/godcp/backends/memfs"
	"github.com/godcp/godcp/fsbase"
)

func TestListNames(t *testing.T) {
	fsys := memfs.New()
	for _, name := range []string{"b", "a/b", "a/a", "ab", "a"} {
		put(t, fsys, name, name)
	}
	told := []string{"ab", "b", "a/removed", "a/b", "ab", "a/a", "a", "a/b"}
	listNames := func(prefix string, more int) (got []string) {
		for info, err := range fsbase.ListNames(t.Context(), fsys, prefix, func() ([]string, error) { return told, nil }) {
			if err != nil || info.Size != int64(len(info.Path)) {
				t.Fatalf("%+v, %v", info, err)
			}
			if got = append(got, info.Path); len(got) == more {
				break
			}
		}
		return got
	}
	for prefix, want := range map[string][]string{
		"": {"a", "a/a", "a/b", "ab", "b"}, "a": {"a", "a/a", "a/b", "ab"}, "a/": {"a/a", "a/b"}, "c": nil,
	} {
		if d := cmp.Diff(want, listNames(prefix, -1)); d != "" {
			t.Errorf("prefix %q (-want +got)\n%s", prefix, d)
		}
	}
	if d := cmp.Diff([]string{"a", "a/a"}, listNames("a", 2)); d != "" {
		t.Errorf("stopped after two (-want +got)\n%s", d)
	}
}

func TestListNamesFails(t *testing.T) {
	boom := errors.New("boom")
	names := func() ([]string, error) { return []string{"a", "b"}, nil }
	for name, c := range map[string]struct {
		seq  func(yield func(fsbase.Info, error) bool)
		want error
	}{
		"names":  {fsbase.ListNames(t.Context(), memfs.New(), "", func() ([]string, error) { return []string{"a"}, boom }), boom},
		"prefix": {fsbase.ListNames(t.Context(), memfs.New(), "../", names), fs.ErrInvalid},
		"stat":   {fsbase.ListNames(t.Context(), forbidden{memfs.New()}, "", names), fs.ErrPermission},
	} {
		n := 0
		for _, err := range c.seq {
			n++
			wantIs(t, err, c.want)
		}
		if n != 1 {
			t.Errorf("%s: %d elements, want the error alone", name, n)
		}
	}
}

// forbidden is a place where nothing may be looked at.
type forbidden struct{ fsbase.FileSystemBase }

func (forbidden) Stat(_ context.Context, path string) (fsbase.Info, error) {
	return fsbase.Info{}, &fs.PathError{Op: "stat", Path: path, Err: fs.ErrPermission}
}
