package local

import (
	"context"
	"errors"
	"io/fs"
	"os"
	"time"
)

// lockPatience bounds the wait for a lock that its holder does not give back.
const lockPatience = time.Minute

// lock excludes every other conditional write in the folder dir (or, where
// folders cannot be locked, of the name base), in this process and in others,
// until unlock is called or the process ends. It is errors.ErrUnsupported where
// that cannot be had.
func (f *FS) lock(ctx context.Context, dir *os.Root, base string) (unlock func(), err error) {
	return f.lockWith(ctx, dir, base, os.O_CREATE)
}

// lockRemoval is lock for what removes base, so that a swap that is under way
// does not bring it back. It leaves no lock file behind, and does without the
// lock where that cannot be had.
func (f *FS) lockRemoval(ctx context.Context, dir *os.Root, base string) (unlock func(), err error) {
	unlock, err = f.lockWith(ctx, dir, base, 0)
	if errors.Is(err, errors.ErrUnsupported) {
		return func() {}, nil
	}
	return unlock, err
}

func (f *FS) lockWith(ctx context.Context, dir *os.Root, base string, flag int) (unlock func(), err error) {
	ctx, cancel := context.WithTimeoutCause(ctx, lockPatience, errLocked)
	defer cancel()
	err = f.do(stepLock, func() (err error) {
		unlock, err = lockFolder(ctx, dir, base, flag)
		return err
	})
	return unlock, err
}

// errLocked is the end of lockPatience.
var errLocked = classed{context.DeadlineExceeded, "another writer has had the lock of the folder for a minute"}

// wait calls try until it no longer answers errBusy. Locks of files have no
// deadline of their own.
func wait(ctx context.Context, try func() error) error {
	for pause := 100 * time.Microsecond; ; pause = min(2*pause, 20*time.Millisecond) {
		if err := try(); err != errBusy {
			return err
		}
		select {
		case <-ctx.Done():
			if errors.Is(context.Cause(ctx), errLocked) {
				return errLocked
			}
			return ctx.Err()
		case <-time.After(pause):
		}
	}
}

var (
	errBusy    = errors.New("locked")
	errNoLocks = classed{errors.ErrUnsupported, "this file system has no locks that every machine sees"}
)

// lockFile locks the lock file of base by try. The file is kept, since between
// two who wait for it a removed one would be two locks. Without os.O_CREATE
// none is made: where there is none, nobody has locked base yet.
func lockFile(ctx context.Context, dir *os.Root, base string, flag int, try func(*os.File) error) (func(), error) {
	name := lockName(base)
	for {
		file, err := dir.OpenFile(name, os.O_RDWR|flag, 0o666)
		if flag == 0 && errors.Is(err, fs.ErrNotExist) {
			return func() {}, nil
		} else if err != nil {
			return nil, err
		}
		if err := wait(ctx, func() error { return try(file) }); err != nil {
			file.Close()
			return nil, err
		}
		mine, err := file.Stat()
		if err == nil {
			var there fs.FileInfo
			if there, err = dir.Lstat(name); err == nil && os.SameFile(mine, there) {
				return func() { file.Close() }, nil
			}
		}
		file.Close()
		if err != nil && !errors.Is(err, fs.ErrNotExist) {
			return nil, err
		}
		// Someone removed it, folder and all: the lock is another file now.
	}
}
