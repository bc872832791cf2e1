package mutants

import (
	"context"
	"sync"

	"github.com/godcp/godcp/fsbase"
)

type cacheKey struct {
	path    string
	version fsbase.Version
	off     int64
}

var keptMutants = []Mutant{
	{
		Name:  "a cache keeps the memory that it is given for a whole block",
		Kills: []string{"read/memory-kept"},
		faults: func() faults {
			const block = 32 << 10
			var cache sync.Map // of cacheKey
			return reading(func(_ *variant, r *reader) *view {
				return &view{readAt: func(p []byte, off int64) (int, error) {
					key := cacheKey{r.object.info.Path, r.object.info.Version, off}
					if len(p) != block || off%block != 0 || r.ctx.Err() != nil || r.closed.Load() {
						return r.ReadAt(p, off)
					}
					if b, ok := cache.Load(key); ok {
						return copy(p, b.([]byte)), nil
					}
					n, err := r.ReadAt(p, off)
					if n == len(p) {
						cache.Store(key, p)
					}
					return n, err
				}}
			})
		}(),
	},
	{
		Name:  "a stream keeps the memory of a long ReadAt for the short ones that follow",
		Kills: []string{"read/memory-kept"},
		faults: reading(func(_ *variant, r *reader) *view {
			const block = 4 << 10
			var mu sync.Mutex
			var kept []byte
			at := int64(-1)
			return &view{readAt: func(p []byte, off int64) (int, error) {
				mu.Lock()
				defer mu.Unlock()
				if end := off + int64(len(p)); at >= 0 && at <= off && end <= at+block && r.ctx.Err() == nil && !r.closed.Load() {
					return copy(p, kept[off-at:]), nil
				}
				n, err := r.ReadAt(p, off)
				if n >= block {
					at, kept = off+int64(n-block), p[n-block:n]
				}
				return n, err
			}}
		}),
	},
	{
		Name:  "a cache of ranges keeps the memory that it is given",
		Kills: []string{"read/memory-kept"},
		faults: func() faults {
			var cache sync.Map // of cacheKey
			return ranging(func(v *variant, ctx context.Context, p string, pin fsbase.Version, ranges []fsbase.Range) (fsbase.Info, error) {
				info, err := v.Store.ReadRanges(ctx, p, pin, ranges)
				for i := range ranges {
					if err != nil {
						break
					}
					key := cacheKey{p, info.Version, ranges[i].Offset}
					if b, ok := cache.Load(key); ok && len(b.([]byte)) == len(ranges[i].Dst) {
						copy(ranges[i].Dst, b.([]byte))
					} else {
						cache.Store(key, ranges[i].Dst)
					}
				}
				return info, err
			})
		}(),
	},
}
