package local

import (
	"context"
	"errors"
	"os"
	"os/exec"
	"strconv"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/godcp/godcp/fsbase"
)

func TestSwapRefusedWithoutLocks(t *testing.T) {
	f := newFS(t)
	v := put(t, f, "x", "old").Version
	_, err := write(answers(f, map[step]error{stepLock: errNoLocks}).CreateSwap(t.Context(), "x", v))("new")
	wantErr(t, "a swap without locks", err, errors.ErrUnsupported)
	want(t, f, "x", "old")
	wantTidy(t, f)
}

// A file can keep its version and have other content: the hash tells.
func TestSwapComparesContent(t *testing.T) {
	f := newFS(t)
	v := put(t, f, "x", "old").Version
	w, err := f.CreateSwap(t.Context(), "x", v)
	if err != nil {
		t.Fatal(err)
	}
	defer w.Close()
	now := put(t, f, "x", "odd") // of the same size
	w.(*writeStream).old.version = now.Version
	_, err = w.Commit()
	wantErr(t, "a swap of other content", err, fsbase.ErrPrecondition)
	want(t, f, "x", "odd")
}

// The same content again is another version: somebody has saved in between.
func TestSwapComparesVersion(t *testing.T) {
	f := newFS(t)
	v := put(t, f, "x", "same").Version
	w, err := f.CreateSwap(t.Context(), "x", v)
	if err != nil {
		t.Fatal(err)
	}
	defer w.Close()
	now := put(t, f, "x", "same")
	_, err = w.Commit()
	wantErr(t, "a swap of what was written anew", err, fsbase.ErrPrecondition)
	if info, err := f.Stat(t.Context(), "x"); err != nil || info.Version != now.Version {
		t.Errorf("version %q, %v; want %q", info.Version, err, now.Version)
	}
}

// Whoever waited for a lock file that was removed, as a folder is, must not
// take it for the one that is there now.
func TestLockFileRemoved(t *testing.T) {
	f := newFS(t)
	put(t, f, "x", "1")
	dir, err := f.findFolder(".")
	if err != nil {
		t.Fatal(err)
	}
	defer dir.Close()
	removed := false
	unlock, err := lockFile(t.Context(), dir, "x", os.O_CREATE, func(file *os.File) error {
		if !removed {
			removed = true
			if err := dir.Remove(lockName("x")); err != nil {
				return err
			}
			if err := dir.WriteFile(lockName("x"), nil, 0o666); err != nil { // another one's
				return err
			}
		}
		return tryLock(file)
	})
	if err != nil {
		t.Fatal(err)
	}
	defer unlock()
	file, err := dir.OpenFile(lockName("x"), os.O_RDWR, 0)
	if err != nil {
		t.Fatal(err)
	}
	defer file.Close()
	if err := tryLock(file); err != errBusy {
		t.Errorf("the lock file that is there is free: %v", err)
	}
}

func TestLockHasDeadline(t *testing.T) {
	f := newFS(t)
	v := put(t, f, "dir/x", "old").Version
	dir, err := f.findFolder("dir")
	if err != nil {
		t.Fatal(err)
	}
	defer dir.Close()
	unlock, err := lockFolder(t.Context(), dir, "x", os.O_CREATE)
	if err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithTimeout(t.Context(), 50*time.Millisecond)
	defer cancel()
	_, err = write(f.CreateSwap(ctx, "dir/x", v))("new")
	wantErr(t, "a swap of a locked folder", err, context.DeadlineExceeded)
	want(t, f, "dir/x", "old")
	unlock()
	if _, err := write(f.CreateSwap(t.Context(), "dir/x", v))("new"); err != nil {
		t.Errorf("a swap after the lock: %v", err)
	}
	wantTidy(t, f)
}

func TestLockFileExcludes(t *testing.T) {
	f := newFS(t)
	put(t, f, "x", "1")
	dir, err := f.findFolder(".")
	if err != nil {
		t.Fatal(err)
	}
	defer dir.Close()
	var holders, total atomic.Int32 // to the race detector a lock of files is none
	var wg sync.WaitGroup
	for range 8 {
		wg.Go(func() {
			for range 20 {
				unlock, err := lockFile(t.Context(), dir, "x", os.O_CREATE, tryLock)
				if err != nil {
					t.Error(err)
					return
				}
				if holders.Add(1) != 1 {
					t.Error("two have the lock")
				}
				total.Add(1)
				holders.Add(-1)
				unlock()
			}
		})
	}
	wg.Wait()
	if n := total.Load(); n != 160 {
		t.Errorf("%d turns", n)
	}
	for info, err := range f.List(t.Context(), "") {
		if err != nil || info.Path != "x" {
			t.Errorf("listed: %q, %v", info.Path, err)
		}
	}
	if _, err := os.Lstat(f.path(lockName("x"))); err != nil {
		t.Errorf("the lock file was not kept: %v", err)
	}
}

func TestSwapCounterAcrossProcesses(t *testing.T) {
	f := newFS(t).WithoutSync().(*FS)
	put(t, f, "dir/counter", "0")
	var wg sync.WaitGroup
	for range 4 {
		wg.Go(func() {
			cmd := exec.Command(os.Args[0], f.Root())
			cmd.Env = append(os.Environ(), helperEnv+"=count")
			if out, err := cmd.CombinedOutput(); err != nil {
				t.Errorf("%v: %s", err, out)
			}
		})
	}
	wg.Wait()
	want(t, f, "dir/counter", strconv.Itoa(4*helperCounts))
	wantTidy(t, f)
}

// helperCounts is by how much each helper raises the counter.
const helperCounts = 25

// count raises the counter by swaps.
func count(f *FS) error {
	ctx := context.Background()
	for done := 0; done < helperCounts; {
		info, err := f.Stat(ctx, "dir/counter")
		if err != nil {
			return err
		}
		now, err := get(ctx, f, "dir/counter")
		if err != nil {
			return err
		}
		n, err := strconv.Atoi(now)
		if err != nil {
			return err
		}
		_, err = write(f.CreateSwap(ctx, "dir/counter", info.Version))(strconv.Itoa(n + 1))
		switch {
		case err == nil:
			done++
		case !errors.Is(err, fsbase.ErrPrecondition):
			return err
		}
	}
	return nil
}
