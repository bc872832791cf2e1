package fsbase_test

import (
	"errors"
	"io"
	"io/fs"
	"testing"
	"testing/fstest"

	"github.com/google/go-cmp/cmp"

	"github.com/godcp/godcp/backends/memfs"
	"github.com/godcp/godcp/fsbase"
)

func TestDirFS(t *testing.T) {
	fsys := memfs.New()
	names := []string{".metadata", "__0_0.distcp", "a.b", "a/c", "a/d/e/f", "a-b/c", "empty", "ümläut/x y"}
	for i, name := range names {
		put(t, fsys, name, name[:len(name)*min(i, 1)])
	}
	dir := fsbase.DirFS(t.Context(), fsys)
	if err := fstest.TestFS(dir, names...); err != nil {
		t.Error(err)
	}
	sub, err := fs.Sub(dir, "a")
	if err != nil {
		t.Fatal(err)
	}
	if err := fstest.TestFS(sub, "c", "d/e/f"); err != nil {
		t.Error(err)
	}
	if err := fstest.TestFS(fsbase.DirFS(t.Context(), memfs.New())); err != nil {
		t.Errorf("empty: %v", err)
	}
}

// Where a stream has the name of a folder the stream is shown, and a walk is
// still in order.
func TestDirFSStreamAndFolder(t *testing.T) {
	fsys := memfs.New()
	for _, name := range []string{"a", "a/b", "a.x", "c/d"} {
		put(t, fsys, name, name)
	}
	dir := fsbase.DirFS(t.Context(), fsys)
	var got []string
	err := fs.WalkDir(dir, ".", func(path string, d fs.DirEntry, err error) error {
		got = append(got, fs.FormatDirEntry(d))
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	if d := cmp.Diff([]string{"d ./", "- a", "- a.x", "d c/", "- d"}, got); d != "" {
		t.Errorf("(-want +got)\n%s", d)
	}
}

func TestDirFSErrors(t *testing.T) {
	fsys := memfs.New()
	info := put(t, fsys, "dir/a", "x")
	dir := fsbase.DirFS(t.Context(), fsys)
	for name, want := range map[string]error{"absent": fs.ErrNotExist, "di": fs.ErrNotExist, "../a": fs.ErrInvalid} {
		_, open := dir.Open(name)
		_, stat := fs.Stat(dir, name)
		_, readDir := fs.ReadDir(dir, name)
		_, readFile := fs.ReadFile(dir, name)
		for _, err := range []error{open, stat, readDir, readFile} {
			wantIs(t, err, want)
		}
	}
	if _, err := fs.ReadDir(dir, "dir/a"); err == nil || errors.Is(err, fs.ErrNotExist) {
		t.Errorf("ReadDir of a stream: %v", err)
	}
	if fi, err := fs.Stat(dir, "dir/a"); err != nil || fi.Sys() != info {
		t.Errorf("Stat: %v, %v", fi, err)
	}
	folder, err := dir.Open("dir")
	if err != nil {
		t.Fatal(err)
	}
	_, err = folder.Read(nil)
	wantIs(t, err)
	if entries, err := folder.(fs.ReadDirFile).ReadDir(-1); len(entries) != 1 || err != nil {
		t.Errorf("ReadDir: %v, %v", entries, err)
	}
	if _, err := folder.(fs.ReadDirFile).ReadDir(1); err != io.EOF {
		t.Errorf("ReadDir at the end: %v", err)
	}
	folder.Close()
	_, err = folder.(fs.ReadDirFile).ReadDir(-1)
	wantIs(t, err, fs.ErrClosed)

	// Without Lister streams can be opened by name; folders cannot be seen.
	blind := fsbase.DirFS(t.Context(), bare{fsys})
	if b, err := fs.ReadFile(blind, "dir/a"); string(b) != "x" || err != nil {
		t.Errorf("ReadFile: %q, %v", b, err)
	}
	_, err = blind.Open("dir")
	wantIs(t, err, fs.ErrNotExist)
	_, err = fs.ReadDir(blind, ".")
	wantIs(t, err, errors.ErrUnsupported)

	dead := fsbase.DirFS(cancelled(t), fsys)
	_, err = dead.Open("dir/a")
	wantIs(t, err)
	if _, err := fs.Stat(dead, "dir"); errors.Is(err, fs.ErrNotExist) {
		t.Error("a cancelled context makes folders absent")
	}
}
