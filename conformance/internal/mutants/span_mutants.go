package mutants

import (
	"context"
	"slices"

	"github.com/godcp/godcp/fsbase"
)

// misread makes faults in which ReadAt of some spans gets its last byte wrong.
func misread(some func(off, end int64) bool) faults {
	return reading(func(_ *variant, r *reader) *view {
		return &view{readAt: func(p []byte, off int64) (int, error) {
			n, err := r.ReadAt(p, off)
			if n > 0 && some(off, off+int64(n)) {
				p[n-1] ^= 1
			}
			return n, err
		}}
	})
}

// misranged is misread for ReadRanges.
func misranged(some func(off, end int64) bool) faults {
	return ranging(func(v *variant, ctx context.Context, p string, pin fsbase.Version, ranges []fsbase.Range) (fsbase.Info, error) {
		info, err := v.Store.ReadRanges(ctx, p, pin, ranges)
		for _, r := range ranges {
			if n := len(r.Dst); err == nil && n > 0 && some(r.Offset, r.Offset+int64(n)) {
				r.Dst[n-1] ^= 1
			}
		}
		return info, err
	})
}

// clearBehind writes behind a slice whose capacity allows it.
func clearBehind(p []byte) {
	if cap(p)-len(p) >= 512 {
		clear(p[len(p) : len(p)+512])
	}
}

var spanMutants = []Mutant{
	{
		Name:   "reads that end at 8 MiB are wrong",
		Kills:  []string{"sizes/large-parts"},
		faults: misread(func(_, end int64) bool { return end == 8*mib }),
	},
	{
		Name:   "reads across a multiple of 16 MiB are wrong",
		Kills:  []string{"sizes/huge"},
		faults: misread(func(off, end int64) bool { return off > 20*mib && off/(16*mib) != (end-1)/(16*mib) }),
	},
	{
		Name:   "reads behind 16 MiB that do not begin at a MiB are wrong",
		Kills:  []string{"sizes/huge"},
		faults: misread(func(off, _ int64) bool { return off > 16*mib && off%mib != 0 }),
	},
	{
		Name:   "a range that ends at 5 MiB is wrong",
		Kills:  []string{"ranged/large", "ranged/middle"},
		faults: misranged(func(off, end int64) bool { return off > 0 && end == 5*mib }),
	},
	{
		Name:  "ranges beyond the 500th are left as they are",
		Kills: []string{"ranged/fills"},
		faults: ranging(func(v *variant, ctx context.Context, p string, pin fsbase.Version, ranges []fsbase.Range) (fsbase.Info, error) {
			return v.Store.ReadRanges(ctx, p, pin, ranges[:min(len(ranges), 500)])
		}),
	},
	{
		Name:  "ranges of one request beyond the 1,024th are left as they are",
		Kills: []string{"ranged/fills"},
		faults: ranging(func(v *variant, ctx context.Context, p string, pin fsbase.Version, ranges []fsbase.Range) (fsbase.Info, error) {
			for i := 1; i < len(ranges); i++ {
				if ranges[i].Offset != ranges[i-1].Offset+int64(len(ranges[i-1].Dst)) {
					return v.Store.ReadRanges(ctx, p, pin, ranges)
				}
			}
			return v.Store.ReadRanges(ctx, p, pin, ranges[:min(len(ranges), 1024)])
		}),
	},
	{
		Name:  "ranges behind 16 MiB are read from the beginning",
		Kills: []string{"ranged/middle"},
		faults: ranging(func(v *variant, ctx context.Context, p string, pin fsbase.Version, ranges []fsbase.Range) (fsbase.Info, error) {
			wrapped := slices.Clone(ranges)
			for i := range wrapped {
				if wrapped[i].Offset > 16*mib {
					wrapped[i].Offset %= 16 * mib
				}
			}
			return v.Store.ReadRanges(ctx, p, pin, wrapped)
		}),
	},
	{
		Name:  "ReadRanges clears what lies behind a Dst",
		Kills: []string{"ranged/fills"},
		faults: ranging(func(v *variant, ctx context.Context, p string, pin fsbase.Version, ranges []fsbase.Range) (fsbase.Info, error) {
			info, err := v.Store.ReadRanges(ctx, p, pin, ranges)
			for _, r := range ranges {
				clearBehind(r.Dst)
			}
			return info, err
		}),
	},
	{
		Name:  "ReadAt rounds up to a page where the capacity allows",
		Kills: []string{"read/at"},
		faults: reading(func(_ *variant, r *reader) *view {
			return &view{readAt: func(p []byte, off int64) (int, error) {
				n, err := r.ReadAt(p, off)
				clearBehind(p)
				return n, err
			}}
		}),
	},
}
