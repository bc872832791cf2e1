package mutants

import (
	"context"
	"sync"
	"sync/atomic"

	"github.com/godcp/godcp/fsbase"
)

var pinMutants = []Mutant{
	{
		Name:  "a reader pins with its first ReadAt",
		Kills: []string{"pin/at-open"},
		faults: reading(func(v *variant, r *reader) *view {
			pin := sync.OnceFunc(func() {
				if o, ok := v.get(r.object.info.Path); ok {
					r.object = o
				}
			})
			info := r.object.info
			return &view{
				readAt: func(p []byte, off int64) (int, error) { pin(); return r.ReadAt(p, off) },
				info:   func() fsbase.Info { return info },
			}
		}),
	},
	{
		Name:  "a reader follows its name after 20 reads",
		Kills: []string{"pin/overwritten"},
		faults: reading(func(v *variant, r *reader) *view {
			var reads atomic.Int64
			return &view{readAt: func(p []byte, off int64) (int, error) {
				if o, ok := v.get(r.object.info.Path); ok && reads.Add(1) > 20 {
					return (&reader{ctx: r.ctx, object: o}).ReadAt(p, off)
				}
				return r.ReadAt(p, off)
			}}
		}),
	},
	{
		Name:  "a reader whose version is gone says ErrThrottled after 500 reads",
		Kills: []string{"pin/after-many"},
		faults: reading(func(v *variant, r *reader) *view {
			var reads atomic.Int64
			return &view{readAt: func(p []byte, off int64) (int, error) {
				often := reads.Add(1) > 500
				if o, ok := v.get(r.object.info.Path); often && (!ok || o.info.Version != r.object.info.Version) {
					return 0, failed("read", r.object.info.Path, fsbase.ErrThrottled)
				}
				return r.ReadAt(p, off)
			}}
		}),
	},
	{
		Name:  "a reader follows what is uploaded",
		Kills: []string{"pin/every-way"},
		faults: func() faults {
			f := reading(func(v *variant, r *reader) *view {
				return &view{readAt: func(p []byte, off int64) (int, error) {
					if o, ok := v.get(r.object.info.Path); ok && v.marked(string(o.info.Version)) {
						return (&reader{ctx: r.ctx, object: o}).ReadAt(p, off)
					}
					return r.ReadAt(p, off)
				}}
			})
			f.upload = uploadedAs(func(v *variant, info fsbase.Info) { v.mark(string(info.Version), true) })
			return f
		}(),
	},
	{
		Name:  "readers of one name share their place",
		Kills: []string{"interleaving/readers"},
		faults: func() faults {
			var mu sync.Mutex
			open := map[string][]*reader{}
			return reading(func(_ *variant, r *reader) *view {
				mu.Lock()
				defer mu.Unlock()
				p := r.object.info.Path
				open[p] = append(open[p], r)
				return &view{close: func() error {
					mu.Lock()
					defer mu.Unlock()
					for _, other := range open[p] {
						_ = other.Close()
					}
					delete(open, p)
					return r.Close()
				}}
			})
		}(),
	},
	{
		Name:  "the second of two readers reads as the first",
		Kills: []string{"interleaving/readers"},
		faults: func() faults {
			var mu sync.Mutex
			var first *reader
			return reading(func(_ *variant, r *reader) *view {
				return &view{readAt: func(p []byte, off int64) (int, error) {
					mu.Lock()
					defer mu.Unlock()
					from := r
					if first != nil && first != r && !first.closed.Load() && first.ctx.Err() == nil && off == 0 {
						from = first
					}
					first = r
					return from.ReadAt(p, off)
				}}
			})
		}(),
	},
	{
		Name:  "no more than 50 streams are open",
		Kills: []string{"write/many-open"},
		faults: func() faults {
			var open atomic.Int64
			return faults{create: func(v *variant, ctx context.Context, p string, cond fsbase.Condition) (fsbase.WriteStream, error) {
				w, err := v.Store.create(ctx, p, cond)
				if err != nil {
					return nil, err
				}
				if open.Add(1) > 50 {
					open.Add(-1)
					return nil, failed("create", p, errHeld)
				}
				release := sync.OnceFunc(func() { open.Add(-1) })
				return &stream{
					writer: w,
					commit: func() (fsbase.Info, error) { release(); return w.Commit() },
					close:  func() error { release(); return w.Close() },
				}, nil
			}}
		}(),
	},
	{
		Name:  "the content of every thousandth stream is that of the one before",
		Kills: []string{"sizes/many-streams"},
		faults: func() faults {
			var before []byte
			return writing(func(v *variant, w *writer) *stream {
				return &stream{commit: func() (fsbase.Info, error) {
					v.disk.mu.Lock()
					if v.disk.commits%1000 == 999 && !w.over {
						w.data = before
					}
					before = w.data
					v.disk.mu.Unlock()
					return w.Commit()
				}}
			})
		}(),
	},
}
