package mutants

import (
	"context"
	"time"

	"github.com/godcp/godcp/fsbase"
)

// goingOn reads in the background, a millisecond late. It returns false, and
// leaves the read there, when the context ends before.
func goingOn(ctx context.Context, read func()) bool {
	done := make(chan struct{})
	go func() {
		time.Sleep(time.Millisecond)
		read()
		close(done)
	}()
	select {
	case <-done:
		return true
	case <-ctx.Done():
		return false
	}
}

var contextMutants = []Mutant{
	{
		Name:  "the cause of a context is told instead of its error",
		Kills: []string{"cancel/before-call", "errors/classes"},
		faults: faults{create: func(v *variant, ctx context.Context, p string, cond fsbase.Condition) (fsbase.WriteStream, error) {
			w, err := v.Store.create(ctx, p, cond)
			if ctx.Err() != nil && fsbase.CheckPath("create", p) == nil {
				err = failed("create", p, context.Cause(ctx))
			}
			return begun(w, err)
		}},
	},
	{
		Name:  "the Commit of whole parts does not look at the context",
		Kills: []string{"cancel/before-commit"},
		faults: writing(func(_ *variant, w *writer) *stream {
			return &stream{commit: func() (fsbase.Info, error) {
				if len(w.data) > 0 && len(w.data)%largePart == 0 {
					w.ctx = context.WithoutCancel(w.ctx)
				}
				return w.Commit()
			}}
		}),
	},
	{
		Name:  "a ReadAt that was cancelled goes on",
		Kills: []string{"cancel/read-memory"},
		faults: reading(func(_ *variant, r *reader) *view {
			return &view{readAt: func(p []byte, off int64) (n int, err error) {
				late := r.background()
				if !goingOn(r.ctx, func() { n, err = late.ReadAt(p, off) }) {
					return 0, failed("read", r.object.info.Path, r.ctx.Err())
				}
				return n, err
			}}
		}),
	},
	{
		Name:  "a ReadRanges that was cancelled goes on",
		Kills: []string{"cancel/read-memory"},
		faults: ranging(func(v *variant, ctx context.Context, p string, pin fsbase.Version, ranges []fsbase.Range) (info fsbase.Info, err error) {
			if !goingOn(ctx, func() { info, err = v.Store.ReadRanges(context.WithoutCancel(ctx), p, pin, ranges) }) {
				return fsbase.Info{}, failed("read", p, ctx.Err())
			}
			return info, err
		}),
	},
}
