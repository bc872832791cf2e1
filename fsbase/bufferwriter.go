package fsbase

import (
	"context"
	"io/fs"
	"slices"
)

// NewBufferWriter returns a stream that keeps what is written and hands it to
// commit, once, when it is committed: clauses W4–W7 and W10 for storage that
// takes a whole value at a time. An invalid path or a done context is an error
// of the first Write and of Commit.
//
// The slice belongs to commit, which may keep it, and is never nil; ctx is the
// one given here. Commit fills Path and Size of the Info and makes errors *fs.PathError.
func NewBufferWriter(ctx context.Context, path string, commit func(ctx context.Context, content []byte) (Info, error)) WriteStream {
	return &bufferWriter{ctx: ctx, path: path, commit: commit, content: []byte{}}
}

type bufferWriter struct {
	ctx     context.Context
	path    string
	commit  func(context.Context, []byte) (Info, error)
	content []byte
	err     error // of a Write: W6
	done    bool
}

func (w *bufferWriter) Write(p []byte) (int, error) {
	if w.done {
		return 0, &fs.PathError{Op: "write", Path: w.path, Err: fs.ErrClosed}
	}
	if w.err == nil {
		w.err = CheckWrite(w.ctx, "write", w.path)
	}
	if w.err != nil {
		return 0, w.err
	}
	w.content = append(w.content, p...)
	return len(p), nil
}

func (w *bufferWriter) Commit() (Info, error) {
	if w.done {
		return Info{}, &fs.PathError{Op: "commit", Path: w.path, Err: fs.ErrClosed}
	}
	content := slices.Clip(w.content)
	w.done, w.content = true, nil
	if w.err != nil {
		return Info{}, w.err
	}
	if err := CheckWrite(w.ctx, "commit", w.path); err != nil {
		return Info{}, err
	}
	info, err := w.commit(w.ctx, content)
	if err != nil {
		return Info{}, PathError("commit", w.path, err)
	}
	info.Path, info.Size = w.path, int64(len(content))
	return info, nil
}

func (w *bufferWriter) Close() error {
	w.done, w.content = true, nil
	return nil
}
