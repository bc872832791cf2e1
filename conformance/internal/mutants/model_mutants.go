package mutants

import (
	"context"
	"io"
	"iter"
	"strings"
	"sync"

	"github.com/godcp/godcp/fsbase"
)

var modelMutants = []Mutant{
	{
		Name:  "a name keeps its version when another is renamed over it",
		Kills: []string{"model/random"},
		faults: faults{rename: func(v *variant, ctx context.Context, p, q string) error {
			old, there := v.get(q)
			err := v.Store.Rename(ctx, p, q)
			if err == nil && there && p != q {
				v.disk.mu.Lock()
				defer v.disk.mu.Unlock()
				o := v.disk.files[q]
				o.info.Version = old.info.Version
				v.disk.files[q] = o
			}
			return err
		}},
	},
	{
		Name:  "the first swap after a Copy does not look at the version",
		Kills: []string{"model/random"},
		faults: func() faults {
			f := lax(func(v *variant, w *writer, cond fsbase.Condition) (fsbase.Info, error) {
				if !cond.Absent() && v.marked(w.path) {
					v.mark(w.path, false)
					return w.Commit()
				}
				return v.put("commit", w.path, w.data, cond)
			})
			f.copy = func(v *variant, ctx context.Context, src, dst string, cond fsbase.Condition) (fsbase.Info, error) {
				info, err := v.Store.Copy(ctx, src, dst, cond)
				if err == nil {
					v.mark(dst, true)
				}
				return info, err
			}
			return f
		}(),
	},
	{
		Name:  "RemoveAll leaves names with a space",
		Kills: []string{"model/random"},
		faults: faults{removeAll: func(v *variant, ctx context.Context, prefix string) iter.Seq2[string, error] {
			return func(yield func(string, error) bool) {
				for info, err := range v.Store.List(ctx, prefix) {
					if err == nil && !strings.Contains(info.Path, " ") {
						v.unlink(info.Path)
					}
					if !yield(info.Path, err) {
						return
					}
				}
			}
		}},
	},
	{
		Name:  "Uploads share a buffer",
		Kills: []string{"model/together"},
		faults: func() faults {
			var mu sync.Mutex
			shared := make([]byte, 1<<20)
			return uploadWith(func(v *variant, ctx context.Context, p string, src io.ReaderAt, size int64, cond fsbase.Condition) (fsbase.Info, error) {
				if size > int64(len(shared)) || size == 0 {
					return v.Store.Upload(ctx, p, src, size, cond)
				}
				mu.Lock()
				err := fsbase.ReadSource(src, shared[:size], 0)
				mu.Unlock()
				yield()
				if err != nil || ctx.Err() != nil {
					return v.Store.Upload(ctx, p, src, size, cond)
				}
				mu.Lock()
				defer mu.Unlock()
				return v.put("upload", p, append([]byte(nil), shared[:size]...), cond)
			})
		}(),
	},
}
