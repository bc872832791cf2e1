package s3

import (
	"bytes"
	"context"
	"io/fs"

	"github.com/godcp/godcp/fsbase"
)

// Commit publishes. W1, W3, W7, W11.
func (w *writeStream) Commit() (fsbase.Info, error) {
	const op = "commit"
	if w.done {
		return fsbase.Info{}, pathError(op, w.path, fs.ErrClosed)
	}
	w.done = true
	defer w.cancel(context.Canceled)
	err := w.err
	if err == nil {
		err = w.ctx.Err()
	}
	var info fsbase.Info
	switch {
	case err != nil:
	case w.up == nil:
		info, err = w.fs.put(w.ctx, w.key, bytes.NewReader(w.buf), int64(len(w.buf)), w.cond)
	default:
		info, err = w.complete()
	}
	w.buf = nil
	if err != nil {
		return fsbase.Info{}, pathError(op, w.path, w.discard(err))
	}
	info.Path = w.path
	return info, nil
}

// complete sends what is kept and publishes all parts.
func (w *writeStream) complete() (fsbase.Info, error) {
	if err := w.send(); err != nil {
		return fsbase.Info{}, err
	}
	w.running.Wait()
	if err := w.failure(); err != nil {
		return fsbase.Info{}, err
	}
	info, err := w.up.complete(w.ctx)
	if isConflict(err) {
		err = w.up.conflicted(w.ctx, err) // the parts cannot be sent again
	}
	return info, err
}

// discard ends what is under way and removes it. It returns err, and what went
// wrong.
func (w *writeStream) discard(err error) error {
	w.cancel(context.Canceled)
	w.running.Wait()
	if w.up == nil {
		return err
	}
	if err == nil {
		return w.up.abort(w.ctx)
	}
	return w.up.aborted(w.ctx, err)
}

// Close discards what was not committed. W4.
func (w *writeStream) Close() error {
	if w.done {
		return nil
	}
	w.done, w.buf = true, nil
	return pathError("close", w.path, w.discard(nil))
}
