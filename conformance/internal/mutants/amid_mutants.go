package mutants

import (
	"context"
	"errors"
	"io"
	"sync"
	"time"

	"github.com/godcp/godcp/fsbase"
)

// awhile is how long something takes in these mutants: long enough for a context
// to end, or power to be lost, within.
const awhile = 300 * time.Microsecond

// goesOn publishes a while after the call, which says when its context ends, as
// if nothing came of it then.
func (v *variant) goesOn(ctx context.Context, op, p string, publish func() (fsbase.Info, error)) (fsbase.Info, error) {
	return within(ctx, op, p, func() (fsbase.Info, error) {
		time.Sleep(awhile)
		return publish()
	})
}

// torn takes the durability of a stream away, a while before what comes in its
// place is there.
func (v *variant) torn(p string) {
	v.disk.mu.Lock()
	delete(v.disk.durable, p)
	v.disk.mu.Unlock()
	time.Sleep(awhile)
}

var amidMutants = []Mutant{
	{
		Name:  "a Copy whose context ends says so, and is carried out all the same",
		Kills: []string{"cancel/during-publish"},
		faults: copying(func(v *variant, ctx context.Context, src, dst string, cond fsbase.Condition) (fsbase.Info, error) {
			return v.goesOn(ctx, "copy", dst, func() (fsbase.Info, error) {
				return v.Store.Copy(context.WithoutCancel(ctx), src, dst, cond)
			})
		}),
	},
	{
		Name:  "an Upload whose context ends says so, and is carried out all the same",
		Kills: []string{"cancel/during-publish"},
		faults: faults{upload: func(v *variant, ctx context.Context, p string, src io.ReaderAt, size int64, cond fsbase.Condition) (fsbase.Info, error) {
			if ready(ctx, "upload", p) != nil {
				return v.Store.Upload(ctx, p, src, size, cond)
			}
			return v.goesOn(ctx, "upload", p, func() (fsbase.Info, error) {
				return v.Store.Upload(context.WithoutCancel(ctx), p, src, size, cond)
			})
		}},
	},
	{
		Name:  "an RmFile whose context ends says so, and is carried out later",
		Kills: []string{"cancel/during-remove"},
		faults: faults{remove: func(v *variant, ctx context.Context, p string) error {
			if ready(ctx, "remove", p) != nil {
				return v.Store.RmFile(ctx, p)
			}
			_, err := v.goesOn(ctx, "remove", p, func() (fsbase.Info, error) {
				return fsbase.Info{}, v.Store.RmFile(context.WithoutCancel(ctx), p)
			})
			return err
		}},
	},
	{
		Name:  "a token is fetched for all under the context of one",
		Kills: []string{"cancel/others"},
		faults: func() faults {
			var mu sync.Mutex
			var expires time.Time
			var fetching chan struct{}
			var failure error
			token := func(ctx context.Context) error {
				mu.Lock()
				if time.Now().Before(expires) {
					mu.Unlock()
					return nil
				}
				if done := fetching; done != nil {
					mu.Unlock()
					<-done
					mu.Lock()
					defer mu.Unlock()
					return failure
				}
				done := make(chan struct{})
				fetching = done
				mu.Unlock()
				var err error
				select {
				case <-time.After(awhile):
				case <-ctx.Done():
					err = ctx.Err()
				}
				mu.Lock()
				defer mu.Unlock()
				if failure, fetching = err, nil; err == nil {
					expires = time.Now().Add(5 * time.Millisecond)
				}
				close(done)
				return err
			}
			return faults{exists: func(v *variant, ctx context.Context, p string) (bool, error) {
				if err := token(ctx); err != nil {
					return false, failed("exists", p, err)
				}
				return v.Store.Exists(ctx, p)
			}}
		}(),
	},
	{
		Name:  "what is replaced is not durable any more before the new is",
		Kills: []string{"durable/during-publish", "faults/durable"},
		faults: writing(func(v *variant, w *writer) *stream {
			return &stream{commit: func() (fsbase.Info, error) {
				v.torn(w.path)
				return w.Commit()
			}}
		}),
	},
	{
		Name:  "what is renamed is durable under neither name for a while",
		Kills: []string{"durable/during-rename"},
		faults: faults{rename: func(v *variant, ctx context.Context, p, q string) error {
			if _, there := v.get(p); there && p != q && ready(ctx, "rename", q) == nil {
				v.torn(p)
			}
			return v.Store.Rename(ctx, p, q)
		}},
	},
	{
		Name:  "a commit that the storage was too busy for twice is not synced",
		Kills: []string{"faults/durable"},
		faults: publishing(func(v *variant, w *writer, data []byte, cond fsbase.Condition, publish func() (fsbase.Info, error)) (fsbase.Info, error) {
			info, err := publish()
			if errors.Is(err, fsbase.ErrThrottled) {
				info, err = publish()
			}
			if errors.Is(err, fsbase.ErrThrottled) && cond.Unconditional() {
				v.disk.mu.Lock()
				defer v.disk.mu.Unlock()
				return v.disk.store(w.path, data, false), nil
			}
			return info, err
		}),
	},
	{
		Name:  "a commit that the storage was too busy for at first is not synced",
		Kills: []string{"faults/durable"},
		faults: publishing(func(v *variant, w *writer, data []byte, cond fsbase.Condition, publish func() (fsbase.Info, error)) (fsbase.Info, error) {
			info, err := publish()
			if errors.Is(err, fsbase.ErrThrottled) {
				return (&Store{disk: v.disk}).put("commit", w.path, data, cond)
			}
			return info, err
		}),
	},
}
