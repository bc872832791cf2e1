package mutants

import (
	"bytes"
	"context"
	"errors"
	"io"
	"io/fs"
	"iter"

	"github.com/godcp/godcp/fsbase"
)

// The mutants here go wrong at the later requests of a call.
var faultLargeMutants = []Mutant{
	{
		Name:  "a large commit whose answer is lost is asked again, and its upload is not there",
		Kills: []string{"faults/lost-large-commit"},
		faults: refusing(fsbase.ErrCommitUnknown, func(_ *variant, w *writer, data []byte, err error) (fsbase.Info, error) {
			if len(data) > largePart {
				err = failed("commit", w.path, fs.ErrNotExist)
			}
			return fsbase.Info{}, err
		}),
	},
	{
		Name:  "a part behind the first that the storage refuses is forgotten",
		Kills: []string{"faults/refused-part"},
		faults: writing(func(_ *variant, w *writer) *stream {
			return &stream{write: func(p []byte) (n int, err error) {
				for first := true; n < len(p); first = false {
					m, err := w.Write(p[n:min(len(p), n+1<<20)])
					if err != nil && (first || !errors.Is(err, fsbase.ErrThrottled)) {
						return n, err
					}
					if w.err = nil; err != nil {
						m = min(len(p)-n, 1<<20)
					}
					n += m
				}
				return n, nil
			}}
		}),
	},
	{
		Name:  "a part of an Upload that the storage refuses is nothing",
		Kills: []string{"faults/refused-part"},
		faults: uploadWith(func(v *variant, ctx context.Context, p string, src io.ReaderAt, size int64, cond fsbase.Condition) (fsbase.Info, error) {
			for off := int64(0); off < size; off += largePart {
				if v.request("write") == Refuse {
					return v.Store.Upload(ctx, p, src, off, cond)
				}
			}
			return v.Store.Upload(ctx, p, src, size, cond)
		}),
	},
	{
		Name:  "a part that the storage refuses once is sent again without its bytes",
		Kills: []string{"faults/refused-part"},
		faults: writing(func(_ *variant, w *writer) *stream {
			return &stream{write: func(p []byte) (int, error) {
				n, err := w.Write(p)
				if errors.Is(err, fsbase.ErrThrottled) {
					w.err = nil
					if _, err := w.Write(nil); err != nil {
						return 0, err
					}
					return len(p), nil
				}
				return n, err
			}}
		}),
	},
	{
		Name:  "a commit that is asked again has no condition",
		Kills: []string{"faults/refused-condition"},
		faults: refusing(fsbase.ErrThrottled, func(v *variant, w *writer, data []byte, _ error) (fsbase.Info, error) {
			return v.put("commit", w.path, data, fsbase.Condition{})
		}),
	},
	{
		Name:  "a page that is asked again is the first",
		Kills: []string{"faults/refused-list"},
		faults: faults{list: func(v *variant, ctx context.Context, prefix string) iter.Seq2[fsbase.Info, error] {
			return func(yield func(fsbase.Info, error) bool) {
				n := 0
				for info, err := range v.Store.List(ctx, prefix) {
					if errors.Is(err, fsbase.ErrThrottled) && n > 0 {
						for info, err := range v.Store.List(ctx, prefix) {
							if !yield(info, err) {
								return
							}
						}
						return
					}
					if n++; !yield(info, err) {
						return
					}
				}
			}
		}},
	},
	{
		Name:  "a ReadAt that is asked again is not pinned",
		Kills: []string{"faults/pinned-read"},
		faults: reading(func(v *variant, r *reader) *view {
			return &view{readAt: func(p []byte, off int64) (int, error) {
				n, err := r.ReadAt(p, off)
				if o, ok := v.get(r.object.info.Path); ok && errors.Is(err, fsbase.ErrThrottled) {
					return (&reader{ctx: r.ctx, object: o}).ReadAt(p, off)
				}
				return n, err
			}}
		}),
	},
	{
		Name:  "a ReadRanges that is asked again is not pinned",
		Kills: []string{"faults/pinned-read"},
		faults: ranging(func(v *variant, ctx context.Context, p string, pin fsbase.Version, ranges []fsbase.Range) (fsbase.Info, error) {
			info, err := v.Store.ReadRanges(ctx, p, pin, ranges)
			if errors.Is(err, fsbase.ErrThrottled) {
				return v.Store.ReadRanges(ctx, p, "", ranges)
			}
			return info, err
		}),
	},
	{
		Name:  "a Rename whose answer is lost is asked again",
		Kills: []string{"faults/lost-move"},
		faults: faults{rename: func(v *variant, ctx context.Context, path, newPath string) error {
			err := v.Store.Rename(ctx, path, newPath)
			if errors.Is(err, fsbase.ErrCommitUnknown) {
				v.unlink(path) // which the storage has done
				return v.Store.Rename(ctx, path, newPath)
			}
			return err
		}},
	},
	{
		Name:  "a page that the storage refuses is a bare error",
		Kills: []string{"faults/refused-list"},
		faults: faults{list: func(v *variant, ctx context.Context, prefix string) iter.Seq2[fsbase.Info, error] {
			return func(yield func(fsbase.Info, error) bool) {
				for info, err := range v.Store.List(ctx, prefix) {
					if errors.Is(err, fsbase.ErrThrottled) {
						err = errors.Unwrap(err)
					}
					if !yield(info, err) {
						return
					}
				}
			}
		}},
	},
	{
		Name:   "a large commit that is forbidden leaves its parts",
		Kills:  []string{"faults/residue"},
		faults: leavingParts(fs.ErrPermission),
	},
	{
		Name:  "the last of many parts is not waited for, and left out if it is denied",
		Kills: []string{"faults/refused-part"},
		faults: writing(func(_ *variant, w *writer) *stream {
			return &stream{write: func(p []byte) (int, error) {
				for rest := p; len(rest) > 0; {
					part := rest[:min(len(rest), 256<<10)]
					rest = rest[len(part):]
					if _, err := w.Write(part); err != nil && (len(rest) > 0 || len(p) < largePart) {
						return 0, err
					}
					if len(rest) == 0 && w.ctx.Err() == nil && !w.over {
						w.err = nil
					}
				}
				return len(p), nil
			}}
		}),
	},
	{
		Name:  "a commit whose answer is lost looks for its content, and takes anything else for a refusal",
		Kills: []string{"faults/lost-while-replaced"},
		faults: refusing(fsbase.ErrCommitUnknown, func(v *variant, w *writer, data []byte, _ error) (fsbase.Info, error) {
			yield()
			o, there := v.get(w.path)
			switch {
			case there && bytes.Equal(o.data, data):
				return o.info, nil
			case there:
				return fsbase.Info{}, failed("commit", w.path, fsbase.ErrExist())
			}
			return fsbase.Info{}, failed("commit", w.path, fs.ErrNotExist)
		}),
	},
	{
		Name:  "a commit whose answer is lost is done if its bytes are there",
		Kills: []string{"faults/lost-refusal"},
		faults: refusing(fsbase.ErrCommitUnknown, func(v *variant, w *writer, data []byte, err error) (fsbase.Info, error) {
			if o, there := v.get(w.path); there && bytes.Equal(o.data, data) {
				return o.info, nil
			}
			return fsbase.Info{}, err
		}),
	},
}
