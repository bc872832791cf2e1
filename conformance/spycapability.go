package conformance

import (
	"context"
	"errors"
	"io"
	"iter"

	"github.com/godcp/godcp/fsbase"
)

// AsCapability hands out what the backend inside has. A new capability needs a
// case here; a test finds the one that is missing.
func (s *spy) AsCapability(target any) bool {
	if s.bare {
		return false
	}
	switch t := target.(type) {
	case *fsbase.ExclusiveCreator:
		return plant(s, t, func(c fsbase.ExclusiveCreator) fsbase.ExclusiveCreator { return spyExclusiveCreator{s.log, c} })
	case *fsbase.Swapper:
		return plant(s, t, func(c fsbase.Swapper) fsbase.Swapper { return spySwapper{s.log, c} })
	case *fsbase.Uploader:
		return plant(s, t, func(c fsbase.Uploader) fsbase.Uploader { return spyUploader{s.log, c} })
	case *fsbase.RangeReader:
		return plant(s, t, func(c fsbase.RangeReader) fsbase.RangeReader { return spyRangeReader{s.log, c} })
	case *fsbase.Stater:
		return plant(s, t, func(c fsbase.Stater) fsbase.Stater { return spyStater{s.log, c} })
	case *fsbase.Lister:
		return plant(s, t, func(c fsbase.Lister) fsbase.Lister { return spyLister{s.log, c} })
	case *fsbase.Copier:
		return plant(s, t, func(c fsbase.Copier) fsbase.Copier { return spyCopier{s.log, c} })
	case *fsbase.RemoveAller:
		return plant(s, t, func(c fsbase.RemoveAller) fsbase.RemoveAller { return spyRemoveAller{s.log, c} })
	case *fsbase.PartLimiter:
		// It has no path and no effect: whoever hands it on has skipped nothing.
		return plant(s, t, func(c fsbase.PartLimiter) fsbase.PartLimiter { return c })
	case *fsbase.Unsyncer:
		return plant(s, t, func(c fsbase.Unsyncer) fsbase.Unsyncer { return spyUnsyncer{s.log, c} })
	}
	return false
}

func plant[T any](s *spy, target *T, wrap func(T) T) bool {
	c, ok := fsbase.As[T](s.inner)
	if ok {
		*target = wrap(c)
	}
	return ok
}

type spyExclusiveCreator struct {
	*log
	inner fsbase.ExclusiveCreator
}

func (c spyExclusiveCreator) CreateExclusive(ctx context.Context, path string) (fsbase.WriteStream, error) {
	return c.writing(ctx, "CreateExclusive", path, c.inner.CreateExclusive)
}

type spySwapper struct {
	*log
	inner fsbase.Swapper
}

func (c spySwapper) CreateSwap(ctx context.Context, path string, old fsbase.Version) (fsbase.WriteStream, error) {
	return c.writing(ctx, "CreateSwap", path, func(ctx context.Context, path string) (fsbase.WriteStream, error) {
		return c.inner.CreateSwap(ctx, path, old)
	})
}

type spyUploader struct {
	*log
	inner fsbase.Uploader
}

func (c spyUploader) Upload(ctx context.Context, path string, src io.ReaderAt, size int64, cond fsbase.Condition) (fsbase.Info, error) {
	return c.publishing(ctx, "Upload", func() (fsbase.Info, error) { return c.inner.Upload(ctx, path, src, size, cond) }, path)
}

type spyRangeReader struct {
	*log
	inner fsbase.RangeReader
}

func (c spyRangeReader) ReadRanges(ctx context.Context, path string, pin fsbase.Version, ranges []fsbase.Range) (fsbase.Info, error) {
	leave, err := c.enter(ctx, "ReadRanges", path)
	defer leave()
	if errors.Is(err, errScratch) {
		for _, g := range ranges {
			scribble(g.Dst)
		}
	}
	if err != nil {
		return fsbase.Info{}, err
	}
	return c.inner.ReadRanges(ctx, path, pin, ranges)
}

type spyStater struct {
	*log
	inner fsbase.Stater
}

func (c spyStater) Stat(ctx context.Context, path string) (fsbase.Info, error) {
	leave, err := c.enter(ctx, "Stat", path)
	defer leave()
	if err != nil {
		return fsbase.Info{}, err
	}
	return c.inner.Stat(ctx, path)
}

type spyLister struct {
	*log
	inner fsbase.Lister
}

func (c spyLister) List(ctx context.Context, prefix string) iter.Seq2[fsbase.Info, error] {
	return watched(ctx, c.log, "List", prefix, c.inner.List)
}

type spyCopier struct {
	*log
	inner fsbase.Copier
}

func (c spyCopier) Copy(ctx context.Context, src, dst string, cond fsbase.Condition) (fsbase.Info, error) {
	return c.publishing(ctx, "Copy", func() (fsbase.Info, error) { return c.inner.Copy(ctx, src, dst, cond) }, src, dst)
}

type spyRemoveAller struct {
	*log
	inner fsbase.RemoveAller
}

func (c spyRemoveAller) RemoveAll(ctx context.Context, prefix string) iter.Seq2[string, error] {
	return watched(ctx, c.log, "RemoveAll", prefix, c.inner.RemoveAll)
}

type spyUnsyncer struct {
	*log
	inner fsbase.Unsyncer
}

func (c spyUnsyncer) WithoutSync() fsbase.FileSystemBase {
	return &spy{inner: c.inner.WithoutSync(), log: c.log}
}

// watched is a sequence whose beginning is noted.
func watched[T any](ctx context.Context, l *log, method, prefix string, seq func(context.Context, string) iter.Seq2[T, error]) iter.Seq2[T, error] {
	return func(yield func(T, error) bool) {
		leave, err := l.enter(ctx, method, prefix)
		defer leave()
		if err != nil {
			var zero T
			yield(zero, err)
			return
		}
		seq(ctx, prefix)(yield)
	}
}
