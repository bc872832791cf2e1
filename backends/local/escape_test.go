//go:build unix

package local

import (
	"errors"
	"io/fs"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"testing"

	"github.com/google/go-cmp/cmp"
)

// tree returns what is in dir: names with contents, targets of links, "/" for
// folders.
func tree(t *testing.T, dir string) map[string]string {
	t.Helper()
	found := map[string]string{}
	err := filepath.WalkDir(dir, func(p string, e fs.DirEntry, err error) error {
		if err != nil || p == dir {
			return err
		}
		text := "/"
		switch {
		case e.Type() == fs.ModeSymlink:
			text, err = os.Readlink(p)
		case !e.IsDir():
			var data []byte
			data, err = os.ReadFile(p)
			text = string(data)
		}
		found[p] = text
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	return found
}

// No symbolic link leads out of the root, whatever the method: nothing outside
// is read, made, changed or removed.
func TestSymlinksDoNotEscape(t *testing.T) {
	names := []string{
		"file", "folder/secret", "folder/new", "folder/sub/new", "chain/secret", "chain/new",
		"up/up/folder/secret", "up/up/folder/new", "relative/secret", "loop", "loop/x", "dangling", "sub/deep/secret",
	}
	for _, op := range slices.Sorted(maps.Keys(calls)) {
		for _, name := range names {
			t.Run(op+"/"+name, func(t *testing.T) {
				base := t.TempDir()
				outside, root := filepath.Join(base, "outside"), filepath.Join(base, "root")
				f, err := New(root)
				if err != nil {
					t.Fatal(err)
				}
				f = f.WithoutSync().(*FS)
				put(t, f, "other", "kept")
				put(t, f, "sub/x", "kept")
				check(t, os.MkdirAll(filepath.Join(outside, "sub"), 0o777))
				check(t, os.WriteFile(filepath.Join(outside, "secret"), []byte("secret"), 0o666))
				for link, target := range map[string]string{
					"file": filepath.Join(outside, "secret"), "folder": outside, "chain": "folder",
					"up": "..", "relative": "sub/../../outside", "loop": "loop", "dangling": filepath.Join(outside, "new"),
					"sub/deep": "../../outside",
				} {
					check(t, os.Symlink(target, filepath.Join(root, link)))
				}
				before := tree(t, outside)
				err = calls[op](t.Context(), f, name, "other")
				if d := cmp.Diff(before, tree(t, outside)); d != "" {
					t.Errorf("outside changed (-before +after), error %v:\n%s", err, d)
				}
				// A name may itself be replaced, moved or removed as a link.
				// What is behind it is never read.
				if err == nil && slices.Contains([]string{"OpenStream", "ReadRanges", "Stat", "Copy from"}, op) {
					t.Error("no error")
				}
				for p, data := range tree(t, root) {
					if data == "secret" {
						t.Errorf("%q has what is outside", p)
					}
				}
				wantTidy(t, f)
			})
		}
	}
}

func TestSymlinkOutIsInvalid(t *testing.T) {
	f := newFS(t)
	put(t, f, "x", "y")
	check(t, os.Symlink(t.TempDir(), f.path("out")))
	for _, op := range []string{"OpenStream", "CreateStream", "Mkdir", "RmFile", "Stat"} {
		err := calls[op](t.Context(), f, "out/x", "other")
		wantErr(t, op, err, fs.ErrInvalid)
		var pe *fs.PathError
		if !errors.As(err, &pe) || pe.Path != "out/x" {
			t.Errorf("%s: %v does not tell the path", op, err)
		}
	}
}

func TestSymlinksInside(t *testing.T) {
	f := newFS(t)
	put(t, f, "blobs/1", "content")
	check(t, os.Symlink("blobs/1", f.path("link")))
	check(t, os.Symlink("blobs", f.path("folder")))
	want(t, f, "link", "content")
	want(t, f, "folder/1", "content")

	// A link is not listed, and a commit replaces it rather than its target.
	var listed []string
	for info, err := range f.List(t.Context(), "") {
		check(t, err)
		listed = append(listed, info.Path)
	}
	if d := cmp.Diff([]string{"blobs/1"}, listed); d != "" {
		t.Errorf("listed (-want +got):\n%s", d)
	}
	put(t, f, "link", "new")
	want(t, f, "link", "new")
	want(t, f, "blobs/1", "content")
}

func TestRootIsSymlink(t *testing.T) {
	dir := t.TempDir()
	check(t, os.Mkdir(filepath.Join(dir, "real"), 0o777))
	check(t, os.Symlink("real", filepath.Join(dir, "root")))
	f, err := New(filepath.Join(dir, "root"))
	check(t, err)
	put(t, f, "a/x", "content")
	want(t, f, "a/x", "content")
}

// With symlinks=follow reads see what a cache of Hugging Face has, and nothing
// is written.
func TestFollowSymlinks(t *testing.T) {
	cache := t.TempDir()
	blobs, snapshot := filepath.Join(cache, "blobs"), filepath.Join(cache, "snapshots", "main")
	check(t, os.Mkdir(blobs, 0o777))
	check(t, os.MkdirAll(snapshot, 0o777))
	check(t, os.WriteFile(filepath.Join(blobs, "abc"), []byte("weights"), 0o666))
	check(t, os.Symlink("../../blobs/abc", filepath.Join(snapshot, "model.safetensors")))
	check(t, os.Symlink(cache, filepath.Join(snapshot, "around")))
	check(t, os.Symlink("loop", filepath.Join(snapshot, "loop")))
	f, err := New(snapshot, FollowSymlinks())
	check(t, err)

	want(t, f, "model.safetensors", "weights")
	if ok, err := f.Exists(t.Context(), "model.safetensors"); !ok || err != nil {
		t.Errorf("Exists: %v, %v", ok, err)
	}
	var listed []string
	for info, err := range f.List(t.Context(), "") {
		check(t, err)
		listed = append(listed, info.Path)
		stat, err := f.Stat(t.Context(), info.Path)
		if d := cmp.Diff(stat, info); d != "" || err != nil {
			t.Errorf("List and Stat differ, %v:\n%s", err, d)
		}
	}
	if d := cmp.Diff([]string{"model.safetensors"}, listed); d != "" {
		t.Errorf("listed (-want +got):\n%s", d)
	}
	before := tree(t, cache)
	for op, call := range calls {
		if slices.Contains(reads, op) {
			continue
		}
		wantErr(t, op, call(t.Context(), f, "model.safetensors", "new"), fs.ErrPermission)
	}
	if d := cmp.Diff(before, tree(t, cache)); d != "" {
		t.Errorf("changed:\n%s", d)
	}
}

func check(t testing.TB, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}
