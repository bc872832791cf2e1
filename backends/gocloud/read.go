package gocloud

import (
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"sync/atomic"
	"time"

	"github.com/godcp/godcp/fsbase"
)

// OpenStream asks for the object and pins its version: one request, and for
// each ReadAt one on Azure and two on other drivers.
func (f *FS) OpenStream(ctx context.Context, p string) (fsbase.ReadStream, error) {
	info, err := f.statAs(ctx, "open", p)
	if err != nil {
		return nil, err
	}
	return &readStream{ctx: ctx, fs: f, info: info}, nil
}

func (f *FS) statAs(ctx context.Context, op, p string) (fsbase.Info, error) {
	a, err := f.stat(ctx, op, p)
	if err != nil {
		return fsbase.Info{}, err
	}
	return f.infoOf(p, a), nil
}

// readStream reads one version. It holds no connection.
type readStream struct {
	ctx    context.Context
	fs     *FS
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
		if err := r.fs.fetch(r.ctx, r.info, want, off); err != nil {
			return 0, fail(r.ctx, "read", r.info.Path, err)
		}
	}
	if len(want) < len(p) {
		return len(want), io.EOF
	}
	return len(want), nil
}

func (r *readStream) Close() error {
	r.closed.Store(true)
	return nil
}

// breaks is how often in a row a read may break off without a byte.
const breaks = 3

// fetch fills dst with the bytes at off of a version, or fails.
func (f *FS) fetch(ctx context.Context, info fsbase.Info, dst []byte, off int64) error {
	for n, broken := 0, 0; n < len(dst); {
		m, err := f.readOnce(ctx, info, dst[n:], off+int64(n))
		n += m
		var broke breakOff
		switch {
		case err == nil:
			continue
		case !errors.As(err, &broke):
			return err
		case m > 0:
			broken = 0
		}
		if broken++; broken == breaks || ctx.Err() != nil {
			return broke.err
		}
		select {
		case <-ctx.Done():
			return ctx.Err()
		case <-time.After(time.Duration(broken) * 100 * time.Millisecond):
		}
	}
	if f.azure != nil {
		return nil // each answer was compared
	}
	// What was read was there between the two looks, and no version returns.
	a, err := f.attributes(ctx, info.Path)
	if err == nil && f.versionOf(a) != info.Version {
		err = fsbase.ErrChanged
	}
	return err
}

// breakOff is an error in the middle of an answer.
type breakOff struct{ err error }

func (b breakOff) Error() string { return b.err.Error() }

// readOnce makes one request, and returns how much of dst it has filled.
func (f *FS) readOnce(ctx context.Context, info fsbase.Info, dst []byte, off int64) (n int, err error) {
	err = f.guarded(ctx, func(ctx context.Context, alive func()) error {
		r, err := f.bucket.NewRangeReader(ctx, info.Path, off, int64(len(dst)), f.pinned(info))
		if err != nil {
			return f.changed(err)
		}
		defer r.Close()
		if r.Size() != info.Size || !f.holds(r, info) {
			return fsbase.ErrChanged
		}
		for n < len(dst) {
			alive()
			m, err := r.Read(dst[n:])
			n += m
			if n < len(dst) && err != nil {
				if err == io.EOF {
					err = io.ErrUnexpectedEOF
				}
				return breakOff{err}
			}
		}
		return nil
	})
	if errors.Is(err, errStalled) {
		err = breakOff{err}
	}
	return n, err
}
