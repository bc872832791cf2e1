package mutants

import (
	"context"
	"errors"
	"sync"
	"time"

	"github.com/godcp/godcp/fsbase"
)

// known is what handles have seen last, by handle and name.
type known struct{ sync.Map }

type knownKey struct {
	handle *variant
	path   string
}

// answer returns what a look has found, or, while the storage is too busy, what
// one found before.
func (k *known) answer(v *variant, path string, found any, err error) (any, error) {
	key := knownKey{v, path}
	if errors.Is(err, fsbase.ErrThrottled) {
		if was, ok := k.Load(key); ok {
			return was, nil
		}
	}
	if err == nil {
		k.Store(key, found)
	}
	return found, err
}

// slowTwin asks again, twice, when the storage is too busy, and does not wait
// for the slower of both.
func slowTwin(err error, buf, data []byte, ask func() error) error {
	if !errors.Is(err, fsbase.ErrThrottled) {
		return err
	}
	go func() {
		time.Sleep(2 * time.Millisecond)
		copy(buf, data)
	}()
	return ask()
}

// flight is one read that others join.
type flight struct {
	done chan struct{}
	n    int
	err  error
}

var faultChangedMutants = []Mutant{
	{
		Name:  "Exists answers from memory while the storage is too busy",
		Kills: []string{"faults/refused-after-change"},
		faults: func() faults {
			var last known
			return faults{exists: func(v *variant, ctx context.Context, p string) (bool, error) {
				ok, err := v.Store.Exists(ctx, p)
				found, err := last.answer(v, p, ok, err)
				return found.(bool), err
			}}
		}(),
	},
	{
		Name:  "Stat answers from memory while the storage is too busy, unless the handle itself has changed something",
		Kills: []string{"faults/refused-after-change"},
		faults: func() faults {
			var last known
			f := writing(func(v *variant, w *writer) *stream {
				return &stream{commit: func() (fsbase.Info, error) {
					last.Delete(knownKey{v, w.path})
					return w.Commit()
				}}
			})
			f.rename = func(v *variant, ctx context.Context, p, q string) error {
				last.Delete(knownKey{v, p})
				last.Delete(knownKey{v, q})
				return v.Store.Rename(ctx, p, q)
			}
			f.remove = func(v *variant, ctx context.Context, p string) error {
				last.Delete(knownKey{v, p})
				return v.Store.RmFile(ctx, p)
			}
			f.stat = func(v *variant, ctx context.Context, p string) (fsbase.Info, error) {
				info, err := v.Store.Stat(ctx, p)
				found, err := last.answer(v, p, info, err)
				return found.(fsbase.Info), err
			}
			return f
		}(),
	},
	{
		Name:  "a ReadAt that was refused is asked again twice, and the slower goes on",
		Kills: []string{"faults/read-memory"},
		faults: reading(func(_ *variant, r *reader) *view {
			return &view{readAt: func(p []byte, off int64) (n int, err error) {
				n, err = r.ReadAt(p, off)
				err = slowTwin(err, p, r.object.data[min(max(0, off), int64(len(r.object.data))):], func() (err error) {
					n, err = r.ReadAt(p, off)
					return err
				})
				return n, err
			}}
		}),
	},
	{
		Name:  "a ReadRanges that was refused is asked again twice, and the slower goes on",
		Kills: []string{"faults/read-memory"},
		faults: ranging(func(v *variant, ctx context.Context, p string, pin fsbase.Version, ranges []fsbase.Range) (info fsbase.Info, err error) {
			info, err = v.Store.ReadRanges(ctx, p, pin, ranges)
			if o, _ := v.get(p); len(ranges) > 0 {
				err = slowTwin(err, ranges[0].Dst, o.data, func() (err error) {
					info, err = v.Store.ReadRanges(ctx, p, pin, ranges)
					return err
				})
			}
			return info, err
		}),
	},
	{
		Name:  "reads at once are one, which ends with the context of the first",
		Kills: []string{"faults/cancelled-beside"},
		faults: func() faults {
			type place struct {
				path string
				off  int64
				n    int
			}
			var mu sync.Mutex
			flights := map[place]*flight{}
			return reading(func(_ *variant, r *reader) *view {
				return &view{readAt: func(p []byte, off int64) (int, error) {
					at := place{r.object.info.Path, off, len(p)}
					mu.Lock()
					if f := flights[at]; f != nil {
						mu.Unlock()
						<-f.done
						n := copy(p[:f.n], r.object.data[off:])
						return n, f.err
					}
					f := &flight{done: make(chan struct{})}
					flights[at] = f
					mu.Unlock()
					f.n, f.err = r.ReadAt(p, off)
					for try := 0; try < 4 && errors.Is(f.err, fsbase.ErrThrottled); try++ {
						select {
						case <-time.After(time.Millisecond):
						case <-r.ctx.Done():
						}
						f.n, f.err = r.ReadAt(p, off)
					}
					mu.Lock()
					delete(flights, at)
					mu.Unlock()
					close(f.done)
					return f.n, f.err
				}}
			})
		}(),
	},
}
