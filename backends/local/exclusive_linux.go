package local

import (
	"os"

	"golang.org/x/sys/unix"
)

// renameExclusive is renameat2 with RENAME_NOREPLACE, of two names in dir.
func renameExclusive(dir *os.Root, from, to string) error {
	d, err := dir.Open(".")
	if err != nil {
		return err
	}
	defer d.Close()
	fd := int(d.Fd())
	return unix.Renameat2(fd, from, fd, to, unix.RENAME_NOREPLACE)
}
