package mutants

import (
	"context"
	"errors"
	"io"
	"io/fs"
	"iter"
	"net/url"

	"github.com/godcp/godcp/fsbase"
)

// The mutants here ask more than once, and do not look at the later answers.
var faultLaterMutants = []Mutant{
	{
		Name:  "a later request of a ReadAt that is denied is the end",
		Kills: []string{"faults/later-read"},
		faults: reading(func(_ *variant, r *reader) *view {
			return &view{readAt: func(p []byte, off int64) (n int, err error) {
				for n < len(p) && err == nil {
					var m int
					m, err = r.ReadAt(p[n:min(len(p), n+4<<20)], off+int64(n))
					if n > 0 && errors.Is(err, fs.ErrPermission) {
						err = io.EOF
					}
					n += m
				}
				if len(p) == 0 {
					return r.ReadAt(p, off)
				}
				return n, err
			}}
		}),
	},
	{
		Name:  "a later range that is denied is left as it is",
		Kills: []string{"faults/later-read"},
		faults: ranging(func(v *variant, ctx context.Context, p string, pin fsbase.Version, ranges []fsbase.Range) (fsbase.Info, error) {
			info, err := v.Store.ReadRanges(ctx, p, pin, ranges[:min(1, len(ranges))])
			for i := 1; i < len(ranges) && err == nil; i++ {
				if _, rerr := v.Store.ReadRanges(ctx, p, info.Version, ranges[i:i+1]); !errors.Is(rerr, fs.ErrPermission) {
					err = rerr
				}
			}
			return info, err
		}),
	},
	{
		Name:  "RemoveAll ends at a later page that is forbidden",
		Kills: []string{"faults/later-page"},
		faults: faults{removeAll: func(v *variant, ctx context.Context, prefix string) iter.Seq2[string, error] {
			return func(yield func(string, error) bool) {
				n := 0
				for info, err := range v.Store.List(ctx, prefix) {
					if n > 0 && errors.Is(err, fs.ErrPermission) {
						return
					}
					if err == nil {
						err = v.Store.RmFile(ctx, info.Path)
					}
					if n++; !yield(info.Path, err) || err != nil {
						return
					}
				}
			}
		}},
	},
	{
		Name:  "the last of many requests of a ReadAt may fail",
		Kills: []string{"faults/later-read"},
		faults: reading(func(_ *variant, r *reader) *view {
			return &view{readAt: func(p []byte, off int64) (n int, err error) {
				const part = 512 << 10
				for off >= 0 && n+part < len(p) && err == nil {
					var m int
					m, err = r.ReadAt(p[n:n+part], off+int64(n))
					n += m
				}
				if err != nil {
					return n, err
				}
				m, err := r.ReadAt(p[n:], off+int64(n))
				if n > 0 && errors.Is(err, fs.ErrPermission) {
					return len(p), nil
				}
				return n + m, err
			}}
		}),
	},
	{
		Name:  "the rest of an answer that ended early is that of whatever is there",
		Kills: []string{"faults/truncated-while-replaced"},
		faults: reading(func(v *variant, r *reader) *view {
			return &view{readAt: func(p []byte, off int64) (int, error) {
				n, err := r.ReadAt(p, off)
				if !errors.Is(err, io.ErrUnexpectedEOF) {
					return n, err
				}
				yield()
				now := *r.background()
				now.object, _ = v.get(r.object.info.Path)
				m, err := now.ReadAt(p[n:], off+int64(n))
				return n + m, err
			}}
		}),
	},
	{
		Name:  "RemoveAll goes on after a name that it may not remove, if others went before",
		Kills: []string{"faults/later-page"},
		faults: faults{removeAll: func(v *variant, ctx context.Context, prefix string) iter.Seq2[string, error] {
			return func(yield func(string, error) bool) {
				n := 0
				for info, err := range v.Store.List(ctx, prefix) {
					if err == nil {
						err = v.Store.RmFile(ctx, info.Path)
					}
					if n++; n > 1 && errors.Is(err, fs.ErrPermission) {
						continue
					}
					if !yield(info.Path, err) || err != nil {
						return
					}
				}
			}
		}},
	},
	{
		Name:  "a part that is denied leaves those before it",
		Kills: []string{"faults/residue"},
		faults: littering(func(mark func(*variant)) faults {
			return writing(func(v *variant, w *writer) *stream {
				return &stream{write: func(p []byte) (int, error) {
					n, err := w.Write(p)
					if len(w.data) > 0 && (errors.Is(err, fs.ErrPermission) || errors.Is(err, fsbase.ErrThrottled)) {
						mark(v)
					}
					return n, err
				}}
			})
		}),
	},
	{
		Name:  "a page begins with the name that was next, if that is still there",
		Kills: []string{"list/while-changing"},
		faults: faults{list: func(v *variant, ctx context.Context, prefix string) iter.Seq2[fsbase.Info, error] {
			return func(yield func(fsbase.Info, error) bool) {
				infos := v.infos(prefix)
				for len(infos) > 0 {
					if _, there := v.get(infos[0].Path); !there {
						return
					}
					for _, info := range infos[:min(len(infos), listPage)] {
						if err := ctx.Err(); err != nil {
							yield(fsbase.Info{}, failed("list", prefix, err))
							return
						}
						if !yield(info, nil) {
							return
						}
					}
					infos = infos[min(len(infos), listPage):]
				}
			}
		}},
	},
	{
		Name:  "a checkpoint's id that is no URL is shown",
		Kills: []string{"names/validate-id"},
		faults: faults{validate: func(_ *variant, id string) error {
			if _, err := url.Parse(id); err != nil {
				return failed("validate", "", err)
			}
			return nil
		}},
	},
}
