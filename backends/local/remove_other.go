//go:build !unix

package local

import (
	"io/fs"
	"os"
	"syscall"
)

// unlink removes a name in dir that is no folder.
func unlink(dir *os.Root, base string) error {
	fi, err := dir.Lstat(base)
	if err != nil {
		return err
	}
	if fi.IsDir() {
		return classed{fs.ErrNotExist, "is a folder"}
	}
	return dir.Remove(base)
}

// rmdir removes an empty folder in dir.
func rmdir(dir *os.Root, base string) error {
	fi, err := dir.Lstat(base)
	if err == nil && !fi.IsDir() {
		err = syscall.ENOTDIR
	}
	if err != nil {
		return err
	}
	return dir.Remove(base)
}
