package local

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"runtime"
	"slices"
	"strings"
	"syscall"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/godcp/godcp/fsbase"
)

// ways are the methods that publish, each from a name that has the version old
// ("" when it has none).
var ways = map[string]func(ctx context.Context, f *FS, p string, old fsbase.Version, data string) (fsbase.Info, error){
	"CreateStream": func(ctx context.Context, f *FS, p string, _ fsbase.Version, data string) (fsbase.Info, error) {
		return write(f.CreateStream(ctx, p))(data)
	},
	"CreateExclusive": func(ctx context.Context, f *FS, p string, _ fsbase.Version, data string) (fsbase.Info, error) {
		return write(f.CreateExclusive(ctx, p))(data)
	},
	"CreateSwap": func(ctx context.Context, f *FS, p string, old fsbase.Version, data string) (fsbase.Info, error) {
		return write(f.CreateSwap(ctx, p, old))(data)
	},
	"Upload": func(ctx context.Context, f *FS, p string, _ fsbase.Version, data string) (fsbase.Info, error) {
		return f.Upload(ctx, p, strings.NewReader(data), int64(len(data)), fsbase.Condition{})
	},
}

// steps records what f does.
func steps(f *FS) *[]step {
	var done []step
	f.around = func(s step, call func() error) error {
		done = append(done, s)
		return call()
	}
	return &done
}

func TestStepsOfCommit(t *testing.T) {
	if runtime.GOOS == "windows" {
		return // which has no sync of folders
	}
	write := []step{stepCreate, stepWrite, stepSync, stepClose}
	exclude := []step{stepLock, stepExclude}
	if runtime.GOOS != "linux" && runtime.GOOS != "darwin" {
		exclude = append(exclude, stepLink)
	}
	folders := []step{stepMkdir, stepSyncDir, stepMkdir, stepSyncDir, stepMkdir, stepSyncDir}
	for _, c := range []struct {
		way  string
		old  bool
		want []step
	}{
		{"CreateStream", false, append(append(folders, write...), stepRename, stepSyncDir)},
		{"CreateExclusive", false, slices.Concat(folders, write, exclude, []step{stepSyncDir})},
		{"CreateStream", true, append(write[:4:4], stepRename, stepSyncDir)},
		{"CreateSwap", true, append(write[:4:4], stepLock, stepRename, stepSyncDir)},
		{"Upload", true, append(write[:4:4], stepRename, stepSyncDir)},
	} {
		t.Run(fmt.Sprintf("%s/replaces=%v", c.way, c.old), func(t *testing.T) {
			f := newFS(t)
			var old fsbase.Version
			if c.old {
				old = put(t, f, "a/b/x", "old").Version
			}
			done := steps(f)
			if _, err := ways[c.way](t.Context(), f, "a/b/x", old, "new"); err != nil {
				t.Fatal(err)
			}
			if d := cmp.Diff(c.want, *done); d != "" {
				t.Errorf("steps (-want +got):\n%s", d)
			}
			want(t, f, "a/b/x", "new")
			wantTidy(t, f)
		})
	}
}

func TestWithoutSyncSyncsNothing(t *testing.T) {
	f := newFS(t).WithoutSync().(*FS)
	done := steps(f)
	put(t, f, "a/b", "x")
	if err := f.RmFile(t.Context(), "a/b"); err != nil {
		t.Fatal(err)
	}
	for _, s := range *done {
		if s == stepSync || s == stepSyncDir {
			t.Errorf("%q among %q", s, *done)
		}
	}
}

// A step that fails publishes nothing, leaves nothing and is not tried again;
// but once the name is there the outcome is unknown.
func TestStepFails(t *testing.T) {
	for way, publish := range ways {
		f := newFS(t)
		old := fsbase.Version("")
		if way != "CreateExclusive" {
			old = put(t, f, "x", "old").Version
		}
		for _, s := range []step{stepCreate, stepWrite, stepSync, stepClose, stepLock, stepExclude, stepLink, stepRename, stepSyncDir} {
			t.Run(way+"/"+string(s), func(t *testing.T) {
				g := *f
				seen := 0
				g.around = func(at step, call func() error) error {
					if at != s {
						return call()
					}
					seen++
					if at == stepClose {
						_ = call() // a close that fails has closed
					}
					return syscall.ENOSPC
				}
				info, err := publish(t.Context(), &g, "x", old, "new")
				if seen == 0 && err == nil {
					old = info.Version
					want(t, f, "x", "new")
					if way == "CreateExclusive" {
						_ = f.RmFile(t.Context(), "x")
					} else {
						old = put(t, f, "x", "old").Version
					}
					return
				}
				if seen != 1 {
					t.Errorf("%q was done %d times", s, seen)
				}
				wantErr(t, "error", err, syscall.ENOSPC)
				var pe *fs.PathError
				if !errors.As(err, &pe) || pe.Path != "x" {
					t.Errorf("%v is no *fs.PathError of x", err)
				}
				if info != (fsbase.Info{}) {
					t.Errorf("an Info beside an error: %+v", info)
				}
				if unknown := errors.Is(err, fsbase.ErrCommitUnknown); unknown != (s == stepSyncDir) {
					t.Errorf("%v: ErrCommitUnknown is %v", err, unknown)
				}
				wantTidy(t, f)
				switch {
				case s == stepSyncDir:
					want(t, f, "x", "new")
					if way == "CreateExclusive" {
						_ = f.RmFile(t.Context(), "x")
					} else {
						old = put(t, f, "x", "old").Version
					}
				case way == "CreateExclusive":
					if ok, err := f.Exists(t.Context(), "x"); ok || err != nil {
						t.Errorf("after a failure: exists %v, %v", ok, err)
					}
				default:
					want(t, f, "x", "old")
				}
			})
		}
	}
}

func TestFolderSyncFails(t *testing.T) {
	f := newFS(t)
	f.around = func(s step, call func() error) error {
		if s == stepSyncDir {
			return syscall.EIO
		}
		return call()
	}
	_, err := write(f.CreateStream(t.Context(), "a/x"))("new")
	wantErr(t, "a folder that cannot be synced", err, syscall.EIO)
	if errors.Is(err, fsbase.ErrCommitUnknown) {
		t.Errorf("%v, yet nothing was published", err)
	}
}

func TestFileSystemWithoutFolderSync(t *testing.T) {
	for _, answer := range []error{syscall.EINVAL, syscall.ENOTSUP} {
		f := newFS(t)
		f.around = func(s step, call func() error) error {
			if s == stepSyncDir {
				return &fs.PathError{Op: "sync", Err: answer}
			}
			return call()
		}
		put(t, f, "a/x", "new")
	}
}

func TestBytesMissingFromTemporaryFile(t *testing.T) {
	f := newFS(t)
	put(t, f, "x", "old")
	w, err := f.CreateStream(t.Context(), "x")
	if err != nil {
		t.Fatal(err)
	}
	defer w.Close()
	if _, err := w.Write([]byte("all of it")); err != nil {
		t.Fatal(err)
	}
	for _, name := range ownFiles(t, f.Root()) {
		if err := os.Truncate(name, 3); err != nil {
			t.Fatal(err)
		}
	}
	if _, err := w.Commit(); err == nil {
		t.Error("a shortened file was published")
	}
	want(t, f, "x", "old")
	wantTidy(t, f)
}

// The answer of rename may get lost on NFS, which is then asked again and finds
// that the temporary name is gone.
func TestRenameAnswerLost(t *testing.T) {
	f := newFS(t)
	put(t, f, "x", "old")
	f.around = func(s step, call func() error) error {
		err := call()
		if s == stepRename && err == nil {
			err = syscall.ENOENT
		}
		return err
	}
	put(t, f, "x", "new")
	want(t, f, "x", "new")
	wantTidy(t, f)
}

func TestCommitOnFolder(t *testing.T) {
	for way, publish := range ways {
		f := newFS(t)
		put(t, f, "dir/x", "kept")
		_, err := publish(t.Context(), f, "dir", "v", "new")
		if err == nil {
			t.Errorf("%s replaced a folder", way)
		}
		want(t, f, "dir/x", "kept")
		wantTidy(t, f)
	}
}

func TestBytesOfOneStreamAreWritten(t *testing.T) {
	f := newFS(t)
	w, err := f.CreateStream(t.Context(), "x")
	if err != nil {
		t.Fatal(err)
	}
	defer w.Close()
	var all bytes.Buffer
	for i := range 100 {
		part := bytes.Repeat([]byte{byte(i)}, i*37)
		all.Write(part)
		if n, err := w.Write(part); n != len(part) || err != nil {
			t.Fatalf("Write: %d, %v", n, err)
		}
	}
	info, err := w.Commit()
	if err != nil || info.Size != int64(all.Len()) {
		t.Fatalf("Commit: %+v, %v", info, err)
	}
	want(t, f, "x", all.String())
}
