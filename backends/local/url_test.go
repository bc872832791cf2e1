package local

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"runtime"
	"strings"
	"testing"

	"github.com/godcp/godcp/fsbase"
)

func TestURLs(t *testing.T) {
	if runtime.GOOS == "windows" {
		return // see TestSlashBeforeDrive
	}
	wd, err := os.Getwd()
	if err != nil {
		t.Fatal(err)
	}
	for url, root := range map[string]string{
		"/abs/path":                   "/abs/path",
		"rel/path":                    filepath.Join(wd, "rel/path"),
		"a b%20c?d#e":                 filepath.Join(wd, "a b%20c?d#e"), // no URL: nothing is decoded
		"file:///abs/path":            "/abs/path",
		"file:///abs/path/":           "/abs/path",
		"FILE:///abs":                 "/abs",
		"file://localhost/abs":        "/abs",
		"file:///a%20b%3Fc%23":        "/a b?c#",
		"file:///abs?symlinks=follow": "/abs",
	} {
		fsys, err := fsbase.Open(t.Context(), url)
		if err != nil {
			t.Errorf("%q: %v", url, err)
			continue
		}
		f := fsys.(*FS)
		if f.Root() != root || f.follow != strings.Contains(url, "symlinks=") {
			t.Errorf("%q opens %q, follow %v", url, f.Root(), f.follow)
		}
		if err := f.ValidateCheckpointID(url); err != nil {
			t.Errorf("%q: %v", url, err)
		}
	}
}

func TestBadURLs(t *testing.T) {
	f := newFS(t)
	for url, says := range map[string]string{
		"":                              "no path",
		"file://":                       "no path",
		"s3://bucket/x":                 "scheme",
		"file://server/share":           "this machine",
		"file://rel/path":               "this machine",
		"file://user:hunter2@/x":        "user",
		"file:///x#frag":                "fragment",
		"file:///x%00y":                 "NUL",
		"a\x00b":                        "NUL",
		"file:///x?sync=off":            "sync",
		"file:///x?symlinks=no":         "symlinks",
		"file:///%zz":                   "not a URL",
		"file:///x?symlinks=hunter2&a=": "no parameter",
	} {
		err := f.ValidateCheckpointID(url)
		if err == nil || !strings.Contains(err.Error(), says) {
			t.Errorf("ValidateCheckpointID(%q): %v; want %q in it", url, err, says)
			continue
		}
		wantErr(t, url, err, fs.ErrInvalid)
		if _, oerr := fsbase.Open(t.Context(), url); oerr == nil {
			t.Errorf("Open(%q) succeeds", url)
		}
		var pe *fs.PathError
		if !errors.As(err, &pe) || strings.Contains(err.Error(), "hunter2") {
			t.Errorf("ValidateCheckpointID(%q): %v", url, err)
		}
	}
	var unknown *fsbase.UnknownParameterError
	if err := f.ValidateCheckpointID("file:///x?sync=off"); !errors.As(err, &unknown) {
		t.Errorf("an unknown parameter: %v", err)
	}
}

func TestSlashBeforeDrive(t *testing.T) {
	want := `/C:/x`
	if runtime.GOOS == "windows" {
		want = `C:/x`
	}
	if got := withoutSlashBeforeDrive("/C:/x"); got != want {
		t.Errorf("%q; want %q", got, want)
	}
}

// Open touches nothing, and what only reads makes nothing.
func TestRootIsMadeByFirstWrite(t *testing.T) {
	f := newFS(t)
	for _, op := range append(reads, "RmFile", "RemoveAll", "Rename from", "Copy from") {
		_ = calls[op](t.Context(), f, "x", "y")
		if _, err := os.Lstat(f.Root()); !os.IsNotExist(err) {
			t.Fatalf("%s made the root: %v", op, err)
		}
	}
	put(t, f, "x", "y")
	want(t, f, "x", "y")
}

func TestNewRefuses(t *testing.T) {
	for _, root := range []string{"", "a\x00b"} {
		_, err := New(root)
		wantErr(t, root, err, fs.ErrInvalid)
	}
}

func TestReservedNames(t *testing.T) {
	f := newFS(t)
	put(t, f, "dir/x", "y")
	for _, name := range []string{tempName(), "dir/" + tempName(), "dir/" + lockName("x")} {
		for op, call := range calls {
			if op == "List" || op == "RemoveAll" {
				continue
			}
			wantErr(t, op+" of a reserved name", call(t.Context(), f, name, "dir/x"), fs.ErrInvalid)
		}
	}
	// Names that only look like it are anybody's.
	for _, name := range []string{"x.tmp", ".tmp", ".lock", ".metadata.lock", ".godcp-", ".godcp-x"} {
		put(t, f, name, "mine")
		want(t, f, name, "mine")
	}
}

func ExampleNew() {
	ctx := context.Background()
	dir, err := os.MkdirTemp("", "checkpoint")
	if err != nil {
		panic(err)
	}
	defer os.RemoveAll(dir)

	fsys, err := New(filepath.Join(dir, "step-1000"))
	if err != nil {
		panic(err)
	}
	if _, err := fsbase.WriteFile(ctx, fsys, "notes.txt", []byte("loss 0.7")); err != nil {
		panic(err)
	}
	for info, err := range fsys.List(ctx, "") {
		if err != nil {
			panic(err)
		}
		fmt.Println(info.Path, info.Size)
	}
	// Output: notes.txt 8
}
