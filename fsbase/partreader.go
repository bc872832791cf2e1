package fsbase

import (
	"context"
	"fmt"
	"io"
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
	r := partReader{info, int64(size), get}
	return NewReadStream(ctx, info, func(p []byte, off int64) (n int, err error) {
		for n < len(p) && err == nil {
			var k int
			k, err = r.copyPart(ctx, p[n:], off+int64(n))
			n += k
		}
		return n, err
	})
}

type partReader struct {
	info Info
	size int64
	get  func(context.Context, int64) ([]byte, error)
}

// copyPart copies what the part at off has for p: at least one byte.
func (r partReader) copyPart(ctx context.Context, p []byte, off int64) (int, error) {
	i := off / r.size
	part, err := r.get(ctx, i)
	if err != nil {
		return 0, err
	}
	if want := min(r.size, r.info.Size-i*r.size); int64(len(part)) != want {
		return 0, fmt.Errorf("part %d has %d bytes instead of %d: %w", i, len(part), want, io.ErrUnexpectedEOF)
	}
	return copy(p, part[off-i*r.size:]), nil
}
