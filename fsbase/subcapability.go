package fsbase

import (
	"context"
	"io"
	"iter"
)

// AsCapability hands out what the inner file system has, translated. A new
// capability needs a case here; a test finds the one that is missing.
func (s *sub) AsCapability(target any) bool {
	switch t := target.(type) {
	case *ExclusiveCreator:
		return adapt(s, t, func(c ExclusiveCreator) ExclusiveCreator { return subExclusiveCreator{s, c} })
	case *Swapper:
		return adapt(s, t, func(c Swapper) Swapper { return subSwapper{s, c} })
	case *Uploader:
		return adapt(s, t, func(c Uploader) Uploader { return subUploader{s, c} })
	case *RangeReader:
		return adapt(s, t, func(c RangeReader) RangeReader { return subRangeReader{s, c} })
	case *Stater:
		return adapt(s, t, func(c Stater) Stater { return subStater{s, c} })
	case *Lister:
		return adapt(s, t, func(c Lister) Lister { return subLister{s, c} })
	case *Copier:
		return adapt(s, t, func(c Copier) Copier { return subCopier{s, c} })
	case *RemoveAller:
		return adapt(s, t, func(c RemoveAller) RemoveAller { return subRemoveAller{s, c} })
	case *PartLimiter:
		return adapt(s, t, func(c PartLimiter) PartLimiter { return c })
	case *Unsyncer:
		return adapt(s, t, func(c Unsyncer) Unsyncer { return subUnsyncer{s, c} })
	}
	return false
}

func adapt[T any](s *sub, target *T, wrap func(T) T) bool {
	c, ok := As[T](s.inner)
	if ok {
		*target = wrap(c)
	}
	return ok
}

type subExclusiveCreator struct {
	sub   *sub
	inner ExclusiveCreator
}

func (c subExclusiveCreator) CreateExclusive(ctx context.Context, path string) (WriteStream, error) {
	if err := CheckWrite(ctx, "create", path); err != nil {
		return nil, err
	}
	return c.sub.writing(c.inner.CreateExclusive(ctx, c.sub.full(path)))
}

type subSwapper struct {
	sub   *sub
	inner Swapper
}

func (c subSwapper) CreateSwap(ctx context.Context, path string, old Version) (WriteStream, error) {
	if err := CheckWrite(ctx, "create", path); err != nil {
		return nil, err
	}
	return c.sub.writing(c.inner.CreateSwap(ctx, c.sub.full(path), old))
}

type subUploader struct {
	sub   *sub
	inner Uploader
}

func (c subUploader) Upload(ctx context.Context, path string, src io.ReaderAt, size int64, cond Condition) (Info, error) {
	if err := CheckWrite(ctx, "upload", path); err != nil {
		return Info{}, err
	}
	info, err := c.inner.Upload(ctx, c.sub.full(path), src, size, cond)
	return c.sub.info(info), c.sub.fail(err)
}

type subRangeReader struct {
	sub   *sub
	inner RangeReader
}

func (c subRangeReader) ReadRanges(ctx context.Context, path string, pin Version, ranges []Range) (Info, error) {
	if err := c.sub.stream(ctx, "read", path); err != nil {
		return Info{}, err
	}
	info, err := c.inner.ReadRanges(ctx, c.sub.full(path), pin, ranges)
	return c.sub.info(info), c.sub.fail(err)
}

type subStater struct {
	sub   *sub
	inner Stater
}

func (c subStater) Stat(ctx context.Context, path string) (Info, error) {
	if err := c.sub.stream(ctx, "stat", path); err != nil {
		return Info{}, err
	}
	info, err := c.inner.Stat(ctx, c.sub.full(path))
	return c.sub.info(info), c.sub.fail(err)
}

type subLister struct {
	sub   *sub
	inner Lister
}

func (c subLister) List(ctx context.Context, prefix string) iter.Seq2[Info, error] {
	if err := CheckPrefix(ctx, "list", prefix); err != nil {
		return failing[Info](err)
	}
	return func(yield func(Info, error) bool) {
		for info, err := range c.inner.List(ctx, c.sub.below(prefix)) {
			if !yield(c.sub.info(info), c.sub.fail(err)) {
				return
			}
		}
	}
}

type subCopier struct {
	sub   *sub
	inner Copier
}

func (c subCopier) Copy(ctx context.Context, src, dst string, cond Condition) (Info, error) {
	if err := CheckWrite(ctx, "copy", dst); err != nil {
		return Info{}, err
	}
	if err := c.sub.stream(ctx, "copy", src); err != nil {
		return Info{}, err
	}
	info, err := c.inner.Copy(ctx, c.sub.full(src), c.sub.full(dst), cond)
	return c.sub.info(info), c.sub.fail(err)
}

type subRemoveAller struct {
	sub   *sub
	inner RemoveAller
}

func (c subRemoveAller) RemoveAll(ctx context.Context, prefix string) iter.Seq2[string, error] {
	if err := CheckPrefix(ctx, "remove", prefix); err != nil {
		return failing[string](err)
	}
	return func(yield func(string, error) bool) {
		for name, err := range c.inner.RemoveAll(ctx, c.sub.below(prefix)) {
			if !yield(c.sub.own(name), c.sub.fail(err)) {
				return
			}
		}
	}
}

type subUnsyncer struct {
	sub   *sub
	inner Unsyncer
}

func (c subUnsyncer) WithoutSync() FileSystemBase {
	return &sub{inner: c.inner.WithoutSync(), prefix: c.sub.prefix}
}
