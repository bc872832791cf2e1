package gcs

import (
	"context"
	"fmt"
	"hash/crc32"
	"io"
	"io/fs"
	"sync/atomic"

	"cloud.google.com/go/storage"

	"github.com/godcp/godcp/fsbase"
)

// OpenStream asks for the object and pins its generation: one request, and one
// for each ReadAt. A generation that was replaced is fsbase.ErrChanged, also
// where the bucket keeps old versions.
func (f *FS) OpenStream(ctx context.Context, p string) (fsbase.ReadStream, error) {
	attrs, err := f.stat(ctx, "open", p)
	if err != nil {
		return nil, err
	}
	return &readStream{ctx: ctx, fs: f, attrs: attrs, info: infoOf(p, attrs)}, nil
}

// readStream reads one generation. It holds no connection.
type readStream struct {
	ctx    context.Context
	fs     *FS
	attrs  *storage.ObjectAttrs
	info   fsbase.Info
	closed atomic.Bool
}

func (r *readStream) Info() fsbase.Info { return r.info }

func (r *readStream) ReadAt(p []byte, off int64) (int, error) {
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
	want := p[:min(int64(len(p)), max(r.info.Size-off, 0))]
	if len(want) > 0 {
		if err := r.fill(want, off); err != nil {
			return 0, fail(r.ctx, "read", r.info.Path, err)
		}
	}
	if len(want) < len(p) {
		return len(want), io.EOF
	}
	return len(want), nil
}

// fill reads bytes that are there. All of an object is compared with its
// CRC32C; parts of one cannot be.
func (r *readStream) fill(p []byte, off int64) error {
	if _, err := r.fs.fetch(r.ctx, r.info.Path, r.attrs.Generation, [][]byte{p}, off); err != nil {
		return err
	}
	if int64(len(p)) == r.info.Size && crc32.Checksum(p, castagnoli) != r.attrs.CRC32C {
		return ErrChecksum
	}
	return nil
}

func (r *readStream) Close() error {
	r.closed.Store(true)
	return nil
}
