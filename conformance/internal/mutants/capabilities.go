package mutants

import (
	"context"
	"io"
	"io/fs"
	"iter"

	"github.com/godcp/godcp/fsbase"
)

var (
	_ fsbase.ExclusiveCreator = (*Store)(nil)
	_ fsbase.Swapper          = (*Store)(nil)
	_ fsbase.Uploader         = (*Store)(nil)
	_ fsbase.RangeReader      = (*Store)(nil)
	_ fsbase.Stater           = (*Store)(nil)
	_ fsbase.Lister           = (*Store)(nil)
	_ fsbase.Copier           = (*Store)(nil)
	_ fsbase.RemoveAller      = (*Store)(nil)
	_ fsbase.PartLimiter      = (*Store)(nil)
	_ fsbase.Unsyncer         = (*Store)(nil)
)

// CreateExclusive implements fsbase.ExclusiveCreator.
func (s *Store) CreateExclusive(ctx context.Context, path string) (fsbase.WriteStream, error) {
	return begun(s.create(ctx, path, fsbase.IfAbsent()))
}

// CreateSwap implements fsbase.Swapper.
func (s *Store) CreateSwap(ctx context.Context, path string, old fsbase.Version) (fsbase.WriteStream, error) {
	return begun(s.create(ctx, path, fsbase.IfVersion(old)))
}

// Upload implements fsbase.Uploader.
func (s *Store) Upload(ctx context.Context, path string, src io.ReaderAt, size int64, cond fsbase.Condition) (fsbase.Info, error) {
	w, err := s.create(ctx, path, cond)
	if err == nil && size < 0 {
		err = failed("upload", path, fs.ErrInvalid)
	}
	if err != nil {
		return fsbase.Info{}, err
	}
	w.data = make([]byte, size)
	if size > 0 {
		if err := fsbase.ReadSource(src, w.data, 0); err != nil {
			return fsbase.Info{}, failed("upload", path, err)
		}
	}
	return w.Commit()
}

// ReadRanges implements fsbase.RangeReader.
func (s *Store) ReadRanges(ctx context.Context, path string, pin fsbase.Version, ranges []fsbase.Range) (fsbase.Info, error) {
	r, err := s.open(ctx, path)
	if err != nil {
		return fsbase.Info{}, err
	}
	if pin != "" && pin != r.object.info.Version {
		return fsbase.Info{}, failed("read", path, fsbase.ErrChanged)
	}
	for _, g := range ranges {
		if n, err := r.ReadAt(g.Dst, g.Offset); n < len(g.Dst) {
			if err == io.EOF {
				err = io.ErrUnexpectedEOF
			}
			return fsbase.Info{}, fsbase.PathError("read", path, err)
		}
	}
	return r.object.info, nil
}

// Stat implements fsbase.Stater.
func (s *Store) Stat(ctx context.Context, path string) (fsbase.Info, error) {
	if err := ready(ctx, "stat", path); err != nil {
		return fsbase.Info{}, err
	}
	if err := s.look("stat", path); err != nil {
		return fsbase.Info{}, err
	}
	o, ok := s.get(path)
	if !ok {
		return fsbase.Info{}, failed("stat", path, fs.ErrNotExist)
	}
	return o.info, nil
}

// List implements fsbase.Lister.
func (s *Store) List(ctx context.Context, prefix string) iter.Seq2[fsbase.Info, error] {
	return func(yield func(fsbase.Info, error) bool) {
		if err := ctx.Err(); err != nil {
			yield(fsbase.Info{}, failed("list", prefix, err))
			return
		}
		for i, info := range s.infos(prefix) {
			err := ctx.Err()
			if err != nil {
				err = failed("list", prefix, err)
			} else if i%listPage == 0 {
				err = s.page(prefix)
			}
			if err != nil {
				yield(fsbase.Info{}, err)
				return
			}
			if !yield(info, nil) {
				return
			}
		}
	}
}

// listPage is how many streams a request lists.
const listPage = 1000

// page is the request for a page of a listing.
func (s *Store) page(prefix string) error {
	how := s.request("list")
	switch how {
	case Truncate:
		return failed("list", prefix, io.ErrUnexpectedEOF)
	case Lose:
		return failed("list", prefix, errReset)
	}
	return denied("list", prefix, how)
}

// Copy implements fsbase.Copier.
func (s *Store) Copy(ctx context.Context, src, dst string, cond fsbase.Condition) (fsbase.Info, error) {
	if err := ready(ctx, "copy", dst); err != nil {
		return fsbase.Info{}, err
	}
	r, err := s.open(ctx, src)
	if err != nil {
		return fsbase.Info{}, err
	}
	if err := cond.Check("copy", dst); err != nil {
		return fsbase.Info{}, err
	}
	return s.put("copy", dst, r.object.data, cond)
}

// RemoveAll implements fsbase.RemoveAller.
func (s *Store) RemoveAll(ctx context.Context, prefix string) iter.Seq2[string, error] {
	return func(yield func(string, error) bool) {
		for info, err := range s.List(ctx, prefix) {
			if err == nil {
				err = s.RmFile(ctx, info.Path)
			}
			if !yield(info.Path, err) || err != nil {
				return
			}
		}
	}
}

// PartLimits implements fsbase.PartLimiter.
func (s *Store) PartLimits() fsbase.PartLimits { return fsbase.PartLimits{Read: 1 << 20} }

// WithoutSync implements fsbase.Unsyncer.
func (s *Store) WithoutSync() fsbase.FileSystemBase { return &Store{disk: s.disk} }
