package mutants

import (
	"context"
	"errors"
	"io/fs"

	"github.com/godcp/godcp/fsbase"
)

func (p *prefixed) writing(w fsbase.WriteStream, err error) (fsbase.WriteStream, error) {
	if err != nil {
		return nil, p.failing(err)
	}
	pw := &prefixedWriter{w, p}
	if p.writer != nil {
		return p.writer(pw), nil
	}
	return pw, nil
}

type prefixedWriter struct {
	fsbase.WriteStream
	p *prefixed
}

func (w *prefixedWriter) Write(b []byte) (int, error) {
	n, err := w.WriteStream.Write(b)
	return n, w.p.failing(err)
}

func (w *prefixedWriter) Commit() (fsbase.Info, error) {
	info, err := w.WriteStream.Commit()
	return w.p.info(info), w.p.failing(err)
}

type prefixedReader struct {
	fsbase.ReadStream
	p *prefixed
}

func (r *prefixedReader) ReadAt(b []byte, off int64) (int, error) {
	n, err := r.ReadStream.ReadAt(b, off)
	return n, r.p.failing(err)
}

func (r *prefixedReader) Info() fsbase.Info { return r.p.info(r.ReadStream.Info()) }

// unwrapped loses everything that errors.Is and errors.As find.
func unwrapped(err error) error {
	var pe *fs.PathError
	if errors.As(err, &pe) {
		return &fs.PathError{Op: pe.Op, Path: pe.Path, Err: errors.New(pe.Err.Error())}
	}
	return errors.New(err.Error())
}

// sentinels are what sentinelOnly keeps.
var sentinels = []error{
	fs.ErrNotExist, fs.ErrPermission, fs.ErrInvalid, fs.ErrClosed, context.Canceled, context.DeadlineExceeded,
	fsbase.ErrExist(), fsbase.ErrPrecondition, fsbase.ErrChanged, fsbase.ErrThrottled, fsbase.ErrCommitUnknown,
}

func pathOf(err error) string {
	var pe *fs.PathError
	if errors.As(err, &pe) {
		return pe.Path
	}
	return ""
}
