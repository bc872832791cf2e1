package local

import (
	"context"
	"errors"
	"io"
	"io/fs"
	"os"
	"sync/atomic"
	"syscall"

	"github.com/godcp/godcp/fsbase"
)

// readStream reads one open file. All of it is safe for concurrent use.
type readStream struct {
	ctx    context.Context
	file   *os.File
	opened fs.FileInfo
	info   fsbase.Info
	closed atomic.Bool
}

func (r *readStream) Info() fsbase.Info { return r.info }

// ReadAt is one pread, and a look whether the open file was written meanwhile
// by someone who does not replace files but changes them: best effort, since
// such a writer can also set the times back.
func (r *readStream) ReadAt(p []byte, off int64) (int, error) {
	switch {
	case r.closed.Load():
		return 0, pathError("read", r.info.Path, fs.ErrClosed)
	case off < 0:
		return 0, pathError("read", r.info.Path, fs.ErrInvalid)
	case r.ctx.Err() != nil:
		return 0, pathError("read", r.info.Path, r.ctx.Err())
	}
	if err := readPinned(r.file, r.opened, p, off); err != nil && err != io.EOF {
		return 0, pathError("read", r.info.Path, err)
	}
	if rest := r.info.Size - off; rest < int64(len(p)) {
		return int(max(rest, 0)), io.EOF
	}
	return len(p), nil
}

// readPinned fills p from offset off, as far as the file that was opened goes,
// or fails. It is io.EOF when p goes further.
func readPinned(file *os.File, opened fs.FileInfo, p []byte, off int64) error {
	want := p[:min(int64(len(p)), max(opened.Size()-off, 0))]
	n, err := file.ReadAt(want, off)
	switch {
	case errors.Is(err, fs.ErrClosed):
		return fs.ErrClosed
	case errors.Is(err, syscall.ESTALE): // NFS: removed on the server
		return sysError{fsbase.ErrChanged, syscall.ESTALE}
	case err != nil && err != io.EOF:
		return err
	}
	now, err := file.Stat()
	switch {
	case errors.Is(err, fs.ErrClosed):
		return fs.ErrClosed
	case err != nil:
		return err
	case n < len(want), changedInPlace(opened, now):
		return fsbase.ErrChanged
	case len(want) < len(p):
		return io.EOF
	}
	return nil
}

func (r *readStream) Close() error {
	if r.closed.Swap(true) {
		return nil
	}
	return pathError("close", r.info.Path, r.file.Close())
}
