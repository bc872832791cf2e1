package mutants

import (
	"context"
	"io"
	"iter"

	"github.com/godcp/godcp/fsbase"
)

// slots bound how much is under way. To take one waits for it.
type slots chan struct{}

func (s slots) take(ctx context.Context, op, p string) error {
	select {
	case s <- struct{}{}:
		return nil
	case <-ctx.Done():
		return failed(op, p, ctx.Err())
	}
}

func (s slots) give() { <-s }

var heldMutants = []Mutant{
	{
		Name:  "a listing holds one of eight slots while its consumer has the turn",
		Kills: []string{"list/nested-deep"},
		faults: func() faults {
			free := make(slots, 8)
			return faults{list: func(v *variant, ctx context.Context, prefix string) iter.Seq2[fsbase.Info, error] {
				return func(yield func(fsbase.Info, error) bool) {
					if err := free.take(ctx, "list", prefix); err != nil {
						yield(fsbase.Info{}, err)
						return
					}
					defer free.give()
					v.Store.List(ctx, prefix)(yield)
				}
			}}
		}(),
	},
	{
		Name:  "an Upload holds one of eight slots while its source wants one to read",
		Kills: []string{"upload/own-source"},
		faults: func() faults {
			free := make(slots, 8)
			return faults{
				upload: func(v *variant, ctx context.Context, p string, src io.ReaderAt, size int64, cond fsbase.Condition) (fsbase.Info, error) {
					if err := free.take(ctx, "upload", p); err != nil {
						return fsbase.Info{}, err
					}
					defer free.give()
					return v.Store.Upload(ctx, p, src, size, cond)
				},
				open: func(v *variant, ctx context.Context, p string) (fsbase.ReadStream, error) {
					if err := free.take(ctx, "open", p); err != nil {
						return nil, err
					}
					defer free.give()
					return v.Store.OpenStream(ctx, p)
				},
			}
		}(),
	},
}
