package mutants

import (
	"context"

	"github.com/godcp/godcp/fsbase"
)

// copying makes faults of a Copy, whose paths and context are good.
func copying(f func(v *variant, ctx context.Context, src, dst string, cond fsbase.Condition) (fsbase.Info, error)) faults {
	return faults{copy: func(v *variant, ctx context.Context, src, dst string, cond fsbase.Condition) (fsbase.Info, error) {
		if ready(ctx, "copy", src) != nil || ready(ctx, "copy", dst) != nil || cond.Check("copy", dst) != nil {
			return v.Store.Copy(ctx, src, dst, cond)
		}
		return f(v, ctx, src, dst, cond)
	}}
}

var copyMutants = []Mutant{
	{
		Name:  "Copy moves",
		Kills: []string{"copy/copies"},
		faults: copying(func(v *variant, ctx context.Context, src, dst string, cond fsbase.Condition) (fsbase.Info, error) {
			info, err := v.Store.Copy(ctx, src, dst, cond)
			if err == nil {
				v.unlink(src)
			}
			return info, err
		}),
	},
	{
		Name:  "Copy tells the Info of the source",
		Kills: []string{"copy/copies"},
		faults: copying(func(v *variant, ctx context.Context, src, dst string, cond fsbase.Condition) (fsbase.Info, error) {
			if _, err := v.Store.Copy(ctx, src, dst, cond); err != nil {
				return fsbase.Info{}, err
			}
			return v.Store.Stat(ctx, src)
		}),
	},
	{
		Name:  "Copy is cut at 5 MiB",
		Kills: []string{"copy/copies"},
		faults: copying(func(v *variant, ctx context.Context, src, dst string, cond fsbase.Condition) (fsbase.Info, error) {
			if o, ok := v.get(src); ok {
				return v.put("copy", dst, o.data[:min(len(o.data), 5<<20)], cond)
			}
			return v.Store.Copy(ctx, src, dst, cond)
		}),
	},
	{
		Name:  "Copy links: the copy follows the source",
		Kills: []string{"copy/independent"},
		faults: func() faults {
			f := copying(func(v *variant, ctx context.Context, src, dst string, cond fsbase.Condition) (fsbase.Info, error) {
				info, err := v.Store.Copy(ctx, src, dst, cond)
				v.disk.mu.Lock()
				defer v.disk.mu.Unlock()
				v.last[src] = object{info: fsbase.Info{Path: dst}}
				return info, err
			})
			f.writer = func(v *variant, w *writer, _ fsbase.Condition) fsbase.WriteStream {
				return &stream{writer: w, commit: func() (fsbase.Info, error) {
					info, err := w.Commit()
					if link, ok := v.last[w.path]; ok && err == nil {
						_, err = v.put("commit", link.info.Path, w.data, fsbase.Condition{})
					}
					return info, err
				}}
			}
			return f
		}(),
	},
	{
		Name:  "Copy of what is absent makes an empty stream",
		Kills: []string{"copy/absent", "errors/path-error"},
		faults: copying(func(v *variant, _ context.Context, src, dst string, cond fsbase.Condition) (fsbase.Info, error) {
			o, _ := v.get(src)
			return v.put("copy", dst, o.data, cond)
		}),
	},
	{
		Name:  "Copy ignores its condition",
		Kills: []string{"copy/conditions"},
		faults: copying(func(v *variant, ctx context.Context, src, dst string, _ fsbase.Condition) (fsbase.Info, error) {
			return v.Store.Copy(ctx, src, dst, fsbase.Condition{})
		}),
	},
	{
		Name:  "Copy does not look at the context",
		Kills: []string{"copy/cancelled"},
		faults: faults{copy: func(v *variant, ctx context.Context, src, dst string, cond fsbase.Condition) (fsbase.Info, error) {
			return v.Store.Copy(context.WithoutCancel(ctx), src, dst, cond)
		}},
	},
}
