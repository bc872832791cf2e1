package mutants

import (
	"context"
	"errors"
	"io"
	"io/fs"
	"iter"
	"strings"
	"time"

	"github.com/godcp/godcp/fsbase"
)

// The mutants here are right but for what they tell or keep of it.
var toldMutants = []Mutant{
	{
		Name:  "Copy of a name to itself is nothing, whatever the condition",
		Kills: []string{"copy/self-condition"},
		faults: copying(func(v *variant, ctx context.Context, src, dst string, cond fsbase.Condition) (fsbase.Info, error) {
			if src == dst {
				return v.Store.Stat(ctx, src)
			}
			return v.Store.Copy(ctx, src, dst, cond)
		}),
	},
	{
		Name:  "a copy has the time of its source",
		Kills: []string{"info/times"},
		faults: copying(func(v *variant, ctx context.Context, src, dst string, cond fsbase.Condition) (fsbase.Info, error) {
			from, _ := v.get(src)
			info, err := v.Store.Copy(ctx, src, dst, cond)
			if err == nil {
				v.disk.mu.Lock()
				defer v.disk.mu.Unlock()
				o := v.disk.files[dst]
				o.info.ModTime = from.info.ModTime
				v.disk.files[dst], info.ModTime = o, from.info.ModTime
			}
			return info, err
		}),
	},
	{
		Name:  "Copy looks what it has made",
		Kills: []string{"race/own-info"},
		faults: copying(func(v *variant, ctx context.Context, src, dst string, cond fsbase.Condition) (fsbase.Info, error) {
			if _, err := v.Store.Copy(ctx, src, dst, cond); err != nil {
				return fsbase.Info{}, err
			}
			yield()
			return v.Store.Stat(ctx, dst)
		}),
	},
	{
		Name:  "Stat takes size and version from two looks",
		Kills: []string{"race/infos"},
		faults: faults{stat: func(v *variant, ctx context.Context, p string) (fsbase.Info, error) {
			first, err := v.Store.Stat(ctx, p)
			if err != nil {
				return first, err
			}
			yield()
			second, err := v.Store.Stat(ctx, p)
			second.Size = first.Size
			return second, err
		}},
	},
	{
		Name:  "what Exists has said of a name it forgets with small commits only",
		Kills: []string{"operations/agree"},
		faults: func() faults {
			f := writing(func(v *variant, w *writer) *stream {
				return &stream{commit: func() (fsbase.Info, error) {
					info, err := w.Commit()
					if len(w.data) < largePart {
						v.mark(w.path, false)
					}
					return info, err
				}}
			})
			f.exists = func(v *variant, ctx context.Context, p string) (bool, error) {
				if v.marked(p) && ctx.Err() == nil {
					return false, nil
				}
				there, err := v.Store.Exists(ctx, p)
				if err == nil {
					v.mark(p, !there)
				}
				return there, err
			}
			return f
		}(),
	},
	{
		Name:  "a listing that is left leaves what reads ahead, if there are more than ten",
		Kills: []string{"leaks/goroutines"},
		faults: faults{list: func(v *variant, ctx context.Context, prefix string) iter.Seq2[fsbase.Info, error] {
			type item struct {
				info fsbase.Info
				err  error
			}
			return func(yield func(fsbase.Info, error) bool) {
				ahead := make(chan item, 10)
				go func() {
					defer close(ahead)
					for info, err := range v.Store.List(ctx, prefix) {
						select {
						case ahead <- item{info, err}:
						case <-time.After(10 * time.Second): // as leak
							return
						}
					}
				}()
				for i := range ahead {
					if !yield(i.info, i.err) {
						return
					}
				}
			}
		}},
	},
	{
		Name:  "RemoveAll asks for names with a carriage return without it",
		Kills: []string{"names/every-call"},
		faults: faults{removeAll: func(v *variant, ctx context.Context, prefix string) iter.Seq2[string, error] {
			return func(yield func(string, error) bool) {
				for info, err := range v.Store.List(ctx, prefix) {
					if err == nil {
						err = v.Store.RmFile(ctx, strings.ReplaceAll(info.Path, "\r", "\n"))
					}
					if !yield(info.Path, err) || err != nil {
						return
					}
				}
			}
		}},
	},
	{
		Name:  "RemoveAll takes a name for another's removal if it is asked again",
		Kills: []string{"faults/lost-remove"},
		faults: faults{removeAll: func(v *variant, ctx context.Context, prefix string) iter.Seq2[string, error] {
			return func(yield func(string, error) bool) {
				for info, err := range v.Store.List(ctx, prefix) {
					if err == nil {
						err = v.Store.RmFile(ctx, info.Path)
					}
					if errors.Is(err, fsbase.ErrCommitUnknown) {
						if there, eerr := v.Store.Exists(ctx, info.Path); eerr == nil && !there {
							continue
						}
					}
					if !yield(info.Path, err) || err != nil {
						return
					}
				}
			}
		}},
	},
	{
		Name:  "a Write after one that was denied is as good as any",
		Kills: []string{"faults/forbidden-write"},
		faults: writing(func(_ *variant, w *writer) *stream {
			return &stream{write: func(p []byte) (int, error) {
				if errors.Is(w.err, fs.ErrPermission) {
					w.err = nil
				}
				return w.Write(p)
			}}
		}),
	},
	{
		Name:  "a ReadAt in parts counts what it has behind a part that was denied",
		Kills: []string{"faults/later-read"},
		faults: reading(func(_ *variant, r *reader) *view {
			return &view{readAt: func(p []byte, off int64) (n int, err error) {
				const part = 8 << 20
				if len(p) <= part || off < 0 {
					return r.ReadAt(p, off)
				}
				for i := 0; i < len(p); i += part {
					m, rerr := r.ReadAt(p[i:min(len(p), i+part)], off+int64(i))
					n += m
					if err == nil || err == io.EOF {
						err = rerr
					}
				}
				return n, err
			}}
		}),
	},
}
