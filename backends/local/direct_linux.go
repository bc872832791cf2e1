package local

import (
	"errors"
	"os"

	"golang.org/x/sys/unix"
)

// setDirect turns writes past the page cache on or off. It fails where the
// file system has none.
func setDirect(file *os.File, on bool) error {
	fd := file.Fd()
	flags, err := unix.FcntlInt(fd, unix.F_GETFL, 0)
	if err != nil {
		return err
	}
	flags &^= unix.O_DIRECT
	if on {
		flags |= unix.O_DIRECT
	}
	_, err = unix.FcntlInt(fd, unix.F_SETFL, flags)
	return err
}

// preallocate gives the file its size and its place on the disk. It fails when
// there is no place; a file system that cannot do it is left alone.
func preallocate(file *os.File, size int64) error {
	for {
		err := unix.Fallocate(int(file.Fd()), 0, 0, size)
		switch {
		case err == unix.EINTR:
			continue
		case errors.Is(err, unix.ENOSPC), errors.Is(err, unix.EDQUOT), errors.Is(err, unix.EFBIG):
			return err
		}
		return nil
	}
}
