package fsbase

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
)

// Parts is how storage takes one stream in parts: [NewPartWriter].
type Parts struct {
	// Size is the length in bytes of every part but the last.
	Size int

	// Put stores part n, counted from 0, where nobody sees it. The memory is
	// the stream's again when it returns.
	Put func(ctx context.Context, n int64, part []byte) error

	// Commit makes the n parts, size bytes in all, the content of the path.
	Commit func(ctx context.Context, n, size int64) (Info, error)

	// Discard removes what Put has stored. Its context is not done, even if
	// that of the stream is.
	Discard func(ctx context.Context) error
}

// NewPartWriter returns a stream that puts what is written part by part:
// clauses W4–W7 and W10 for storage that takes a large value in pieces, with
// one part in memory. Close discards, and so does a Commit that fails, unless
// its outcome is ErrCommitUnknown. An invalid path or a done context is an
// error of the first Write and of Commit.
//
// ctx is what Put and Commit get. The stream fills Path and Size of the Info
// and makes errors *fs.PathError. A Size below 1 panics.
func NewPartWriter(ctx context.Context, path string, parts Parts) WriteStream {
	if parts.Size < 1 {
		panic(fmt.Sprintf("fsbase: parts of %d bytes", parts.Size))
	}
	return &partWriter{ctx: ctx, path: path, parts: parts}
}

type partWriter struct {
	ctx   context.Context
	path  string
	parts Parts
	part  []byte // the next
	n     int64  // how many were put
	size  int64  // bytes in them
	err   error  // of a Write: W6
	done  bool
}

func (w *partWriter) Write(p []byte) (int, error) {
	if w.done {
		return 0, &fs.PathError{Op: "write", Path: w.path, Err: fs.ErrClosed}
	}
	if w.err == nil {
		w.err = CheckWrite(w.ctx, "write", w.path)
	}
	for rest := p; w.err == nil && len(rest) > 0; {
		k := min(len(rest), w.parts.Size-len(w.part))
		w.part, rest = append(w.part, rest[:k]...), rest[k:]
		if len(w.part) == w.parts.Size {
			w.err = w.put("write")
		}
	}
	if w.err != nil {
		return 0, w.err
	}
	return len(p), nil
}

// put counts a part that failed too: it may be there.
func (w *partWriter) put(op string) error {
	err := w.parts.Put(w.ctx, w.n, w.part)
	w.n++
	w.size += int64(len(w.part))
	w.part = w.part[:0]
	return PathError(op, w.path, err)
}

func (w *partWriter) Commit() (Info, error) {
	if w.done {
		return Info{}, &fs.PathError{Op: "commit", Path: w.path, Err: fs.ErrClosed}
	}
	info, err := w.commit()
	if err != nil && !errors.Is(err, ErrCommitUnknown) {
		if stay := w.Close(); stay != nil {
			err = &fs.PathError{Op: "commit", Path: w.path, Err: fmt.Errorf("%w; its parts stay: %w", err, stay)}
		}
	}
	w.done, w.part = true, nil
	return info, PathError("commit", w.path, err)
}

func (w *partWriter) commit() (Info, error) {
	if w.err != nil {
		return Info{}, w.err
	}
	if err := CheckWrite(w.ctx, "commit", w.path); err != nil {
		return Info{}, err
	}
	if len(w.part) > 0 {
		if err := w.put("commit"); err != nil {
			return Info{}, err
		}
	}
	info, err := w.parts.Commit(w.ctx, w.n, w.size)
	if err != nil {
		return Info{}, err
	}
	info.Path, info.Size = w.path, w.size
	return info, nil
}

func (w *partWriter) Close() error {
	if w.done {
		return nil
	}
	w.done, w.part = true, nil
	if w.n == 0 {
		return nil
	}
	return PathError("close", w.path, w.parts.Discard(context.WithoutCancel(w.ctx)))
}
