package mutants

import (
	"context"
	"io"

	"github.com/godcp/godcp/fsbase"
)

var ladderMutants = []Mutant{
	{
		Name:  "exclusive creation replaces an empty stream",
		Kills: []string{"sizes/exclusive"},
		faults: lax(func(v *variant, w *writer, cond fsbase.Condition) (fsbase.Info, error) {
			if o, ok := v.get(w.path); ok && cond.Absent() && len(o.data) == 0 {
				return w.Commit()
			}
			return v.put("commit", w.path, w.data, cond)
		}),
	},
	{
		Name:  "an exclusive commit of a buffer loses its last byte",
		Kills: []string{"sizes/exclusive"},
		faults: faults{writer: func(_ *variant, w *writer, cond fsbase.Condition) fsbase.WriteStream {
			return &stream{writer: w, commit: func() (fsbase.Info, error) {
				if n := len(w.data); cond.Absent() && n > 0 && n%(1<<20) == 0 {
					w.data = w.data[:n-1]
				}
				return w.Commit()
			}}
		}},
	},
	{
		Name:  "a stale swap to a block succeeds",
		Kills: []string{"sizes/swap"},
		faults: lax(func(v *variant, w *writer, cond fsbase.Condition) (fsbase.Info, error) {
			if cond.Version() != "" && len(w.data) == 4096 {
				return w.Commit()
			}
			return v.put("commit", w.path, w.data, cond)
		}),
	},
	{
		Name:  "a swap of a large stream does not look at the version",
		Kills: []string{"sizes/swap"},
		faults: lax(func(v *variant, w *writer, cond fsbase.Condition) (fsbase.Info, error) {
			if o, ok := v.get(w.path); ok && cond.Version() != "" && len(o.data) > 5<<20 {
				return w.Commit()
			}
			return v.put("commit", w.path, w.data, cond)
		}),
	},
	{
		Name:  "Upload under a condition loses a byte of a large stream",
		Kills: []string{"sizes/upload"},
		faults: uploadWith(func(v *variant, ctx context.Context, p string, src io.ReaderAt, size int64, cond fsbase.Condition) (fsbase.Info, error) {
			if !cond.Unconditional() && size > 5<<20 {
				size--
			}
			return v.Store.Upload(ctx, p, src, size, cond)
		}),
	},
	{
		Name:  "Upload of nothing does not look at its condition",
		Kills: []string{"sizes/upload"},
		faults: uploadWith(func(v *variant, ctx context.Context, p string, src io.ReaderAt, size int64, cond fsbase.Condition) (fsbase.Info, error) {
			if size == 0 {
				cond = fsbase.Condition{}
			}
			return v.Store.Upload(ctx, p, src, size, cond)
		}),
	},
	{
		Name:  "Copy of a large stream does not look at its condition",
		Kills: []string{"sizes/copy"},
		faults: copying(func(v *variant, ctx context.Context, src, dst string, cond fsbase.Condition) (fsbase.Info, error) {
			if o, ok := v.get(src); ok && len(o.data) > 5<<20 {
				cond = fsbase.Condition{}
			}
			return v.Store.Copy(ctx, src, dst, cond)
		}),
	},
	{
		Name:  "streams are emptied above 100 MiB",
		Kills: []string{"sizes/huge"},
		faults: writing(func(_ *variant, w *writer) *stream {
			return &stream{commit: func() (fsbase.Info, error) {
				if len(w.data) > 100<<20 {
					w.data = nil
				}
				return w.Commit()
			}}
		}),
	},
	{
		Name:  "Uploads are cut at 100 MiB, and tell the whole size",
		Kills: []string{"sizes/huge-upload"},
		faults: uploadWith(func(v *variant, ctx context.Context, p string, src io.ReaderAt, size int64, cond fsbase.Condition) (fsbase.Info, error) {
			info, err := v.Store.Upload(ctx, p, src, min(size, 100<<20), cond)
			info.Size = size
			return info, err
		}),
	},
	{
		Name:  "a Copy of two whole parts is one",
		Kills: []string{"sizes/copy"},
		faults: copying(func(v *variant, ctx context.Context, src, dst string, cond fsbase.Condition) (fsbase.Info, error) {
			if o, ok := v.get(src); ok && len(o.data) == 2*largePart {
				return v.put("copy", dst, o.data[:largePart], cond)
			}
			return v.Store.Copy(ctx, src, dst, cond)
		}),
	},
	{
		Name:  "a Rename of two whole parts moves one",
		Kills: []string{"sizes/rename"},
		faults: faults{rename: func(v *variant, ctx context.Context, p, q string) error {
			o, ok := v.get(p)
			err := v.Store.Rename(ctx, p, q)
			if err == nil && ok && len(o.data) == 2*largePart {
				_, err = v.put("rename", q, o.data[:largePart], fsbase.Condition{})
			}
			return err
		}},
	},
}
