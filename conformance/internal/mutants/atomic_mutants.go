package mutants

import (
	"context"
	"runtime"
	"time"

	"github.com/godcp/godcp/fsbase"
)

// yield gives other goroutines the time that a request over a network or a
// call of the kernel would give them.
func yield() {
	runtime.Gosched()
	time.Sleep(10 * time.Microsecond)
}

var atomicMutants = []Mutant{
	{
		Name:  "the name is absent while it is overwritten",
		Kills: []string{"race/overwrite", "race/overwrite-large"},
		faults: writing(func(v *variant, w *writer) *stream {
			return &stream{commit: func() (fsbase.Info, error) {
				if !w.over && w.ctx.Err() == nil {
					v.unlink(w.path)
					yield()
				}
				return w.Commit()
			}}
		}),
	},
	{
		Name:  "Exists is false while the name is overwritten",
		Kills: []string{"race/overwrite"},
		faults: func() faults {
			f := writing(func(v *variant, w *writer) *stream {
				return &stream{commit: func() (fsbase.Info, error) {
					v.mark(w.path, true)
					yield()
					defer v.mark(w.path, false)
					return w.Commit()
				}}
			})
			f.exists = func(v *variant, ctx context.Context, p string) (bool, error) {
				ok, err := v.Store.Exists(ctx, p)
				return ok && !v.marked(p), err
			}
			return f
		}(),
	},
	{
		Name:  "new bytes replace the old ones in two steps",
		Kills: []string{"race/overwrite", "race/overwrite-large"},
		faults: writing(func(v *variant, w *writer) *stream {
			return &stream{commit: func() (fsbase.Info, error) {
				if old, ok := v.get(w.path); ok && !w.over && w.ctx.Err() == nil && len(w.data) > 0 {
					half := min(len(old.data), len(w.data)) / 2
					mixed := append(append([]byte(nil), w.data[:half]...), old.data[half:]...)
					_, _ = v.put("commit", w.path, mixed, fsbase.Condition{})
					yield()
				}
				return w.Commit()
			}}
		}),
	},
	{
		Name:  "a reader follows its name, not its size",
		Kills: []string{"race/overwrite", "pin/overwritten"},
		faults: reading(func(v *variant, r *reader) *view {
			return &view{readAt: func(p []byte, off int64) (int, error) {
				yield()
				if o, ok := v.get(r.object.info.Path); ok {
					return (&reader{ctx: r.ctx, object: o}).ReadAt(p, off)
				}
				return r.ReadAt(p, off)
			}}
		}),
	},
	{
		Name:  "streams share a buffer",
		Kills: []string{"interleaving/names", "interleaving/one-name"},
		faults: func() faults {
			var shared []byte
			return faults{create: func(v *variant, ctx context.Context, p string, cond fsbase.Condition) (fsbase.WriteStream, error) {
				w, err := v.Store.create(ctx, p, cond)
				if err != nil {
					return nil, err
				}
				shared = shared[:0]
				return &stream{writer: w, write: func(p []byte) (int, error) {
					v.disk.mu.Lock()
					defer v.disk.mu.Unlock()
					shared = append(shared, p...)
					w.data = append([]byte(nil), shared...)
					return len(p), nil
				}}, nil
			}}
		}(),
	},
	{
		Name:  "temporary names are made of the name alone",
		Kills: []string{"interleaving/one-name", "interleaving/close-one", "race/writers"},
		faults: faults{create: func(v *variant, ctx context.Context, p string, cond fsbase.Condition) (fsbase.WriteStream, error) {
			w, err := v.Store.create(ctx, p, cond)
			if err != nil {
				return nil, err
			}
			set := func(data []byte) {
				v.disk.mu.Lock()
				defer v.disk.mu.Unlock()
				v.last[p] = object{data: data}
			}
			get := func() []byte {
				v.disk.mu.Lock()
				defer v.disk.mu.Unlock()
				return v.last[p].data
			}
			set(nil)
			return &stream{
				writer: w,
				write: func(b []byte) (int, error) {
					set(append(get()[:len(get()):len(get())], b...))
					return len(b), nil
				},
				commit: func() (fsbase.Info, error) { w.data = get(); return w.Commit() },
			}, nil
		}},
	},
	{
		Name:  "the first Commit of a name wins over those that are open",
		Kills: []string{"interleaving/one-name"},
		faults: writing(func(v *variant, w *writer) *stream {
			old, _ := v.get(w.path)
			return &stream{commit: func() (fsbase.Info, error) {
				if now, ok := v.get(w.path); ok && now.info.Version != old.info.Version && !w.over {
					w.over = true
					return now.info, nil
				}
				return w.Commit()
			}}
		}),
	},
	{
		Name:  "a stream does not commit when its name was removed meanwhile",
		Kills: []string{"interleaving/remove"},
		faults: writing(func(v *variant, w *writer) *stream {
			_, there := v.get(w.path)
			return &stream{commit: func() (fsbase.Info, error) {
				if _, ok := v.get(w.path); there && !ok {
					return fsbase.Info{}, failed("commit", w.path, fsbase.ErrChanged)
				}
				return w.Commit()
			}}
		}),
	},
	{
		Name:  "concurrent commits overwrite each other's bytes",
		Kills: []string{"race/writers"},
		faults: writing(func(v *variant, w *writer) *stream {
			return &stream{commit: func() (fsbase.Info, error) {
				// As if all wrote into one file at once, from the start.
				before, _ := v.get(w.path)
				yield()
				if now, ok := v.get(w.path); ok && now.info.Version != before.info.Version && !w.over {
					n := min(len(now.data), len(w.data)) / 2
					w.data = append(append([]byte(nil), now.data[:n]...), w.data[n:]...)
				}
				return w.Commit()
			}}
		}),
	},
}

// mark and marked tell a handle's faults about paths.
func (v *variant) mark(p string, on bool) {
	v.disk.mu.Lock()
	defer v.disk.mu.Unlock()
	if on {
		v.last[p] = object{}
	} else {
		delete(v.last, p)
	}
}

func (v *variant) marked(p string) bool {
	v.disk.mu.Lock()
	defer v.disk.mu.Unlock()
	_, ok := v.last[p]
	return ok
}
