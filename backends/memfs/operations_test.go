package memfs_test

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"testing"

	"github.com/godcp/godcp/backends/memfs"
	"github.com/godcp/godcp/fsbase"
)

// operations are one of each, on a storage with the streams "a" and "b". The
// steps are what a hook is told before each; the same come after.
var operations = map[string]struct {
	run   func(ctx context.Context, f fsbase.FileSystemBase) error
	steps string
}{
	"write": {func(ctx context.Context, f fsbase.FileSystemBase) error {
		_, err := fsbase.WriteFile(ctx, f, "a", []byte("new"))
		return err
	}, "create a 1, write a 1, commit a 1, sync a 1"},
	"discard": {func(ctx context.Context, f fsbase.FileSystemBase) error {
		w, err := f.CreateStream(ctx, "a")
		if err != nil {
			return err
		}
		return errors.Join(w.Close(), w.Close())
	}, "create a 1, discard a 1"},
	"upload": {func(ctx context.Context, f fsbase.FileSystemBase) error {
		_, err := fsbase.Upload(ctx, f, "a", strings.NewReader("new"), 3, fsbase.Condition{})
		return err
	}, "create a 1, write a 1, commit a 1, sync a 1"},
	"read": {func(ctx context.Context, f fsbase.FileSystemBase) error {
		_, _, err := fsbase.ReadFile(ctx, f, "a", 9)
		return err
	}, "open a, read a 1"},
	"ranges": {func(ctx context.Context, f fsbase.FileSystemBase) error {
		_, err := fsbase.ReadRanges(ctx, f, "a", "", nil)
		return err
	}, "read a"},
	"stat": {func(ctx context.Context, f fsbase.FileSystemBase) error {
		_, err := fsbase.Stat(ctx, f, "a")
		return err
	}, "stat a"},
	"exists": {func(ctx context.Context, f fsbase.FileSystemBase) error { _, err := f.Exists(ctx, "a"); return err }, "exists a"},
	"mkdir":  {func(ctx context.Context, f fsbase.FileSystemBase) error { return f.Mkdir(ctx, "d") }, "mkdir d"},
	"rename": {func(ctx context.Context, f fsbase.FileSystemBase) error { return f.Rename(ctx, "a", "c") }, "rename a>c, sync a>c"},
	"remove": {func(ctx context.Context, f fsbase.FileSystemBase) error { return f.RmFile(ctx, "a") }, "remove a, sync a"},
	"copy": {func(ctx context.Context, f fsbase.FileSystemBase) error {
		_, err := fsbase.Copy(ctx, f, "a", "c", fsbase.Condition{})
		return err
	}, "copy a>c, sync a>c"},
	"list": {func(ctx context.Context, f fsbase.FileSystemBase) (err error) {
		for _, err = range fsbase.List(ctx, f, "") {
		}
		return err
	}, "list "},
	"remove all": {func(ctx context.Context, f fsbase.FileSystemBase) (err error) {
		for _, err = range fsbase.RemoveAll(ctx, f, "") {
		}
		return err
	}, "list , remove a, sync a, remove b, sync b"},
}

func prepared(t testing.TB) *memfs.FS {
	f := memfs.New()
	put(t, f, "a", "old")
	put(t, f, "b", "other")
	return f
}

func text(op memfs.Op) string {
	s := fmt.Sprintf("%s %s", op.Kind, op.Path)
	if op.To != "" {
		s += ">" + op.To
	}
	if op.Stream != 0 {
		s += " 1" // the numbers themselves are nothing to rely on
	}
	return s
}

// state is everything that is there.
func state(t testing.TB, f *memfs.FS) map[string]string {
	t.Helper()
	all := map[string]string{}
	for info, err := range f.List(context.Background(), "") {
		if err != nil {
			t.Fatal(err)
		}
		all[info.Path] = get(t, f, info.Path)
	}
	return all
}
