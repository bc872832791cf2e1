package mutants

import (
	"context"
	"errors"

	"github.com/godcp/godcp/fsbase"
)

var historyMutants = []Mutant{
	{
		// Two readers, one after the other, see the new content and the old.
		Name:  "a commit is visible to every other reader first",
		Kills: []string{"history/overwrite", "history/handles"},
		faults: func() faults {
			f := writing(func(v *variant, w *writer) *stream {
				return &stream{commit: func() (fsbase.Info, error) {
					old, there := v.get(w.path)
					info, err := w.Commit()
					if err == nil && there {
						v.hide(w.path, old)
						yield()
						v.mark(w.path, false)
					}
					return info, err
				}}
			})
			odd := false
			f.open = func(v *variant, ctx context.Context, p string) (fsbase.ReadStream, error) {
				r, err := v.Store.open(ctx, p)
				if err != nil {
					return nil, err
				}
				v.disk.mu.Lock()
				defer v.disk.mu.Unlock()
				if old, ok := v.last[p]; ok {
					if odd = !odd; odd {
						r.object = old
					}
				}
				return r, nil
			}
			return f
		}(),
	},
	{
		Name:  "exclusive creation does not see a removal that is under way",
		Kills: []string{"history/exclusive"},
		faults: func() faults {
			f := faults{writer: func(v *variant, w *writer, cond fsbase.Condition) fsbase.WriteStream {
				return &stream{writer: w, commit: func() (fsbase.Info, error) {
					info, err := w.Commit()
					if err == nil && cond.Absent() && v.marked(w.path) {
						v.unlink(w.path) // the removal takes what is there when it ends
					}
					return info, err
				}}
			}}
			f.remove = func(v *variant, ctx context.Context, p string) error {
				if err := v.Store.RmFile(ctx, p); err != nil {
					return err
				}
				v.mark(p, true)
				yield()
				v.mark(p, false)
				return nil
			}
			return f
		}(),
	},
	{
		Name:  "a swap brings back what is removed while it commits",
		Kills: []string{"history/swap"},
		faults: lax(func(v *variant, w *writer, cond fsbase.Condition) (fsbase.Info, error) {
			if cond.Absent() {
				return v.put("commit", w.path, w.data, cond)
			}
			if err := v.holds(w.path, cond); err != nil {
				return fsbase.Info{}, err
			}
			yield()
			info, err := v.put("commit", w.path, w.data, cond)
			if errors.Is(err, fsbase.ErrPrecondition) {
				if again, aerr := v.put("commit", w.path, w.data, fsbase.IfAbsent()); aerr == nil {
					return again, nil
				}
			}
			return info, err
		}),
	},
	{
		Name:  "a handle sees its own commits before those of others",
		Kills: []string{"history/handles", "handles/visible"},
		faults: func() faults {
			f := writing(func(v *variant, w *writer) *stream {
				return &stream{commit: func() (fsbase.Info, error) {
					data := w.data
					info, err := w.Commit()
					if err == nil {
						v.hide(w.path, object{data: data, info: info})
					}
					return info, err
				}}
			})
			f.open = func(v *variant, ctx context.Context, p string) (fsbase.ReadStream, error) {
				r, err := v.Store.open(ctx, p)
				if err != nil {
					return nil, err
				}
				v.disk.mu.Lock()
				defer v.disk.mu.Unlock()
				if own, ok := v.last[p]; ok {
					r.object = own
					delete(v.last, p)
				}
				return r, nil
			}
			return f
		}(),
	},
}

// hide remembers an object that a handle's faults show instead of another.
func (v *variant) hide(p string, o object) {
	v.disk.mu.Lock()
	defer v.disk.mu.Unlock()
	v.last[p] = o
}
