package local

import (
	"context"
	"os"

	"golang.org/x/sys/windows"
)

// lockFolder locks a file beside base, since Windows cannot lock folders.
func lockFolder(ctx context.Context, dir *os.Root, base string, flag int) (func(), error) {
	return lockFile(ctx, dir, base, flag, lockBytes)
}

func lockBytes(file *os.File) error {
	const flags = windows.LOCKFILE_EXCLUSIVE_LOCK | windows.LOCKFILE_FAIL_IMMEDIATELY
	err := windows.LockFileEx(windows.Handle(file.Fd()), flags, 0, 1, 0, new(windows.Overlapped))
	switch err {
	case windows.ERROR_LOCK_VIOLATION, windows.ERROR_IO_PENDING:
		return errBusy
	case windows.ERROR_NOT_SUPPORTED, windows.ERROR_INVALID_FUNCTION:
		return errNoLocks
	}
	return err
}
