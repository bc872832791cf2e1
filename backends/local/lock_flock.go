//go:build darwin || dragonfly || freebsd || linux || netbsd || openbsd

package local

import (
	"context"
	"errors"
	"os"
	"syscall"
)

// lockFolder locks the folder itself: it outlives every file in it, and a lock
// on a file that is replaced by rename is worthless. The folder is opened anew,
// because a lock belongs to the open folder.
func lockFolder(ctx context.Context, dir *os.Root, base string, flag int) (func(), error) {
	d, err := dir.Open(".")
	if err != nil {
		return nil, err
	}
	if locksStayHere(d) {
		d.Close()
		return nil, errNoLocks
	}
	err = wait(ctx, func() error { return flock(d) })
	if err == nil {
		return func() { d.Close() }, nil
	}
	d.Close()
	if errors.Is(err, syscall.EBADF) { // NFS locks what is open for writing
		return lockFile(ctx, dir, base, flag, flock)
	}
	return nil, err
}

func flock(file *os.File) error {
	for {
		err := syscall.Flock(int(file.Fd()), syscall.LOCK_EX|syscall.LOCK_NB)
		switch {
		case err == syscall.EINTR:
			continue
		case err == syscall.EWOULDBLOCK:
			return errBusy
		case err == syscall.ENOLCK, errors.Is(err, errors.ErrUnsupported):
			return errNoLocks
		}
		return err
	}
}
