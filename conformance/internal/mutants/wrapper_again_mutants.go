package mutants

import (
	"context"
	"errors"
	"io"
	"io/fs"
	"sync"

	"github.com/godcp/godcp/fsbase"
)

// forgetfulRanges asks again without the pin.
type forgetfulRanges struct{ prefixedRangeReader }

func (c forgetfulRanges) ReadRanges(ctx context.Context, path string, pin fsbase.Version, ranges []fsbase.Range) (fsbase.Info, error) {
	info, err := c.prefixedRangeReader.ReadRanges(ctx, path, pin, ranges)
	if errors.Is(err, fsbase.ErrThrottled) {
		return c.prefixedRangeReader.ReadRanges(ctx, path, "", ranges)
	}
	return info, err
}

// forgetfulUploader asks again without the condition.
type forgetfulUploader struct{ prefixedUploader }

func (c forgetfulUploader) Upload(ctx context.Context, path string, src io.ReaderAt, size int64, cond fsbase.Condition) (fsbase.Info, error) {
	info, err := c.prefixedUploader.Upload(ctx, path, src, size, cond)
	if errors.Is(err, fsbase.ErrThrottled) {
		return c.prefixedUploader.Upload(ctx, path, src, size, fsbase.Condition{})
	}
	return info, err
}

// insistentUploader asks again when it is not known what became of it.
type insistentUploader struct{ prefixedUploader }

func (c insistentUploader) Upload(ctx context.Context, path string, src io.ReaderAt, size int64, cond fsbase.Condition) (fsbase.Info, error) {
	info, err := c.prefixedUploader.Upload(ctx, path, src, size, cond)
	if errors.Is(err, fsbase.ErrCommitUnknown) {
		return c.prefixedUploader.Upload(ctx, path, src, size, cond)
	}
	return info, err
}

// rereading goes on after a ReadAt that was cut off, from where that began.
type rereading struct{ *prefixed }

func (f rereading) OpenStream(ctx context.Context, path string) (fsbase.ReadStream, error) {
	r, err := f.prefixed.OpenStream(ctx, path)
	if err != nil {
		return nil, err
	}
	return rereader{r}, nil
}

type rereader struct{ fsbase.ReadStream }

func (r rereader) ReadAt(p []byte, off int64) (int, error) {
	n, err := r.ReadStream.ReadAt(p, off)
	if errors.Is(err, fsbase.ErrThrottled) {
		m, err := r.ReadStream.ReadAt(p[n:], off)
		return n + m, err
	}
	return n, err
}

// caching remembers what it has read by the version alone.
type caching struct {
	*prefixed
	known *sync.Map
}

func (f caching) OpenStream(ctx context.Context, path string) (fsbase.ReadStream, error) {
	r, err := f.prefixed.OpenStream(ctx, path)
	if err != nil {
		return nil, err
	}
	return cachedReader{r, f.known}, nil
}

type cachedReader struct {
	fsbase.ReadStream
	known *sync.Map
}

func (r cachedReader) ReadAt(p []byte, off int64) (int, error) {
	n, err := r.ReadStream.ReadAt(p, off)
	key := cacheKey{"", r.Info().Version, off}
	if b, ok := r.known.Load(key); ok && err == nil && len(b.([]byte)) == n {
		return copy(p, b.([]byte)), nil
	} else if err == nil {
		r.known.Store(key, append([]byte(nil), p...))
	}
	return n, err
}

// queued lets so many Exists be under way, and the others wait, whatever becomes
// of their contexts.
type queued struct {
	*prefixed
	free slots
}

func (f queued) Exists(ctx context.Context, path string) (bool, error) {
	_ = f.free.take(context.WithoutCancel(ctx), "exists", path)
	defer f.free.give()
	return f.prefixed.Exists(ctx, path)
}

// borrowing copies what is absent from outside its prefix.
type borrowing struct{ prefixedCopier }

func (c borrowing) Copy(ctx context.Context, src, dst string, cond fsbase.Condition) (fsbase.Info, error) {
	info, err := c.prefixedCopier.Copy(ctx, src, dst, cond)
	if errors.Is(err, fs.ErrNotExist) {
		if info, err := c.inner.Copy(ctx, src, c.p.prefix+dst, cond); err == nil {
			return c.p.info(info), nil
		}
	}
	return info, err
}

var againWrappers = []Wrapper{
	{
		Name: "copies what is absent from outside", Kills: []string{"wrapper/escape"},
		Wrap: handing(func(p *prefixed, target *fsbase.Copier) bool {
			inner, ok := fsbase.As[fsbase.Copier](p.inner)
			*target = borrowing{prefixedCopier{p, inner}}
			return ok
		}),
	},
	{
		Name: "asks ReadRanges again without the pin", Kills: []string{"wrapper/tried-again"},
		Wrap: handing(func(p *prefixed, target *fsbase.RangeReader) bool {
			inner, ok := fsbase.As[fsbase.RangeReader](p.inner)
			*target = forgetfulRanges{prefixedRangeReader{p, inner}}
			return ok
		}),
	},
	{
		Name: "asks Upload again without the condition", Kills: []string{"wrapper/tried-again"},
		Wrap: handing(func(p *prefixed, target *fsbase.Uploader) bool {
			inner, ok := fsbase.As[fsbase.Uploader](p.inner)
			*target = forgetfulUploader{prefixedUploader{p, inner}}
			return ok
		}),
	},
	{
		Name: "goes on with ReadAt from where it began", Kills: []string{"wrapper/tried-again"},
		Wrap: around(func(p *prefixed) fsbase.FileSystemBase { return rereading{p} }),
	},
	{
		Name: "remembers what it read by the version alone", Kills: []string{"wrapper/counted-versions"},
		Wrap: around(func(p *prefixed) fsbase.FileSystemBase { return caching{p, &sync.Map{}} }),
	},
	{
		Name: "asks Upload again that may be done", Kills: []string{"wrapper/tried-again"},
		Wrap: handing(func(p *prefixed, target *fsbase.Uploader) bool {
			inner, ok := fsbase.As[fsbase.Uploader](p.inner)
			*target = insistentUploader{prefixedUploader{p, inner}}
			return ok
		}),
	},
	{
		Name: "waits for a slot under a done context", Kills: []string{"wrapper/held"},
		Wrap: around(func(p *prefixed) fsbase.FileSystemBase { return queued{p, make(slots, 8)} }),
	},
}
