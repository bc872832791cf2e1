package gcs

import (
	"bytes"
	"context"
	"io/fs"

	"github.com/godcp/godcp/fsbase"
)

// CreateStream begins a write. What does not exceed one part is kept in memory
// and goes in one request at Commit; then on parts go while they are written.
// Nothing is visible before Commit either way.
func (f *FS) CreateStream(ctx context.Context, p string) (fsbase.WriteStream, error) {
	return f.create(ctx, p, fsbase.Condition{})
}

// CreateExclusive begins a write that commits only if nothing has the name.
func (f *FS) CreateExclusive(ctx context.Context, p string) (fsbase.WriteStream, error) {
	return f.create(ctx, p, fsbase.IfAbsent())
}

// CreateSwap begins a write that commits only if the name has the version old.
func (f *FS) CreateSwap(ctx context.Context, p string, old fsbase.Version) (fsbase.WriteStream, error) {
	return f.create(ctx, p, fsbase.IfVersion(old))
}

func (f *FS) create(ctx context.Context, p string, cond fsbase.Condition) (fsbase.WriteStream, error) {
	const op = "create"
	if err := cond.Check(op, p); err != nil {
		return nil, err
	}
	if err := checkWrite(ctx, op, p); err != nil {
		return nil, err
	}
	return &writeStream{ctx: ctx, pub: f.publication(p, cond)}, nil
}

// writeStream is one write. It is for one goroutine.
type writeStream struct {
	ctx     context.Context
	pub     *publication
	content []byte   // until there is a session
	session *session // a resumable upload
	err     error    // of an earlier Write: W6
	done    bool
}

func (w *writeStream) Write(b []byte) (int, error) {
	if w.done {
		return 0, &fs.PathError{Op: "write", Path: w.pub.path, Err: fs.ErrClosed}
	}
	if w.err == nil {
		w.err = fsbase.CheckWrite(w.ctx, "write", w.pub.path)
	}
	if w.err == nil {
		w.err = fail(w.ctx, "write", w.pub.path, w.write(b))
	}
	if w.err != nil {
		return 0, w.err
	}
	return len(b), nil
}

func (w *writeStream) write(b []byte) error {
	if w.session == nil && len(w.content)+len(b) <= w.pub.fs.chunk {
		w.content = append(w.content, b...)
		return nil
	}
	if w.session == nil {
		target, err := w.pub.target()
		if err != nil {
			return err
		}
		w.session = w.pub.open(w.ctx, target)
		kept := w.content
		w.content = nil
		if err := w.session.write(kept); err != nil {
			return w.pub.early(err)
		}
	}
	return w.pub.early(w.session.write(b))
}

func (w *writeStream) Commit() (fsbase.Info, error) {
	const op = "commit"
	if w.done {
		return fsbase.Info{}, &fs.PathError{Op: op, Path: w.pub.path, Err: fs.ErrClosed}
	}
	defer w.Close()
	if w.err != nil {
		return fsbase.Info{}, w.err
	}
	if err := fsbase.CheckWrite(w.ctx, op, w.pub.path); err != nil {
		return fsbase.Info{}, err
	}
	info, err := w.commit()
	return info, fsbase.PathError(op, w.pub.path, err)
}

func (w *writeStream) commit() (fsbase.Info, error) {
	if w.session == nil {
		return w.pub.send(w.ctx, bytes.NewReader(w.content), int64(len(w.content)))
	}
	attrs, err := w.session.commit()
	return w.pub.outcome(w.ctx, attrs, w.session.sum, err)
}

func (w *writeStream) Close() error {
	if w.session != nil {
		w.session.abandon() // after a commit this does nothing
	}
	w.done, w.content, w.session = true, nil, nil
	return nil
}
