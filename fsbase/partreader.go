package fsbase

import (
	"context"
	"fmt"
	"io"
	"io/fs"
	"sync/atomic"
)

// NewPartReader returns a stream that reads what [NewPartWriter] wrote in parts
// of size bytes: clauses R3–R5 and R7. get, which must be safe for concurrent
// use, returns part n of the version that info describes, or ErrChanged when it
// cannot be read any more (R2); nobody changes the part afterwards. A part that
// is longer or shorter than info.Size demands is io.ErrUnexpectedEOF. ctx is
// what get gets. A size below 1 panics.
func NewPartReader(ctx context.Context, info Info, size int, get func(ctx context.Context, n int64) ([]byte, error)) ReadStream {
	if size < 1 {
		panic(fmt.Sprintf("fsbase: parts of %d bytes", size))
	}
	return &partReader{ctx: ctx, info: info, size: int64(size), get: get}
}

type partReader struct {
	ctx    context.Context
	info   Info
	size   int64
	get    func(context.Context, int64) ([]byte, error)
	closed atomic.Bool
}

func (r *partReader) Info() Info { return r.info }

func (r *partReader) ReadAt(p []byte, off int64) (int, error) {
	var err error
	switch {
	case r.closed.Load():
		err = fs.ErrClosed
	case r.ctx.Err() != nil:
		err = r.ctx.Err()
	case off < 0:
		err = fmt.Errorf("offset %d: %w", off, fs.ErrInvalid)
	}
	n := 0
	for err == nil && n < len(p) && off < r.info.Size {
		var k int
		k, err = r.copyPart(p[n:], off)
		n, off = n+k, off+int64(k)
	}
	if err != nil {
		return n, PathError("read", r.info.Path, err)
	}
	if n < len(p) {
		return n, io.EOF // bare, as io.ReaderAt has it
	}
	return n, nil
}

// copyPart copies what the part at off has for p: at least one byte.
func (r *partReader) copyPart(p []byte, off int64) (int, error) {
	i := off / r.size
	part, err := r.get(r.ctx, i)
	if err != nil {
		return 0, err
	}
	if want := min(r.size, r.info.Size-i*r.size); int64(len(part)) != want {
		return 0, fmt.Errorf("part %d has %d bytes instead of %d: %w", i, len(part), want, io.ErrUnexpectedEOF)
	}
	return copy(p, part[off-i*r.size:]), nil
}

func (r *partReader) Close() error {
	r.closed.Store(true)
	return nil
}
