package mutants

import (
	"context"
	"io/fs"
	"path"

	"github.com/godcp/godcp/fsbase"
)

var writeMutants = []Mutant{
	{
		Name:  "Write is visible before Commit",
		Kills: []string{"write/invisible-before-commit", "list/unfinished", "write/close-discards", "durable/uncommitted", "durable/overwrite"},
		faults: writing(func(v *variant, w *writer) *stream {
			return &stream{write: func(p []byte) (int, error) {
				n, err := w.Write(p)
				if err == nil {
					_, err = v.put("write", w.path, append([]byte(nil), w.data...), fsbase.Condition{})
				}
				return n, err
			}}
		}),
	},
	{
		Name:  "creation truncates what is there",
		Kills: []string{"write/invisible-before-commit", "write/close-discards", "cancel/before-commit"},
		faults: writing(func(v *variant, w *writer) *stream {
			if _, ok := v.get(w.path); ok {
				_, _ = v.put("create", w.path, nil, fsbase.Condition{})
			}
			return &stream{}
		}),
	},
	{
		Name:  "a temporary file is listed while the write is open",
		Kills: []string{"list/unfinished"},
		faults: writing(func(v *variant, w *writer) *stream {
			tmp := path.Dir(w.path) + "/.tmp-" + path.Base(w.path)
			_, _ = v.put("create", tmp, nil, fsbase.Condition{})
			return &stream{
				commit: func() (fsbase.Info, error) { v.unlink(tmp); return w.Commit() },
				close:  func() error { v.unlink(tmp); return w.Close() },
			}
		}),
	},
	{
		Name:  "a temporary file survives a power loss",
		Kills: []string{"durable/uncommitted"},
		faults: func() faults {
			f := writing(func(v *variant, w *writer) *stream {
				v.mark(w.path, true)
				return &stream{}
			})
			f.crash = func(v *variant) *Store {
				s := v.crashed()
				for p := range v.last {
					_, _ = s.put("crash", path.Dir(p)+"/.tmp-1", nil, fsbase.Condition{})
				}
				return s
			}
			return f
		}(),
	},
	{
		Name:  "Write and Commit after Commit work",
		Kills: []string{"write/closed"},
		faults: writing(func(_ *variant, w *writer) *stream {
			return &stream{
				write:  func(p []byte) (int, error) { w.over = false; return w.Write(p) },
				commit: func() (fsbase.Info, error) { w.over = false; return w.Commit() },
			}
		}),
	},
	{
		Name:  "parents must be there",
		Kills: []string{"write/missing-parents"},
		faults: faults{create: func(v *variant, ctx context.Context, p string, cond fsbase.Condition) (fsbase.WriteStream, error) {
			if dir := path.Dir(p); dir != "." && len(v.infos(dir+"/")) == 0 {
				return nil, failed("create", p, fs.ErrNotExist)
			}
			return begun(v.Store.create(ctx, p, cond))
		}},
	},
	{
		Name:  "the root must be there to be read",
		Kills: []string{"write/fresh-root"},
		faults: faults{exists: func(v *variant, ctx context.Context, p string) (bool, error) {
			if len(v.infos("")) == 0 {
				return false, failed("exists", p, fs.ErrNotExist)
			}
			return v.Store.Exists(ctx, p)
		}},
	},
	{
		Name:  "Write keeps its argument",
		Kills: []string{"write/buffer"},
		faults: writing(func(_ *variant, w *writer) *stream {
			var parts [][]byte
			return &stream{
				write: func(p []byte) (int, error) { parts = append(parts, p); return len(p), w.ctx.Err() },
				commit: func() (fsbase.Info, error) {
					for _, p := range parts {
						w.data = append(w.data, p...)
					}
					return w.Commit()
				},
			}
		}),
	},
	{
		Name:  "Write changes its argument",
		Kills: []string{"write/buffer"},
		faults: writing(func(_ *variant, w *writer) *stream {
			return &stream{write: func(p []byte) (int, error) {
				n, err := w.Write(p)
				clear(p)
				return n, err
			}}
		}),
	},
	{
		Name:  "an empty stream is not published",
		Kills: []string{"write/commit-publishes", "sizes/round-trip", "write/replaces"},
		faults: writing(func(_ *variant, w *writer) *stream {
			return &stream{commit: func() (fsbase.Info, error) {
				if len(w.data) == 0 && !w.over {
					w.over = true
					return fsbase.Info{Path: w.path, Version: "v"}, w.ctx.Err()
				}
				return w.Commit()
			}}
		}),
	},
	{
		Name:  "the tail of a longer stream stays",
		Kills: []string{"write/replaces"},
		faults: writing(func(v *variant, w *writer) *stream {
			return &stream{commit: func() (fsbase.Info, error) {
				if old, ok := v.get(w.path); ok && len(old.data) > len(w.data) {
					w.data = append(w.data, old.data[len(w.data):]...)
				}
				return w.Commit()
			}}
		}),
	},
	{
		Name:  "Commit publishes the last Write alone",
		Kills: []string{"write/commit-publishes", "sizes/many-writes", "interleaving/names"},
		faults: writing(func(_ *variant, w *writer) *stream {
			return &stream{write: func(p []byte) (int, error) { w.data = nil; return w.Write(p) }}
		}),
	},
}
