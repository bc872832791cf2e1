package mutants

import (
	"context"
	"io"
	"io/fs"
	"sync/atomic"

	"github.com/godcp/godcp/fsbase"
)

// writer is a write of a Store.
type writer struct {
	ctx     context.Context
	path    string
	data    []byte
	over    bool
	err     error // of a Write
	request func(on string) (how string)
	publish func([]byte) (fsbase.Info, error)
}

func (w *writer) Write(p []byte) (int, error) {
	if w.over {
		return 0, failed("write", w.path, fs.ErrClosed)
	}
	if err := w.ctx.Err(); err != nil {
		return 0, failed("write", w.path, err)
	}
	if w.err == nil {
		w.err = denied("write", w.path, w.request("write"))
	}
	if w.err != nil {
		return 0, w.err
	}
	w.data = append(w.data, p...)
	return len(p), nil
}

func (w *writer) Commit() (fsbase.Info, error) {
	if w.over {
		return fsbase.Info{}, failed("commit", w.path, fs.ErrClosed)
	}
	w.over = true
	if err := w.ctx.Err(); err != nil {
		return fsbase.Info{}, failed("commit", w.path, err)
	}
	if w.err != nil {
		return fsbase.Info{}, w.err
	}
	return w.publish(w.data)
}

func (w *writer) Close() error {
	w.over = true
	return nil
}

// reader is a read of a Store.
type reader struct {
	ctx     context.Context
	object  object
	closed  atomic.Bool
	request func(on string) (how string) // nil for none
}

// background is the same reader under a context that does not end.
func (r *reader) background() *reader {
	return &reader{ctx: context.WithoutCancel(r.ctx), object: r.object, request: r.request}
}

func (r *reader) Info() fsbase.Info { return r.object.info }

func (r *reader) ReadAt(p []byte, off int64) (int, error) {
	switch {
	case r.closed.Load():
		return 0, failed("read", r.object.info.Path, fs.ErrClosed)
	case off < 0:
		return 0, failed("read", r.object.info.Path, fs.ErrInvalid)
	case r.ctx.Err() != nil:
		return 0, failed("read", r.object.info.Path, r.ctx.Err())
	case off >= int64(len(r.object.data)):
		return 0, io.EOF
	}
	if r.request != nil {
		how := r.request("read")
		if how == Lose {
			return 0, failed("read", r.object.info.Path, errReset)
		}
		if err := denied("read", r.object.info.Path, how); err != nil {
			return 0, err
		}
		if how == Truncate {
			n := copy(p[:len(p)/2], r.object.data[off:])
			return n, failed("read", r.object.info.Path, io.ErrUnexpectedEOF)
		}
	}
	n := copy(p, r.object.data[off:])
	if n < len(p) {
		return n, io.EOF
	}
	return n, nil
}

func (r *reader) Close() error {
	r.closed.Store(true)
	return nil
}
