package fsbase_test

import (
	"context"
	"errors"
	"io/fs"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"pgregory.net/rapid"

	"github.com/godcp/godcp/backends/memfs"
	"github.com/godcp/godcp/fsbase"
)

func subOf(t testing.TB, fsys fsbase.FileSystemBase, prefix string) fsbase.FileSystemBase {
	t.Helper()
	s, err := fsbase.Sub(fsys, prefix)
	if err != nil {
		t.Fatal(err)
	}
	return s
}

func TestSubPrefix(t *testing.T) {
	for _, prefix := range []string{"", "/", "/a", "a/", "..", "../a", "a/../b", "a//b"} {
		_, err := fsbase.Sub(memfs.New(), prefix)
		wantIs(t, err, fs.ErrInvalid)
	}
	whole := memfs.New()
	if s := subOf(t, whole, "."); s != fsbase.FileSystemBase(whole) {
		t.Error(`Sub of "." is another file system`)
	}
}

func TestSubTranslates(t *testing.T) {
	whole := memfs.New()
	s := subOf(t, whole, "runs/7")
	info := put(t, s, "dir/a", "x")
	if info.Path != "dir/a" {
		t.Errorf("Commit: %+v", info)
	}
	for _, name := range []string{"runs/7x/a", "runs/77", "runs/7", "other", "dir/a", "runs/7.a"} {
		put(t, whole, name, "neighbour")
	}
	if got := get(t, whole, "runs/7/dir/a"); got != "x" {
		t.Errorf("got %q", got)
	}
	stat, err := fsbase.Stat(t.Context(), s, "dir/a")
	if err != nil || stat != info {
		t.Errorf("Stat: %+v, %v", stat, err)
	}
	r, err := s.OpenStream(t.Context(), "dir/a")
	if err != nil || r.Info() != info {
		t.Errorf("OpenStream: %v", err)
	}
	r.Close()
	_, err = r.ReadAt(nil, 0)
	wantPath(t, err, "dir/a")
	read, err := fsbase.ReadRanges(t.Context(), s, "dir/a", info.Version, []fsbase.Range{{Dst: make([]byte, 1)}})
	if err != nil || read != info {
		t.Errorf("ReadRanges: %+v, %v", read, err)
	}
	up, err := fsbase.Upload(t.Context(), s, "up", strings.NewReader("x"), 1, fsbase.IfAbsent())
	if err != nil || up.Path != "up" {
		t.Errorf("Upload: %+v, %v", up, err)
	}
	cp, err := fsbase.Copy(t.Context(), s, "up", "cp", fsbase.Condition{})
	if err != nil || cp.Path != "cp" {
		t.Errorf("Copy: %+v, %v", cp, err)
	}
	if err := s.Rename(t.Context(), "cp", "dir/b"); err != nil {
		t.Error(err)
	}
	if d := cmp.Diff([]string{"dir/a", "dir/b", "up"}, list(t, s, "")); d != "" {
		t.Errorf("List (-want +got):\n%s", d)
	}
	if d := cmp.Diff([]string{"dir/a", "dir/b"}, list(t, s, "di")); d != "" {
		t.Errorf("List (-want +got):\n%s", d)
	}
	unsynced, err := fsbase.WithoutSync(s)
	if err != nil {
		t.Fatal(err)
	}
	put(t, unsynced, "lost", "x")
	if got := get(t, whole, "runs/7/lost"); got != "x" {
		t.Errorf("WithoutSync is elsewhere: %q", got)
	}
	if got := get(t, whole.Crash(), "runs/7/lost"); got != "absent" {
		t.Errorf("WithoutSync is synced: %q", got)
	}
	var removed []string
	for name, err := range fsbase.RemoveAll(t.Context(), s, "") {
		if err != nil {
			t.Fatal(err)
		}
		removed = append(removed, name)
	}
	if d := cmp.Diff([]string{"dir/a", "dir/b", "lost", "up"}, removed); d != "" {
		t.Errorf("RemoveAll (-want +got):\n%s", d)
	}
	if d := cmp.Diff([]string{"dir/a", "other", "runs/7", "runs/7.a", "runs/77", "runs/7x/a"}, list(t, whole, "")); d != "" {
		t.Errorf("what is left (-want +got):\n%s", d)
	}
}

// wantPath demands the path in an error, and that the text has no other.
func wantPath(t *testing.T, err error, path string) {
	t.Helper()
	var pe *fs.PathError
	if !errors.As(err, &pe) || pe.Path != path || strings.Contains(err.Error(), "runs/7") {
		t.Errorf("error %v, want one of %q", err, path)
	}
}

func TestSubErrors(t *testing.T) {
	whole := memfs.New()
	s := subOf(t, whole, "runs/7")
	put(t, s, "there", "x")
	for name, call := range calls {
		if name == "List" || name == "RemoveAll" || strings.HasPrefix(name, "C") || name == "WriteFile" || name == "Publish" || name == "Upload" {
			continue
		}
		wantPath(t, call(t.Context(), s, "absent"), "absent")
	}
	wantPath(t, s.RmFile(t.Context(), "absent"), "absent")
	wantPath(t, s.Rename(t.Context(), "absent", "to"), "absent")
	_, err := fsbase.Copy(t.Context(), s, "absent", "to", fsbase.Condition{})
	wantPath(t, err, "absent")
	for _, cond := range []fsbase.Condition{fsbase.IfAbsent(), fsbase.IfVersion("v")} {
		_, err := fsbase.Upload(t.Context(), s, "there", strings.NewReader("x"), 1, cond)
		wantPath(t, err, "there")
		wantIs(t, err, fsbase.ErrPrecondition)
	}
	ctx, cancel := context.WithCancel(t.Context())
	w, err := s.CreateStream(ctx, "new")
	if err != nil {
		t.Fatal(err)
	}
	cancel()
	_, err = w.Commit()
	wantPath(t, err, "new")
}

// The root of a Sub is a folder, also where the storage has a stream of its name.
func TestSubRootIsNoStream(t *testing.T) {
	whole := memfs.New()
	v := put(t, whole, "a", "outside").Version
	s := subOf(t, whole, "a")
	put(t, s, "in", "inside")
	ctx := t.Context()
	_, open := s.OpenStream(ctx, ".")
	_, stat := fsbase.Stat(ctx, s, ".")
	_, read := fsbase.ReadRanges(ctx, s, ".", "", nil)
	_, copied := fsbase.Copy(ctx, s, ".", "to", fsbase.Condition{})
	for _, err := range []error{open, stat, read, copied, s.RmFile(ctx, "."), s.Rename(ctx, ".", "to")} {
		wantIs(t, err, fs.ErrNotExist)
	}
	_, create := s.CreateStream(ctx, ".")
	_, swap := fsbase.CreateSwap(ctx, s, ".", v)
	_, copied = fsbase.Copy(ctx, s, "in", ".", fsbase.Condition{})
	for _, err := range []error{create, swap, copied, s.Rename(ctx, "in", ".")} {
		wantIs(t, err, fs.ErrInvalid)
	}
	if ok, err := s.Exists(ctx, "."); ok || err != nil {
		t.Errorf("Exists: %v, %v", ok, err)
	}
	if err := s.Mkdir(ctx, "."); err != nil {
		t.Error(err)
	}
	if got := get(t, whole, "a"); got != "outside" {
		t.Errorf("the stream beside is %q", got)
	}
}

// Whatever path and prefix, nothing outside is touched or seen. The
// capabilities are called directly too: callers should not, but may.
func TestSubCannotBeEscaped(t *testing.T) {
	piece := rapid.SampledFrom([]string{"", ".", "..", "a", "b", "ab", "/", "//", "../b", "a/../../b", "b/x", "\xff"})
	rapid.Check(t, func(rt *rapid.T) {
		whole := memfs.New()
		outside := []string{"b", "ab", "a.b", "aa/x", "x"}
		for _, name := range outside {
			put(t, whole, name, "outside")
		}
		s := subOf(t, whole, "a")
		put(t, s, "b", "inside")
		put(t, s, "b/x", "inside")
		path := strings.Join(rapid.SliceOfN(piece, 1, 3).Draw(rt, "path"), "/")
		ctx := t.Context()
		for name, call := range calls {
			_ = name
			_ = call(ctx, s, path)
		}
		_ = s.RmFile(ctx, path)
		_ = s.Rename(ctx, path, "to")
		_ = s.Rename(ctx, "b/x", path)
		if r, err := s.OpenStream(ctx, path); err == nil {
			r.Close()
		}
		lister, _ := fsbase.As[fsbase.Lister](s)
		for info, err := range lister.List(ctx, path) {
			if err == nil && !strings.HasPrefix(info.Path, path) {
				rt.Fatalf("List(%q) yields %q", path, info.Path)
			}
		}
		remover, _ := fsbase.As[fsbase.RemoveAller](s)
		for range remover.RemoveAll(ctx, path) {
		}
		swapper, _ := fsbase.As[fsbase.Swapper](s)
		if w, err := swapper.CreateSwap(ctx, path, "v"); err == nil {
			w.Close()
		}
		for _, name := range outside {
			if got := get(t, whole, name); got != "outside" {
				rt.Fatalf("with path %q the stream %q outside became %q", path, name, got)
			}
		}
	})
}
