package local

import (
	"context"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"
	"pgregory.net/rapid"
)

// names draws stream names that lie close to each other in byte order, also on
// both sides of a folder's slash. A name of a file is never that of a folder:
// files end in "f".
func names(rt *rapid.T) []string {
	element := rapid.StringMatching(`[a!.0]{1,2}g`)
	name := rapid.Custom(func(rt *rapid.T) string {
		dirs := rapid.SliceOfN(element, 0, 3).Draw(rt, "folders")
		return strings.Join(append(dirs, rapid.StringMatching(`([a!.0]{1,2}g)?[a!.0]?f`).Draw(rt, "file")), "/")
	})
	return rapid.SliceOfNDistinct(name, 0, 12, rapid.ID[string]).Draw(rt, "names")
}

// List and RemoveAll against sorting and filtering all names.
func TestListAndRemoveAll(t *testing.T) {
	ctx := context.Background()
	rapid.Check(t, func(rt *rapid.T) {
		dir, err := os.MkdirTemp("", "list")
		if err != nil {
			rt.Fatal(err)
		}
		defer os.RemoveAll(dir)
		f, err := New(filepath.Join(dir, "root"))
		if err != nil {
			rt.Fatal(err)
		}
		f = f.WithoutSync().(*FS)
		all := names(rt)
		for _, p := range all {
			if _, err := write(f.CreateStream(ctx, p))(p); err != nil {
				rt.Fatal(err)
			}
		}
		slices.Sort(all)
		prefix := ""
		if len(all) > 0 {
			some := rapid.SampledFrom(all).Draw(rt, "like")
			prefix = some[:rapid.IntRange(0, len(some)).Draw(rt, "length")]
		}
		wanted := slices.DeleteFunc(slices.Clone(all), func(p string) bool { return !strings.HasPrefix(p, prefix) })
		if d := cmp.Diff(wanted, list(ctx, rt, f, prefix), cmpopts.EquateEmpty()); d != "" {
			rt.Fatalf("List(%q) (-want +got):\n%s", prefix, d)
		}
		var removed []string
		for p, err := range f.RemoveAll(ctx, prefix) {
			if err != nil {
				rt.Fatal(err)
			}
			removed = append(removed, p)
		}
		if d := cmp.Diff(wanted, removed, cmpopts.EquateEmpty()); d != "" {
			rt.Fatalf("RemoveAll(%q) (-want +got):\n%s", prefix, d)
		}
		rest := slices.DeleteFunc(all, func(p string) bool { return strings.HasPrefix(p, prefix) })
		if d := cmp.Diff(rest, list(ctx, rt, f, ""), cmpopts.EquateEmpty()); d != "" {
			rt.Fatalf("after RemoveAll(%q) (-want +got):\n%s", prefix, d)
		}
	})
}

func list(ctx context.Context, t interface{ Fatal(args ...any) }, f *FS, prefix string) []string {
	var found []string
	for info, err := range f.List(ctx, prefix) {
		if err != nil {
			t.Fatal(err)
		}
		found = append(found, info.Path)
	}
	return found
}

// Of an empty folder too RmFile finds no stream.
func TestRmFileLeavesFolders(t *testing.T) {
	f := newFS(t)
	if err := f.Mkdir(t.Context(), "empty"); err != nil {
		t.Fatal(err)
	}
	wantErr(t, "RmFile of a folder", f.RmFile(t.Context(), "empty"), fs.ErrNotExist)
	if fi, err := os.Lstat(f.path("empty")); err != nil || !fi.IsDir() {
		t.Errorf("the folder: %v, %v", fi, err)
	}
}

func TestRemoveAllRemovesEmptyFolders(t *testing.T) {
	f := newFS(t)
	for _, p := range []string{"step/a/x", "step/a/b/y", "step/z", "steps/x", "keep/dir/x", "lone/a/x"} {
		put(t, f, p, p)
	}
	if err := f.Mkdir(t.Context(), "keep/empty"); err != nil {
		t.Fatal(err)
	}
	for _, c := range []struct{ prefix, folders string }{
		{"lone/a/", "keep keep/dir keep/empty lone step step/a step/a/b steps"},
		{"step/a/", "keep keep/dir keep/empty lone step steps"},
		{"step/", "keep keep/dir keep/empty lone steps"},
		{"keep/d", "keep keep/empty lone steps"},
		{"", "keep keep/empty lone"},
	} {
		for _, err := range f.RemoveAll(t.Context(), c.prefix) {
			if err != nil {
				t.Fatal(err)
			}
		}
		var left []string
		err := filepath.WalkDir(f.Root(), func(p string, e os.DirEntry, err error) error {
			if err == nil && e.IsDir() && p != f.Root() {
				rel, _ := filepath.Rel(f.Root(), p)
				left = append(left, filepath.ToSlash(rel))
			}
			return err
		})
		if err != nil {
			t.Fatal(err)
		}
		if got := strings.Join(left, " "); got != c.folders {
			t.Errorf("after RemoveAll(%q): %q; want %q", c.prefix, got, c.folders)
		}
	}
}

// RemoveAll leaves what another writer has not finished, and its folder.
func TestRemoveAllBesideWriter(t *testing.T) {
	f := newFS(t)
	put(t, f, "step/old", "old")
	w, err := f.CreateStream(t.Context(), "step/new")
	if err != nil {
		t.Fatal(err)
	}
	defer w.Close()
	for _, err := range f.RemoveAll(t.Context(), "step/") {
		if err != nil {
			t.Fatal(err)
		}
	}
	if _, err := w.Commit(); err != nil {
		t.Fatal(err)
	}
	if d := cmp.Diff([]string{"step/new"}, list(t.Context(), t, f, "")); d != "" {
		t.Errorf("(-want +got):\n%s", d)
	}
}

// A folder may go between its making and the first file in it.
func TestFolderRemovedMeanwhile(t *testing.T) {
	f := newFS(t)
	removals := 0
	f.around = func(s step, call func() error) error {
		if s == stepCreate && removals < 3 {
			removals++
			if err := os.RemoveAll(f.Root()); err != nil {
				return err
			}
		}
		return call()
	}
	put(t, f, "a/b/x", "there")
	want(t, f, "a/b/x", "there")
}
