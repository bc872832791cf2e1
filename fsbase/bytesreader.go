package fsbase

import (
	"context"
	"fmt"
	"io"
	"io/fs"
	"sync/atomic"
)

// NewBytesReader returns a stream that reads content, which nobody may change
// any more: clauses R2–R5 and R7 for storage that gives a whole value at a
// time. The Info's Size is len(content), whatever info says.
func NewBytesReader(ctx context.Context, info Info, content []byte) ReadStream {
	info.Size = int64(len(content))
	return &bytesReader{ctx: ctx, info: info, content: content}
}

type bytesReader struct {
	ctx     context.Context
	info    Info
	content []byte
	closed  atomic.Bool
}

func (r *bytesReader) Info() Info { return r.info }

func (r *bytesReader) ReadAt(p []byte, off int64) (int, error) {
	var err error
	switch {
	case r.closed.Load():
		err = fs.ErrClosed
	case r.ctx.Err() != nil:
		err = r.ctx.Err()
	case off < 0:
		err = fmt.Errorf("offset %d: %w", off, fs.ErrInvalid)
	}
	if err != nil {
		return 0, &fs.PathError{Op: "read", Path: r.info.Path, Err: err}
	}
	n := copy(p, r.content[min(off, int64(len(r.content))):])
	if n < len(p) {
		return n, io.EOF // bare, as io.ReaderAt has it
	}
	return n, nil
}

func (r *bytesReader) Close() error {
	r.closed.Store(true)
	return nil
}
