package s3

import (
	"context"
	"errors"
	"io"

	"golang.org/x/sync/errgroup"

	"github.com/godcp/godcp/fsbase"
)

// Upload sends src in parts, several at once, each read from src when it is
// sent. What is small, or has to be whole, is one PutObject. C5.
func (f *FS) Upload(ctx context.Context, path string, src io.ReaderAt, size int64, cond fsbase.Condition) (fsbase.Info, error) {
	const op = "upload"
	if size < 0 || size > maxObject {
		return fsbase.Info{}, pathError(op, path, invalid("a size of %d bytes", size))
	}
	key, err := f.writable(ctx, op, path, cond)
	if err != nil {
		return fsbase.Info{}, err
	}
	src = sound{src, size}
	var info fsbase.Info
	switch {
	case size <= partSize, isWhole(path) && size <= maxPut:
		info, err = f.put(ctx, key, src, size, cond)
	case isWhole(path):
		err = invalid("%d bytes, more than the %d of one PutObject", size, int64(maxPut))
	default:
		info, err = f.uploadParts(ctx, key, src, size, cond)
	}
	if err != nil {
		return fsbase.Info{}, pathError(op, path, err)
	}
	info.Path = path
	return info, nil
}

func (f *FS) uploadParts(ctx context.Context, key string, src io.ReaderAt, size int64, cond fsbase.Condition) (fsbase.Info, error) {
	begin := func() (*multipart, error) { return f.begin(ctx, key, cond, sentParts) }
	send := func(ctx context.Context, m *multipart, number int, off, n int64) error {
		return m.upload(ctx, number, src, off, n)
	}
	return inParts(ctx, begin, send, size, partSizeOf(size))
}

// inParts publishes size bytes in parts that send makes, several at once. It
// begins again with the first when another write came between and the condition
// still holds.
func inParts(ctx context.Context, begin func() (*multipart, error), send sendPart, size, part int64) (fsbase.Info, error) {
	for try := 1; ; try++ {
		m, err := begin()
		if err != nil {
			return fsbase.Info{}, err
		}
		info, err := m.attempt(ctx, send, size, part)
		if err == nil {
			return info, nil
		}
		err = m.aborted(ctx, err)
		var a *answer
		if !isConflict(err) || !errors.As(err, &a) || try == attempts || pause(ctx, try, a) != nil {
			return fsbase.Info{}, err
		}
	}
}

// sendPart makes one part of an upload.
type sendPart func(ctx context.Context, m *multipart, number int, off, n int64) error

func (m *multipart) attempt(ctx context.Context, send sendPart, size, part int64) (fsbase.Info, error) {
	g, parts := errgroup.WithContext(ctx)
	g.SetLimit(m.fs.site.parallel())
	for i := int64(0); i*part < size && parts.Err() == nil; i++ {
		g.Go(func() error { return send(parts, m, int(i+1), i*part, min(part, size-i*part)) })
	}
	if err := g.Wait(); err != nil {
		return fsbase.Info{}, err
	}
	if err := ctx.Err(); err != nil {
		return fsbase.Info{}, err
	}
	info, err := m.complete(ctx)
	if isConflict(err) {
		err = m.conflicted(ctx, err)
	}
	return info, err
}

// isConflict tells a conflict from one that came after a commit without an
// answer, which may have been with that very commit.
func isConflict(err error) bool {
	return errors.Is(err, errConflict) && !errors.Is(err, fsbase.ErrCommitUnknown)
}
