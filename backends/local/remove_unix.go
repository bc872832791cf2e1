//go:build unix

package local

import (
	"errors"
	"io/fs"
	"os"
	"syscall"

	"golang.org/x/sys/unix"
)

// unlink removes a name in dir that is no folder. Remove of package os would
// take an empty folder as well.
func unlink(dir *os.Root, base string) error {
	err := unlinkat(dir, base, 0)
	if errors.Is(err, syscall.EPERM) { // POSIX: of a folder. Linux: EISDIR
		if fi, lerr := dir.Lstat(base); lerr == nil && fi.IsDir() {
			err = syscall.EISDIR
		}
	}
	if errors.Is(err, syscall.EISDIR) {
		return classed{fs.ErrNotExist, "is a folder"}
	}
	return err
}

// rmdir removes an empty folder in dir and nothing else.
func rmdir(dir *os.Root, base string) error { return unlinkat(dir, base, unix.AT_REMOVEDIR) }

func unlinkat(dir *os.Root, base string, flags int) error {
	d, err := dir.Open(".")
	if err != nil {
		return err
	}
	defer d.Close()
	return unix.Unlinkat(int(d.Fd()), base, flags)
}
