package fsbase

import (
	"context"
	"fmt"
	"io"
	"io/fs"
	"sync/atomic"
)

// NewReadStream returns a stream over fill: clauses R3–R5 and R7. It calls fill,
// which must be safe for concurrent use, for bytes inside info.Size only, at
// least one. fill returns how many of them it read; fewer without an error are
// io.ErrUnexpectedEOF. It keeps to the version that info describes, or returns
// ErrChanged (R2). Errors get their path here.
func NewReadStream(ctx context.Context, info Info, fill func(p []byte, off int64) (int, error)) ReadStream {
	return &filledStream{ctx: ctx, info: info, fill: fill}
}

type filledStream struct {
	ctx    context.Context
	info   Info
	fill   func(p []byte, off int64) (int, error)
	closed atomic.Bool
}

func (r *filledStream) Info() Info { return r.info }

func (r *filledStream) ReadAt(p []byte, off int64) (int, error) {
	var err error
	switch {
	case r.closed.Load():
		err = fs.ErrClosed
	case r.ctx.Err() != nil:
		err = r.ctx.Err()
	case off < 0:
		err = fmt.Errorf("offset %d: %w", off, fs.ErrInvalid)
	}
	n, there := 0, p[:min(int64(len(p)), max(r.info.Size-off, 0))]
	if err == nil && len(there) > 0 {
		n, err = r.fill(there, off)
		if err == nil && n < len(there) {
			err = io.ErrUnexpectedEOF
		}
	}
	if err != nil {
		return n, PathError("read", r.info.Path, err)
	}
	if n < len(p) {
		return n, io.EOF // bare, as io.ReaderAt has it
	}
	return n, nil
}

func (r *filledStream) Close() error {
	r.closed.Store(true)
	return nil
}
