package local

import (
	"context"
	"errors"
	"io/fs"
	"os"
	"path/filepath"

	"github.com/godcp/godcp/fsbase"
)

// writeStream is a temporary file beside its target. It is for one goroutine.
type writeStream struct {
	ctx  context.Context
	fs   *FS
	path string
	cond fsbase.Condition
	old  *snapshot // what cond's version was, nil when it was not there

	dir        *os.Root // the folder of both: wherever it is moved, they stay together
	base, temp string
	file       *os.File
	written    int64
	err        error // of an earlier Write
	done       bool
}

// CreateStream begins a write that replaces. W1–W11.
func (f *FS) CreateStream(ctx context.Context, p string) (fsbase.WriteStream, error) {
	return stream(f.create(ctx, "create", p, fsbase.Condition{}))
}

// CreateExclusive begins a write that commits only if nothing has the name. C2.
func (f *FS) CreateExclusive(ctx context.Context, p string) (fsbase.WriteStream, error) {
	return stream(f.create(ctx, "create", p, fsbase.IfAbsent()))
}

// CreateSwap begins a write that commits only if the name still has the version
// old, and the content that it has now. C3.
func (f *FS) CreateSwap(ctx context.Context, p string, old fsbase.Version) (fsbase.WriteStream, error) {
	return stream(f.create(ctx, "create", p, fsbase.IfVersion(old)))
}

// stream keeps a nil *writeStream out of an interface.
func stream(w *writeStream, err error) (fsbase.WriteStream, error) {
	if err != nil {
		return nil, err
	}
	return w, nil
}

// create makes the temporary file.
func (f *FS) create(ctx context.Context, op, p string, cond fsbase.Condition) (*writeStream, error) {
	if err := f.checkWrite(ctx, op, p); err != nil {
		return nil, err
	}
	if err := cond.Check(op, p); err != nil {
		return nil, err
	}
	if p == "." {
		return nil, pathError(op, p, classed{fs.ErrInvalid, "the root is a folder"})
	}
	w := &writeStream{ctx: ctx, fs: f, path: p, cond: cond, temp: tempName()}
	if cond.Version() != "" {
		var err error
		if w.old, err = f.snapshot(ctx, op, p, cond.Version()); err != nil {
			return nil, err
		}
	}
	if err := w.open(); err != nil {
		return nil, pathError(op, p, err)
	}
	return w, nil
}

func (w *writeStream) open() error {
	dir, base := split(w.path)
	w.base = filepath.FromSlash(base)
	for i := 0; ; i++ {
		d, err := w.fs.openFolder(dir)
		if err != nil {
			return err
		}
		err = w.fs.do(stepCreate, func() (err error) {
			w.file, err = d.OpenFile(w.temp, os.O_RDWR|os.O_CREATE|os.O_EXCL, 0o666)
			return err
		})
		if err == nil {
			w.dir = d
			return nil
		}
		d.Close()
		// Somebody removed the folder, which was empty, a moment ago.
		if !errors.Is(err, fs.ErrNotExist) || i == attempts {
			return err
		}
	}
}

// Write appends. W5, W6, W10.
func (w *writeStream) Write(p []byte) (int, error) {
	switch {
	case w.done:
		return 0, pathError("write", w.path, fs.ErrClosed)
	case w.err != nil:
		return 0, w.err
	case w.ctx.Err() != nil:
		return 0, pathError("write", w.path, w.ctx.Err())
	}
	var n int
	err := w.fs.do(stepWrite, func() (err error) {
		n, err = w.file.Write(p)
		return err
	})
	w.written += int64(n)
	if err != nil {
		w.err = pathError("write", w.path, err)
	}
	return n, w.err
}

// Close discards what was not committed. W4.
func (w *writeStream) Close() error {
	if w.done {
		return nil
	}
	w.done = true
	w.file.Close()
	err := w.dir.Remove(w.temp)
	w.dir.Close()
	if errors.Is(err, fs.ErrNotExist) { // it is the stream by now
		return nil
	}
	return pathError("close", w.path, err)
}
