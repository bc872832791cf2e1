package s3

import (
	"context"
	"io"
	"io/fs"
	"sync/atomic"

	"github.com/godcp/godcp/fsbase"
)

// headSize is how much of a stream comes with its opening. The `.metadata` of a
// small checkpoint is one request so.
const headSize = 1 << 20

// readStream reads one version. The beginning is in memory.
type readStream struct {
	ctx    context.Context
	fs     *FS
	key    string
	info   fsbase.Info
	head   []byte
	closed atomic.Bool
}

// OpenStream is one GET of the first bytes, which are kept. R1–R7.
func (f *FS) OpenStream(ctx context.Context, path string) (fsbase.ReadStream, error) {
	const op = "open"
	key, err := f.key(ctx, op, path)
	if err != nil {
		return nil, err
	}
	r := &readStream{ctx: ctx, fs: f, key: key}
	head := make([]byte, headSize)
	g := getter{fs: f, key: key, dst: [][]byte{head}}
	err = g.run(ctx)
	if isPastEnd(err) { // an empty stream has no first byte
		var o object
		o, err = f.head(ctx, key, "")
		if err == nil && o.size > 0 { // it was: overwritten since
			err = g.run(ctx)
		} else {
			g.info = o.info(path)
		}
	}
	if err != nil {
		return nil, pathError(op, path, err)
	}
	r.info = g.info
	r.info.Path = path
	r.head = head[:g.done]
	if 2*g.done < headSize {
		r.head = append([]byte(nil), r.head...) // what is open should not cost more than it has
	}
	return r, nil
}

func (r *readStream) Info() fsbase.Info { return r.info }

// ReadAt is a copy of what is in memory, and one GET of the rest.
func (r *readStream) ReadAt(p []byte, off int64) (int, error) {
	switch {
	case r.closed.Load():
		return 0, pathError("read", r.info.Path, fs.ErrClosed)
	case off < 0:
		return 0, pathError("read", r.info.Path, invalid("offset %d", off))
	case r.ctx.Err() != nil:
		return 0, pathError("read", r.info.Path, r.ctx.Err())
	}
	var err error
	if rest := max(r.info.Size-off, 0); int64(len(p)) > rest {
		p, err = p[:rest], io.EOF
	}
	n := copy(p, r.head[min(off, int64(len(r.head))):])
	if n == len(p) {
		return n, err
	}
	g := getter{fs: r.fs, key: r.key, pin: r.info.Version, offset: off + int64(n), dst: [][]byte{p[n:]}}
	if err := g.run(r.ctx); err != nil {
		return n + int(g.done), pathError("read", r.info.Path, err)
	}
	return len(p), err
}

func (r *readStream) Close() error {
	r.closed.Store(true)
	return nil
}
