package gocloud

import (
	"context"
	"errors"
	"io"
	"slices"
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
	return fsbase.NewReadStream(ctx, info, func(p []byte, off int64) (int, error) {
		if _, err := f.fetch(ctx, info, [][]byte{p}, off); err != nil {
			return 0, fail(ctx, "read", info.Path, err)
		}
		return len(p), nil
	}), nil
}

func (f *FS) statAs(ctx context.Context, op, p string) (fsbase.Info, error) {
	a, err := f.stat(ctx, op, p)
	if err != nil {
		return fsbase.Info{}, err
	}
	return f.infoOf(p, a), nil
}

// breaks is how often in a row a read may break off without a byte.
const breaks = 3

// fetch fills dst, one slice after the other, with the bytes from off on of a
// version, and returns its Info. On Azure the version may be "", for whichever
// is current, and the size -1, for one that is not known.
func (f *FS) fetch(ctx context.Context, info fsbase.Info, dst [][]byte, off int64) (fsbase.Info, error) {
	dst = slices.Clone(dst) // what is full is cut off
	for broken := 0; len(dst) > 0; {
		var m int
		var err error
		info, m, err = f.readOnce(ctx, info, dst, off)
		off += int64(m)
		dst = cut(dst, m)
		var broke breakOff
		switch {
		case err == nil:
			continue
		case !errors.As(err, &broke):
			return info, err
		case m > 0:
			broken = 0
		}
		if broken++; broken == breaks || ctx.Err() != nil {
			return info, broke.err
		}
		select {
		case <-ctx.Done():
			return info, ctx.Err()
		case <-time.After(time.Duration(broken) * 100 * time.Millisecond):
		}
	}
	if f.azure != nil {
		return info, nil // each answer was compared
	}
	// What was read was there between the two looks, and no version returns.
	a, err := f.attributes(ctx, info.Path)
	if err == nil && f.versionOf(a) != info.Version {
		err = fsbase.ErrChanged
	}
	return info, err
}

// cut takes the first n bytes of dst away.
func cut(dst [][]byte, n int) [][]byte {
	for len(dst) > 0 && n >= len(dst[0]) {
		n -= len(dst[0])
		dst = dst[1:]
	}
	if n > 0 {
		dst[0] = dst[0][n:]
	}
	return dst
}

func length(dst [][]byte) (n int64) {
	for _, b := range dst {
		n += int64(len(b))
	}
	return n
}

// breakOff is an error in the middle of an answer.
type breakOff struct{ err error }

func (b breakOff) Error() string { return b.err.Error() }

// readOnce makes one request, and returns the Info of the version and how much
// of dst it has filled.
func (f *FS) readOnce(ctx context.Context, info fsbase.Info, dst [][]byte, off int64) (seen fsbase.Info, n int, err error) {
	seen = info
	err = f.guarded(ctx, func(ctx context.Context, alive func()) error {
		r, err := f.bucket.NewRangeReader(ctx, info.Path, off, length(dst), f.pinned(info))
		if err != nil {
			return f.changed(err)
		}
		defer r.Close()
		if seen, err = f.seen(r, info); err != nil {
			return err
		}
		for _, b := range dst {
			for len(b) > 0 {
				alive()
				m, err := r.Read(b)
				n, b = n+m, b[m:]
				if len(b) > 0 && err != nil {
					if err == io.EOF {
						err = io.ErrUnexpectedEOF
					}
					return breakOff{err}
				}
			}
		}
		return nil
	})
	if errors.Is(err, errStalled) {
		err = breakOff{err}
	}
	return seen, n, err
}
