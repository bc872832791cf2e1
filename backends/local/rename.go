package local

import (
	"context"
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"syscall"
)

// Rename moves a stream, in one step. It makes the parents of newPath. O3.
func (f *FS) Rename(ctx context.Context, p, newPath string) error {
	const op = "rename"
	for _, name := range []string{p, newPath} {
		if err := f.checkWrite(ctx, op, name); err != nil {
			return err
		}
		if name == "." {
			return pathError(op, name, classed{fs.ErrInvalid, "the root is a folder"})
		}
	}
	return pathError(op, p, f.rename(p, newPath))
}

func (f *FS) rename(p, newPath string) error {
	dir, base := split(p)
	from, err := f.findFolder(dir)
	if err != nil {
		return err
	}
	defer from.Close()
	fi, err := from.Lstat(base)
	switch {
	case err != nil:
		return err
	case fi.IsDir():
		return classed{fs.ErrNotExist, "is a folder"}
	case p == newPath:
		return nil
	}
	newDir, newBase := split(newPath)
	to, err := f.openFolder(newDir)
	if errors.Is(err, syscall.ENOTDIR) { // of the target, so the source is not absent
		return sysError{fs.ErrInvalid, syscall.ENOTDIR}
	}
	if err != nil {
		return err
	}
	defer to.Close()
	target, err := to.Lstat(newBase)
	same := err == nil && os.SameFile(fi, target)
	if err := f.renameInRoot(p, newPath); err != nil {
		return err
	}
	if same {
		// Between two names of one file rename has done nothing. Where a and A
		// are one name it has, and there is nothing to remove.
		if err := unlinkExactly(from, base); err != nil {
			return err
		}
	}
	// First the new name: a power loss leaves both rather than none.
	if err := f.syncFolder(to, "."); err != nil {
		return err
	}
	return f.syncFolder(from, ".")
}

func (f *FS) renameInRoot(p, newPath string) error {
	root, err := f.openRoot()
	if err != nil {
		return err
	}
	defer root.Close()
	return f.do(stepRename, func() error {
		return root.Rename(filepath.FromSlash(p), filepath.FromSlash(newPath))
	})
}

// unlinkExactly removes base if the folder lists it, spelled so.
func unlinkExactly(dir *os.Root, base string) error {
	d, err := dir.Open(".")
	if err != nil {
		return err
	}
	defer d.Close()
	names, err := d.Readdirnames(-1)
	if err != nil || !slices.Contains(names, base) {
		return err
	}
	return unlink(dir, base)
}
