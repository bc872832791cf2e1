package local

import (
	"bytes"
	"io/fs"
	"os"
	"syscall"
	"testing"

	"github.com/godcp/godcp/fsbase"
)

// Between two names of one file rename does nothing, and says it has.
func TestRenameOfHardLinks(t *testing.T) {
	f := newFS(t)
	put(t, f, "a", "content")
	if err := os.Link(f.path("a"), f.path("b")); err != nil {
		t.Fatal(err)
	}
	if err := f.Rename(t.Context(), "a", "b"); err != nil {
		t.Fatal(err)
	}
	want(t, f, "b", "content")
	if ok, err := f.Exists(t.Context(), "a"); ok || err != nil {
		t.Errorf("the source: %v, %v", ok, err)
	}
}

func TestRenameIsOfStreams(t *testing.T) {
	f := newFS(t)
	put(t, f, "dir/x", "kept")
	put(t, f, "y", "kept too")
	wantErr(t, "a folder", f.Rename(t.Context(), "dir", "other"), fs.ErrNotExist)
	if err := f.Rename(t.Context(), "y", "dir"); err == nil {
		t.Error("a stream took the place of a folder")
	}
	wantErr(t, "the root", f.Rename(t.Context(), ".", "z"), fs.ErrInvalid)
	want(t, f, "dir/x", "kept")
	want(t, f, "y", "kept too")
}

func TestRenameSyncsBothFolders(t *testing.T) {
	f := newFS(t)
	put(t, f, "a/x", "content")
	put(t, f, "b/y", "replaced")
	done := steps(f)
	if err := f.Rename(t.Context(), "a/x", "b/y"); err != nil {
		t.Fatal(err)
	}
	syncs := 0
	for _, s := range *done {
		if s == stepSyncDir {
			syncs++
		}
	}
	if foldersSync && syncs != 2 {
		t.Errorf("%q", *done)
	}
}

func TestCopy(t *testing.T) {
	f := newFS(t)
	data := random(3<<20 + 17)
	if _, err := f.Upload(t.Context(), "src", bytes.NewReader(data), int64(len(data)), fsbase.Condition{}); err != nil {
		t.Fatal(err)
	}
	for _, dst := range []string{"dst", "new/folder/dst", "dst", "src"} {
		info, err := f.Copy(t.Context(), "src", dst, fsbase.Condition{})
		if err != nil || info.Size != int64(len(data)) || info.Path != dst {
			t.Fatalf("Copy to %q: %+v, %v", dst, info, err)
		}
		want(t, f, dst, string(data))
		want(t, f, "src", string(data))
	}
	_, err := f.Copy(t.Context(), "src", "dst", fsbase.IfAbsent())
	wantErr(t, "to a name that is there", err, fs.ErrExist)
	_, err = f.Copy(t.Context(), "absent", "never", fsbase.Condition{})
	wantErr(t, "of nothing", err, fs.ErrNotExist)
	full := answers(f, map[step]error{stepSync: syscall.ENOSPC})
	_, err = full.Copy(t.Context(), "src", "never", fsbase.Condition{})
	wantErr(t, "to a full disk", err, syscall.ENOSPC)
	wantTidy(t, f)
}
