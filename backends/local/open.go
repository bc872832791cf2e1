package local

import (
	"context"
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"syscall"

	"github.com/godcp/godcp/fsbase"
)

// inside ends the name of a folder that is opened: what is no folder then fails
// at once. Without it, open waits for the writer of a FIFO.
const inside = string(filepath.Separator) + "."

// openRoot opens the root folder. It is opened anew by every call: a folder
// that was removed and made again is the same storage, and an FS needs no
// Close.
func (f *FS) openRoot() (*os.Root, error) { return os.OpenRoot(f.root + inside) }

// openFile opens the checked path p for reading, whatever it is.
func (f *FS) openFile(p string) (*os.File, error) {
	if f.follow {
		return os.OpenFile(f.path(p), readFlags, 0)
	}
	root, err := f.openRoot()
	if err != nil {
		return nil, err
	}
	defer root.Close()
	return root.OpenFile(filepath.FromSlash(p), readFlags, 0)
}

// path returns the place of the checked path p, for what follows symbolic links.
func (f *FS) path(p string) string { return filepath.Join(f.root, filepath.FromSlash(p)) }

// openStream opens a regular file. It looks at what it has opened: a stat of
// the name could speak of another file, and of an old one on NFS, where only
// open asks the server.
func (f *FS) openStream(ctx context.Context, op, p string) (*os.File, fs.FileInfo, error) {
	if err := f.check(ctx, op, p); err != nil {
		return nil, nil, err
	}
	file, err := f.openFile(p)
	if errors.Is(err, syscall.ENXIO) { // a socket, or a device without a driver
		err = errNotRegular(fs.ModeSocket)
	}
	if err != nil {
		return nil, nil, pathError(op, p, err)
	}
	fi, err := file.Stat()
	switch {
	case err != nil:
	case fi.IsDir():
		err = classed{fs.ErrNotExist, "is a folder"}
	case !fi.Mode().IsRegular():
		err = errNotRegular(fi.Mode())
	default:
		return file, fi, nil
	}
	file.Close()
	return nil, nil, pathError(op, p, err)
}

// OpenStream opens a regular file for reading. What is pinned is the open file:
// a commit or RmFile of its name does not touch it. R1–R7.
func (f *FS) OpenStream(ctx context.Context, p string) (fsbase.ReadStream, error) {
	file, fi, err := f.openStream(ctx, "open", p)
	if err != nil {
		return nil, err
	}
	return &readStream{ctx: ctx, file: file, opened: fi, info: infoOf(p, fi)}, nil
}

// Stat is OpenStream's Info. It opens the file, see openStream.
func (f *FS) Stat(ctx context.Context, p string) (fsbase.Info, error) {
	file, fi, err := f.openStream(ctx, "stat", p)
	if err != nil {
		return fsbase.Info{}, err
	}
	file.Close()
	return infoOf(p, fi), nil
}

// Exists tells whether OpenStream would find a stream. O1.
func (f *FS) Exists(ctx context.Context, p string) (bool, error) {
	if err := f.check(ctx, "exists", p); err != nil {
		return false, err
	}
	file, err := f.openFile(p)
	switch {
	case absent(err), errors.Is(err, syscall.ENXIO):
		return false, nil
	case err != nil:
		return false, pathError("exists", p, err)
	}
	defer file.Close()
	fi, err := file.Stat()
	if err != nil {
		return false, pathError("exists", p, err)
	}
	return fi.Mode().IsRegular(), nil
}
