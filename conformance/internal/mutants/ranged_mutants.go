package mutants

import (
	"context"
	"io"

	"github.com/godcp/godcp/fsbase"
)

// ranging makes faults of a ReadRanges.
func ranging(f func(v *variant, ctx context.Context, p string, pin fsbase.Version, ranges []fsbase.Range) (fsbase.Info, error)) faults {
	return faults{ranges: f}
}

// read is ReadRanges range by range, without regard to the end or the pin.
func (v *variant) read(ctx context.Context, p string, ranges []fsbase.Range) (fsbase.Info, error) {
	var info fsbase.Info
	for _, g := range ranges {
		r, err := v.Store.open(ctx, p)
		if err != nil {
			return info, err
		}
		info = r.Info()
		if _, err := r.ReadAt(g.Dst, g.Offset); err != nil && err != io.EOF {
			return info, err
		}
		yield()
	}
	return info, nil
}

var rangedMutants = []Mutant{
	{
		Name:  "an empty Dst moves those behind it",
		Kills: []string{"ranged/fills"},
		faults: ranging(func(v *variant, ctx context.Context, p string, pin fsbase.Version, ranges []fsbase.Range) (fsbase.Info, error) {
			var moved []fsbase.Range
			for _, r := range ranges {
				if len(r.Dst) > 0 {
					moved = append(moved, fsbase.Range{Offset: r.Offset, Dst: ranges[len(moved)].Dst})
				}
			}
			return v.Store.ReadRanges(ctx, p, pin, moved)
		}),
	},
	{
		Name:  "ranges are read one by one while the size stays the same",
		Kills: []string{"ranged/race"},
		faults: ranging(func(v *variant, ctx context.Context, p string, pin fsbase.Version, ranges []fsbase.Range) (fsbase.Info, error) {
			var info fsbase.Info
			for i := range ranges {
				now, err := v.Store.ReadRanges(ctx, p, pin, ranges[i:i+1])
				if err != nil {
					return info, err
				}
				if i > 0 && now.Size != info.Size {
					return info, failed("read", p, fsbase.ErrChanged)
				}
				info = now
				yield()
			}
			return info, nil
		}),
	},
	{
		Name:  "what is left after batches of 16 MiB is not read",
		Kills: []string{"ranged/middle"},
		faults: ranging(func(v *variant, ctx context.Context, p string, pin fsbase.Version, ranges []fsbase.Range) (fsbase.Info, error) {
			sum, whole := 0, 0
			for i, r := range ranges {
				if sum += len(r.Dst); sum >= 16<<20 {
					sum, whole = 0, i+1
				}
			}
			if whole > 0 {
				ranges = ranges[:whole]
			}
			return v.Store.ReadRanges(ctx, p, pin, ranges)
		}),
	},
	{
		Name:  "ReadRanges ignores the pin",
		Kills: []string{"ranged/pin"},
		faults: ranging(func(v *variant, ctx context.Context, p string, _ fsbase.Version, ranges []fsbase.Range) (fsbase.Info, error) {
			return v.Store.ReadRanges(ctx, p, "", ranges)
		}),
	},
	{
		Name:  "ReadRanges ignores the pin of a range above 4 MiB",
		Kills: []string{"ranged/pin-large"},
		faults: ranging(func(v *variant, ctx context.Context, p string, pin fsbase.Version, ranges []fsbase.Range) (fsbase.Info, error) {
			if len(ranges) == 1 && len(ranges[0].Dst) > 4<<20 {
				pin = ""
			}
			return v.Store.ReadRanges(ctx, p, pin, ranges)
		}),
	},
	{
		Name:  "ReadRanges opens a stream above 1 MiB for each range anew",
		Kills: []string{"ranged/race-large"},
		faults: ranging(func(v *variant, ctx context.Context, p string, pin fsbase.Version, ranges []fsbase.Range) (fsbase.Info, error) {
			if o, ok := v.get(p); pin != "" || len(ranges) < 2 || !ok || o.info.Size <= 1<<20 {
				return v.Store.ReadRanges(ctx, p, pin, ranges)
			}
			return v.read(ctx, p, ranges)
		}),
	},
	{
		Name:  "ReadRanges leaves the last range",
		Kills: []string{"ranged/fills", "ranged/large"},
		faults: ranging(func(v *variant, ctx context.Context, p string, pin fsbase.Version, ranges []fsbase.Range) (fsbase.Info, error) {
			return v.Store.ReadRanges(ctx, p, pin, ranges[:max(0, len(ranges)-1)])
		}),
	},
	{
		Name:  "ReadRanges writes behind its ranges",
		Kills: []string{"ranged/fills"},
		faults: ranging(func(v *variant, ctx context.Context, p string, pin fsbase.Version, ranges []fsbase.Range) (fsbase.Info, error) {
			info, err := v.Store.ReadRanges(ctx, p, pin, ranges)
			for _, r := range ranges {
				if n := len(r.Dst); n < cap(r.Dst) {
					r.Dst[:n+1][n] = 0
				}
			}
			return info, err
		}),
	},
	{
		Name:  "ReadRanges past the end leaves the rest",
		Kills: []string{"ranged/past-end", "errors/path-error"},
		faults: ranging(func(v *variant, ctx context.Context, p string, pin fsbase.Version, ranges []fsbase.Range) (fsbase.Info, error) {
			if info, err := v.Store.ReadRanges(ctx, p, pin, nil); err != nil || len(ranges) == 0 {
				return info, err
			}
			return v.read(ctx, p, ranges)
		}),
	},
	{
		Name:  "ReadRanges of no ranges looks at nothing",
		Kills: []string{"ranged/absent", "ranged/pin", "errors/path-error"},
		faults: ranging(func(v *variant, ctx context.Context, p string, pin fsbase.Version, ranges []fsbase.Range) (fsbase.Info, error) {
			if len(ranges) == 0 {
				return fsbase.Info{}, ready(ctx, "read", p)
			}
			return v.Store.ReadRanges(ctx, p, pin, ranges)
		}),
	},
	{
		Name:  "ReadRanges opens for each range anew",
		Kills: []string{"ranged/race"},
		faults: ranging(func(v *variant, ctx context.Context, p string, pin fsbase.Version, ranges []fsbase.Range) (fsbase.Info, error) {
			if pin != "" || len(ranges) < 2 {
				return v.Store.ReadRanges(ctx, p, pin, ranges)
			}
			return v.read(ctx, p, ranges)
		}),
	},
	{
		Name:  "ReadRanges does not look at the context",
		Kills: []string{"ranged/cancelled"},
		faults: ranging(func(v *variant, ctx context.Context, p string, pin fsbase.Version, ranges []fsbase.Range) (fsbase.Info, error) {
			return v.Store.ReadRanges(context.WithoutCancel(ctx), p, pin, ranges)
		}),
	},
}
