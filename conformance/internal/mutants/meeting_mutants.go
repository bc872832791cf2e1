package mutants

import (
	"context"
	"io"
	"iter"
	"path"
	"sync"

	"github.com/godcp/godcp/fsbase"
)

func folder(p string) string { return path.Dir(p) }

// handleLocks are one lock for each handle: of no use against another.
func handleLocks() func(v *variant) *sync.Mutex {
	var all sync.Map
	return func(v *variant) *sync.Mutex {
		l, _ := all.LoadOrStore(v, &sync.Mutex{})
		return l.(*sync.Mutex)
	}
}

// checkedBy makes faults in which one way of publishing checks its condition,
// then acts, under a lock of its handle that all other ways take, too.
func checkedBy(way string) faults {
	lock := handleLocks()
	alone := func(v *variant, p string, cond fsbase.Condition, publish func(cond fsbase.Condition) (fsbase.Info, error), lax bool) (fsbase.Info, error) {
		lock(v).Lock()
		defer lock(v).Unlock()
		if lax && !cond.Unconditional() {
			if err := v.holds(p, cond); err != nil {
				return fsbase.Info{}, err
			}
			yield()
			cond = fsbase.Condition{}
		}
		return publish(cond)
	}
	f := publishing(func(v *variant, w *writer, _ []byte, cond fsbase.Condition, publish func() (fsbase.Info, error)) (fsbase.Info, error) {
		return alone(v, w.path, cond, func(fsbase.Condition) (fsbase.Info, error) { return publish() }, false)
	})
	f.upload = sourcedBy(func(v *variant, p string, data []byte, cond fsbase.Condition) (fsbase.Info, error) {
		return alone(v, p, cond, func(cond fsbase.Condition) (fsbase.Info, error) { return v.put("upload", p, data, cond) }, way == "upload")
	}).upload
	f.copy = copying(func(v *variant, ctx context.Context, src, dst string, cond fsbase.Condition) (fsbase.Info, error) {
		return alone(v, dst, cond, func(cond fsbase.Condition) (fsbase.Info, error) { return v.Store.Copy(ctx, src, dst, cond) }, way == "copy")
	}).copy
	return f
}

// sourcedBy makes faults of what an Upload does with the bytes of its source.
func sourcedBy(publish func(v *variant, p string, data []byte, cond fsbase.Condition) (fsbase.Info, error)) faults {
	return uploadWith(func(v *variant, ctx context.Context, p string, src io.ReaderAt, size int64, cond fsbase.Condition) (fsbase.Info, error) {
		if size < 1 {
			return v.Store.Upload(ctx, p, src, size, cond)
		}
		data := make([]byte, size)
		err := fsbase.ReadSource(src, data, 0)
		if err == nil {
			err = ctx.Err()
		}
		if err != nil {
			return fsbase.Info{}, failed("upload", p, err)
		}
		return publish(v, p, data, cond)
	})
}

var meetingMutants = []Mutant{
	{
		Name:  "a removal does not wait for a swap that has looked at the version",
		Kills: []string{"swap/beside-removal"},
		faults: func() faults {
			var swaps sync.Mutex
			return faults{writer: func(v *variant, w *writer, cond fsbase.Condition) fsbase.WriteStream {
				return &stream{writer: w, commit: func() (fsbase.Info, error) {
					swaps.Lock()
					defer swaps.Unlock()
					if now, _ := v.get(w.path); cond.Version() != "" && now.info.Version == cond.Version() {
						yield()
						w.publish = func(data []byte) (fsbase.Info, error) {
							return v.put("commit", w.path, data, fsbase.Condition{})
						}
					}
					return w.Commit()
				}}
			}}
		}(),
	},
	{
		Name:   "Upload checks its condition, then acts, under a lock of its handle",
		Kills:  []string{"handles/mixed-exclusive", "handles/mixed-swap"},
		faults: checkedBy("upload"),
	},
	{
		Name:   "Copy checks its condition, then acts, under a lock of its handle",
		Kills:  []string{"handles/mixed-exclusive", "handles/mixed-swap"},
		faults: checkedBy("copy"),
	},
	{
		Name:  "Upload checks its condition again only if its own handle wrote the name",
		Kills: []string{"handles/source-interferes"},
		faults: func() faults {
			f := uploadWith(func(v *variant, ctx context.Context, p string, src io.ReaderAt, size int64, cond fsbase.Condition) (fsbase.Info, error) {
				if err := v.holds(p, cond); err != nil || size < 0 {
					return v.Store.Upload(ctx, p, src, size, cond)
				}
				v.mark(p, false)
				data := make([]byte, size)
				if err := fsbase.ReadSource(src, data, 0); err != nil {
					return fsbase.Info{}, failed("upload", p, err)
				}
				if !v.marked(p) {
					cond = fsbase.Condition{}
				}
				return v.put("upload", p, data, cond)
			})
			f.writer = func(v *variant, w *writer, _ fsbase.Condition) fsbase.WriteStream {
				return &stream{writer: w, commit: func() (fsbase.Info, error) {
					v.mark(w.path, true)
					return w.Commit()
				}}
			}
			return f
		}(),
	},
	{
		Name:  "Rename locks two folders in the order in which they come",
		Kills: []string{"race/crossing"},
		faults: func() faults {
			var l locks
			return faults{rename: func(v *variant, ctx context.Context, p, q string) error {
				if ready(ctx, "rename", p) != nil || ready(ctx, "rename", q) != nil {
					return v.Store.Rename(ctx, p, q)
				}
				return l.both(ctx, folder(p), folder(q), func() error { return v.Store.Rename(ctx, p, q) })
			}}
		}(),
	},
	{
		Name:  "Copy reads its source in two halves, of whatever is there",
		Kills: []string{"race/copy-source"},
		faults: copying(func(v *variant, ctx context.Context, src, dst string, cond fsbase.Condition) (fsbase.Info, error) {
			first, ok := v.get(src)
			yield()
			second, _ := v.get(src)
			half := len(first.data) / 2
			if !ok || len(second.data) != len(first.data) {
				return v.Store.Copy(ctx, src, dst, cond)
			}
			return v.put("copy", dst, append(first.data[:half:half], second.data[half:]...), cond)
		}),
	},
	{
		Name:  "listings of a handle share their place",
		Kills: []string{"list/nested"},
		faults: faults{list: func(v *variant, ctx context.Context, prefix string) iter.Seq2[fsbase.Info, error] {
			return func(yield func(fsbase.Info, error) bool) {
				if err := ctx.Err(); err != nil {
					yield(fsbase.Info{}, failed("list", prefix, err))
					return
				}
				v.lists["page"] = v.infos(prefix)
				for len(v.lists["page"]) > 0 {
					next := v.lists["page"][0]
					v.lists["page"] = v.lists["page"][1:]
					if !yield(next, nil) {
						return
					}
				}
			}
		}},
	},
	{
		Name:  "reads of one offset at once share an answer",
		Kills: []string{"read/concurrent"},
		faults: reading(func(_ *variant, r *reader) *view {
			var mu sync.Mutex
			flights := map[int64][]byte{}
			return &view{readAt: func(p []byte, off int64) (int, error) {
				mu.Lock()
				if answer, ok := flights[off]; ok {
					mu.Unlock()
					if n := copy(p, answer); n < len(p) {
						return n, io.EOF
					}
					return len(p), nil
				}
				n, err := r.ReadAt(p, off)
				if err == nil {
					flights[off] = append([]byte(nil), p[:n]...)
				}
				mu.Unlock()
				yield()
				mu.Lock()
				defer mu.Unlock()
				delete(flights, off)
				return n, err
			}}
		}),
	},
}
