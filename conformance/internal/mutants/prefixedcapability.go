package mutants

import (
	"context"
	"io"
	"io/fs"
	"iter"

	"github.com/godcp/godcp/fsbase"
)

// AsCapability implements fsbase.Capable.
func (p *prefixed) AsCapability(target any) bool {
	if p.capability != nil {
		if handled, ok := p.capability(p, target); handled {
			return ok
		}
	}
	switch t := target.(type) {
	case *fsbase.ExclusiveCreator:
		return wrapAs(p, t, func(c fsbase.ExclusiveCreator) fsbase.ExclusiveCreator { return prefixedExclusive{p, c} })
	case *fsbase.Swapper:
		return wrapAs(p, t, func(c fsbase.Swapper) fsbase.Swapper { return prefixedSwapper{p, c} })
	case *fsbase.Uploader:
		return wrapAs(p, t, func(c fsbase.Uploader) fsbase.Uploader { return prefixedUploader{p, c} })
	case *fsbase.RangeReader:
		return wrapAs(p, t, func(c fsbase.RangeReader) fsbase.RangeReader { return prefixedRangeReader{p, c} })
	case *fsbase.Stater:
		return wrapAs(p, t, func(c fsbase.Stater) fsbase.Stater { return prefixedStater{p, c} })
	case *fsbase.Lister:
		return wrapAs(p, t, func(c fsbase.Lister) fsbase.Lister { return prefixedLister{p, c} })
	case *fsbase.Copier:
		return wrapAs(p, t, func(c fsbase.Copier) fsbase.Copier { return prefixedCopier{p, c} })
	case *fsbase.RemoveAller:
		return wrapAs(p, t, func(c fsbase.RemoveAller) fsbase.RemoveAller { return prefixedRemoveAller{p, c} })
	case *fsbase.PartLimiter:
		return wrapAs(p, t, func(c fsbase.PartLimiter) fsbase.PartLimiter { return c })
	case *fsbase.Unsyncer:
		return wrapAs(p, t, func(c fsbase.Unsyncer) fsbase.Unsyncer { return prefixedUnsyncer{p, c} })
	}
	return false
}

func wrapAs[T any](p *prefixed, target *T, wrap func(T) T) bool {
	c, ok := fsbase.As[T](p.inner)
	if ok {
		*target = wrap(c)
	}
	return ok
}

type prefixedExclusive struct {
	p     *prefixed
	inner fsbase.ExclusiveCreator
}

func (c prefixedExclusive) CreateExclusive(ctx context.Context, path string) (fsbase.WriteStream, error) {
	ctx, full, err := c.p.target(ctx, "create", path)
	if err != nil {
		return nil, err
	}
	return c.p.writing(c.inner.CreateExclusive(ctx, full))
}

type prefixedSwapper struct {
	p     *prefixed
	inner fsbase.Swapper
}

func (c prefixedSwapper) CreateSwap(ctx context.Context, path string, old fsbase.Version) (fsbase.WriteStream, error) {
	ctx, full, err := c.p.target(ctx, "create", path)
	if err != nil {
		return nil, err
	}
	return c.p.writing(c.inner.CreateSwap(ctx, full, old))
}

type prefixedUploader struct {
	p     *prefixed
	inner fsbase.Uploader
}

func (c prefixedUploader) Upload(ctx context.Context, path string, src io.ReaderAt, size int64, cond fsbase.Condition) (fsbase.Info, error) {
	ctx, full, err := c.p.target(ctx, "upload", path)
	if err != nil {
		return fsbase.Info{}, err
	}
	info, err := c.inner.Upload(ctx, full, src, size, cond)
	return c.p.info(info), c.p.failing(err)
}

type prefixedRangeReader struct {
	p     *prefixed
	inner fsbase.RangeReader
}

func (c prefixedRangeReader) ReadRanges(ctx context.Context, path string, pin fsbase.Version, ranges []fsbase.Range) (fsbase.Info, error) {
	ctx, full, err := c.p.begin(ctx, "read", path)
	if err != nil {
		return fsbase.Info{}, err
	}
	info, err := c.inner.ReadRanges(ctx, full, pin, ranges)
	return c.p.info(info), c.p.failing(err)
}

type prefixedStater struct {
	p     *prefixed
	inner fsbase.Stater
}

func (c prefixedStater) Stat(ctx context.Context, path string) (fsbase.Info, error) {
	ctx, full, err := c.p.begin(ctx, "stat", path)
	if err != nil {
		return fsbase.Info{}, err
	}
	info, err := c.inner.Stat(ctx, full)
	return c.p.info(info), c.p.failing(err)
}

// inside is the raw prefix that the backend inside has for one of ours.
func (p *prefixed) inside(prefix string) (string, error) {
	if p.prefixOf != nil {
		return p.prefixOf(p, prefix), nil
	}
	if !fs.ValidPath(prefix + "x") {
		return "", failed("list", prefix, fs.ErrInvalid)
	}
	return p.prefix + prefix, nil
}

type prefixedLister struct {
	p     *prefixed
	inner fsbase.Lister
}

func (c prefixedLister) List(ctx context.Context, prefix string) iter.Seq2[fsbase.Info, error] {
	return func(yield func(fsbase.Info, error) bool) {
		full, err := c.p.inside(prefix)
		if err != nil {
			yield(fsbase.Info{}, err)
			return
		}
		for info, err := range c.inner.List(c.p.under(ctx), full) {
			if !yield(c.p.info(info), c.p.failing(err)) {
				return
			}
		}
	}
}

type prefixedCopier struct {
	p     *prefixed
	inner fsbase.Copier
}

func (c prefixedCopier) Copy(ctx context.Context, src, dst string, cond fsbase.Condition) (fsbase.Info, error) {
	_, to, err := c.p.target(ctx, "copy", dst)
	if err != nil {
		return fsbase.Info{}, err
	}
	if c.p.copyTo != nil {
		to = c.p.copyTo(c.p, dst)
	}
	ctx, from, err := c.p.begin(ctx, "copy", src)
	if err != nil {
		return fsbase.Info{}, err
	}
	info, err := c.inner.Copy(ctx, from, to, cond)
	return c.p.info(info), c.p.failing(err)
}

type prefixedRemoveAller struct {
	p     *prefixed
	inner fsbase.RemoveAller
}

func (c prefixedRemoveAller) RemoveAll(ctx context.Context, prefix string) iter.Seq2[string, error] {
	return func(yield func(string, error) bool) {
		full, err := c.p.inside(prefix)
		if err != nil {
			yield("", err)
			return
		}
		for name, err := range c.inner.RemoveAll(c.p.under(ctx), full) {
			if !yield(c.p.outside(name), c.p.failing(err)) {
				return
			}
		}
	}
}

type prefixedUnsyncer struct {
	p     *prefixed
	inner fsbase.Unsyncer
}

func (c prefixedUnsyncer) WithoutSync() fsbase.FileSystemBase {
	return &prefixed{inner: c.inner.WithoutSync(), prefix: c.p.prefix, faulty: c.p.faulty}
}
