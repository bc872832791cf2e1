package mutants

import (
	"context"
	"slices"
	"sync"

	"github.com/godcp/godcp/fsbase"
)

// remembering makes faults in which a reader answers from what it read before
// when instead says so.
func remembering(instead func(r *reader) bool) faults {
	return reading(func(_ *variant, r *reader) *view {
		var mu sync.Mutex
		blocks := map[int64][]byte{}
		return &view{readAt: func(p []byte, off int64) (int, error) {
			mu.Lock()
			defer mu.Unlock()
			if b := blocks[off]; len(b) >= len(p) && len(p) > 0 && instead(r) {
				return copy(p, b), nil
			}
			n, err := r.ReadAt(p, off)
			if err == nil && n > len(blocks[off]) {
				blocks[off] = slices.Clone(p[:n])
			}
			return n, err
		}}
	})
}

var nothingMutants = []Mutant{
	{
		Name:  "a Write of nothing is nil at any time",
		Kills: []string{"write/nothing-after-end"},
		faults: writing(func(_ *variant, w *writer) *stream {
			return &stream{write: func(p []byte) (int, error) {
				if len(p) == 0 {
					return 0, nil
				}
				return w.Write(p)
			}}
		}),
	},
	{
		Name:  "ReadAt of nothing is nil after Close",
		Kills: []string{"read/nothing"},
		faults: reading(func(_ *variant, r *reader) *view {
			return &view{readAt: func(p []byte, off int64) (int, error) {
				if len(p) == 0 && off >= 0 {
					return 0, nil
				}
				return r.ReadAt(p, off)
			}}
		}),
	},
	{
		Name:  "ReadAt of nothing is nil at a negative offset",
		Kills: []string{"read/nothing"},
		faults: reading(func(_ *variant, r *reader) *view {
			return &view{readAt: func(p []byte, off int64) (int, error) {
				if len(p) == 0 && off < 0 && !r.closed.Load() {
					return 0, nil
				}
				return r.ReadAt(p, off)
			}}
		}),
	},
	{
		Name:   "a block that was read is read after the end of the context",
		Kills:  []string{"read/same-again"},
		faults: remembering(func(r *reader) bool { return r.ctx.Err() != nil && !r.closed.Load() }),
	},
	{
		Name:   "a block that was read is read after Close",
		Kills:  []string{"read/same-again"},
		faults: remembering(func(r *reader) bool { return r.closed.Load() }),
	},
	{
		Name:  "a Write of 128 KiB or more keeps its argument until the next one",
		Kills: []string{"write/buffer"},
		faults: writing(func(_ *variant, w *writer) *stream {
			var kept []byte
			flush := func() error {
				b := kept
				kept = nil
				if b == nil {
					return nil
				}
				_, err := w.Write(b)
				return err
			}
			return &stream{
				write: func(p []byte) (int, error) {
					if err := flush(); err != nil {
						return 0, err
					}
					if len(p) >= 128<<10 && w.ctx.Err() == nil && !w.over {
						kept = p
						return len(p), nil
					}
					return w.Write(p)
				},
				commit: func() (fsbase.Info, error) {
					if err := flush(); err != nil {
						return fsbase.Info{}, err
					}
					return w.Commit()
				},
			}
		}),
	},
	{
		Name:  "an exclusive Commit of 5 MiB or more does not look at the context",
		Kills: []string{"cancel/every-way"},
		faults: faults{writer: func(_ *variant, w *writer, cond fsbase.Condition) fsbase.WriteStream {
			return &stream{writer: w, commit: func() (fsbase.Info, error) {
				if cond.Absent() && len(w.data) >= 5*mib {
					w.ctx = context.WithoutCancel(w.ctx)
				}
				return w.Commit()
			}}
		}},
	},
	{
		Name:  "Close of a stream of several Writes tells that the context is done",
		Kills: []string{"cancel/close"},
		faults: writing(func(_ *variant, w *writer) *stream {
			writes := 0
			return &stream{
				write: func(p []byte) (int, error) { writes++; return w.Write(p) },
				close: func() error {
					_ = w.Close()
					if err := w.ctx.Err(); err != nil && writes > 1 {
						return failed("close", w.path, err)
					}
					return nil
				},
			}
		}),
	},
	{
		Name:  "a swap takes the version of any name",
		Kills: []string{"swap/other-name"},
		faults: laxWhen(func(v *variant, _ string, cond fsbase.Condition) bool {
			return cond.Version() != "" && slices.ContainsFunc(v.infos(""), func(i fsbase.Info) bool {
				return i.Version == cond.Version()
			})
		}),
	},
}
