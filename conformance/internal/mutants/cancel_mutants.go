package mutants

import (
	"context"
	"time"

	"github.com/godcp/godcp/fsbase"
)

// heedless returns faults in which a method does not look at the context.
func heedless(method string) faults {
	free := context.WithoutCancel
	switch method {
	case "create":
		return faults{create: func(v *variant, ctx context.Context, p string, cond fsbase.Condition) (fsbase.WriteStream, error) {
			return begun(v.Store.create(free(ctx), p, cond))
		}}
	case "open":
		return faults{open: func(v *variant, ctx context.Context, p string) (fsbase.ReadStream, error) {
			return v.Store.open(free(ctx), p)
		}}
	case "rename":
		return faults{rename: func(v *variant, ctx context.Context, p, q string) error {
			return v.Store.Rename(free(ctx), p, q)
		}}
	case "mkdir":
		return faults{mkdir: func(v *variant, ctx context.Context, p string) error {
			return v.Store.Mkdir(free(ctx), p)
		}}
	case "exists":
		return faults{exists: func(v *variant, ctx context.Context, p string) (bool, error) {
			return v.Store.Exists(free(ctx), p)
		}}
	case "remove":
		return faults{remove: func(v *variant, ctx context.Context, p string) error {
			return v.Store.RmFile(free(ctx), p)
		}}
	}
	panic(method)
}

var cancelMutants = []Mutant{
	{
		Name:  "a long ReadAt does not look at the context",
		Kills: []string{"cancel/read-at"},
		faults: reading(func(_ *variant, r *reader) *view {
			return &view{readAt: func(p []byte, off int64) (int, error) {
				if len(p) > 32<<10 && r.ctx.Err() != nil && !r.closed.Load() {
					return copy(p, r.object.data[off:]), nil
				}
				return r.ReadAt(p, off)
			}}
		}),
	},
	{
		Name:   "writes do not look at the context",
		Kills:  []string{"cancel/before-call", "cancel/before-commit", "exclusive/cancelled", "swap/cancelled"},
		faults: heedless("create"),
	},
	{
		Name:   "reads do not look at the context",
		Kills:  []string{"cancel/before-call", "cancel/read-at"},
		faults: heedless("open"),
	},
	{Name: "Rename does not look at the context", Kills: []string{"cancel/before-call"}, faults: heedless("rename")},
	{Name: "Mkdir does not look at the context", Kills: []string{"cancel/before-call"}, faults: heedless("mkdir")},
	{Name: "Exists does not look at the context", Kills: []string{"cancel/before-call"}, faults: heedless("exists")},
	{Name: "RmFile does not look at the context", Kills: []string{"cancel/before-call"}, faults: heedless("remove")},
	{
		Name:  "Commit does not look at the context",
		Kills: []string{"cancel/before-commit", "exclusive/cancelled", "swap/cancelled"},
		faults: writing(func(_ *variant, w *writer) *stream {
			return &stream{commit: func() (fsbase.Info, error) {
				w.ctx = context.WithoutCancel(w.ctx)
				return w.Commit()
			}}
		}),
	},
	{
		Name:  "a Write that fails is forgotten",
		Kills: []string{"cancel/between-writes"},
		faults: writing(func(_ *variant, w *writer) *stream {
			ctx := w.ctx
			return &stream{
				write: func(p []byte) (int, error) {
					if err := ctx.Err(); err != nil {
						w.ctx = context.WithoutCancel(ctx) // as if the failure were dealt with
						return 0, failed("write", w.path, err)
					}
					return w.Write(p)
				},
			}
		}),
	},
	{
		Name:  "ReadAt does not look at the context",
		Kills: []string{"cancel/read-at"},
		faults: faults{reader: func(_ *variant, r *reader) fsbase.ReadStream {
			r.ctx = context.WithoutCancel(r.ctx)
			return r
		}},
	},
	{
		Name:  "a cancelled Commit leaves the half",
		Kills: []string{"cancel/during-commit", "cancel/before-commit"},
		faults: writing(func(v *variant, w *writer) *stream {
			return &stream{commit: func() (fsbase.Info, error) {
				time.Sleep(20 * time.Microsecond)
				if w.ctx.Err() != nil {
					_, _ = v.put("commit", w.path, w.data[:len(w.data)/2], fsbase.Condition{})
				}
				return w.Commit()
			}}
		}),
	},
	{
		Name:  "a Commit whose context ends during it publishes and fails",
		Kills: []string{"cancel/during-commit"},
		faults: writing(func(_ *variant, w *writer) *stream {
			return &stream{commit: func() (fsbase.Info, error) {
				info, err := w.Commit()
				time.Sleep(20 * time.Microsecond)
				if err == nil && w.ctx.Err() != nil {
					return fsbase.Info{}, failed("commit", w.path, w.ctx.Err())
				}
				return info, err
			}}
		}),
	},
}
