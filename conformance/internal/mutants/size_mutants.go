package mutants

import (
	"bytes"
	"context"
	"io"
	"math/bits"

	"github.com/godcp/godcp/fsbase"
)

// The sizes at which these mutants go wrong are where storages begin to work
// in parts.

var sizeMutants = []Mutant{
	{
		Name:  "a byte behind 8 MiB is flipped",
		Kills: []string{"sizes/every-octave", "sizes/large", "sizes/large-parts"},
		faults: writing(func(_ *variant, w *writer) *stream {
			return &stream{commit: func() (fsbase.Info, error) {
				if len(w.data) > 9<<20 {
					w.data[8<<20+1] ^= 1
				}
				return w.Commit()
			}}
		}),
	},
	{
		Name:  "streams are cut at 10 MiB",
		Kills: []string{"sizes/large", "durable/commit"},
		faults: writing(func(_ *variant, w *writer) *stream {
			return &stream{commit: func() (fsbase.Info, error) {
				w.data = w.data[:min(len(w.data), 10<<20)]
				return w.Commit()
			}}
		}),
	},
	{
		Name:  "parts of 5 MiB are put together in the wrong order",
		Kills: []string{"sizes/large", "sizes/large-parts"},
		faults: writing(func(_ *variant, w *writer) *stream {
			return &stream{commit: func() (fsbase.Info, error) {
				if len(w.data) > 10<<20 {
					w.data = bytes.Join([][]byte{w.data[5<<20 : 10<<20], w.data[:5<<20], w.data[10<<20:]}, nil)
				}
				return w.Commit()
			}}
		}),
	},
	{
		Name:  "ReadAt is off by one past 1 MiB",
		Kills: []string{"read/every-octave", "sizes/large", "sizes/large-parts"},
		faults: reading(func(_ *variant, r *reader) *view {
			return &view{readAt: func(p []byte, off int64) (int, error) {
				if off > 1<<20 && off < r.object.info.Size {
					off--
				}
				return r.ReadAt(p, off)
			}}
		}),
	},
	{
		Name:  "a Write of more than 64 KiB loses its end",
		Kills: []string{"sizes/large", "write/commit-publishes"},
		faults: writing(func(_ *variant, w *writer) *stream {
			return &stream{write: func(p []byte) (int, error) {
				_, err := w.Write(p[:min(len(p), 64<<10)])
				return len(p), err
			}}
		}),
	},
	{
		Name:  "a power of two gets a byte more",
		Kills: []string{"sizes/round-trip"},
		faults: writing(func(_ *variant, w *writer) *stream {
			return &stream{commit: func() (fsbase.Info, error) {
				if n := len(w.data); n >= 4096 && bits.OnesCount(uint(n)) == 1 {
					w.data = append(w.data, 0)
				}
				return w.Commit()
			}}
		}),
	},
	{
		Name:  "no more than a thousand Writes",
		Kills: []string{"sizes/many-writes"},
		faults: writing(func(_ *variant, w *writer) *stream {
			n := 0
			return &stream{write: func(p []byte) (int, error) {
				if n++; n > 1000 {
					return len(p), nil
				}
				return w.Write(p)
			}}
		}),
	},
	{
		Name:  "the number of a Write has 16 bits",
		Kills: []string{"sizes/many-writes"},
		faults: writing(func(_ *variant, w *writer) *stream {
			n := 0
			return &stream{write: func(p []byte) (int, error) {
				if n++; n > 1<<16 {
					copy(w.data, p)
					return len(p), nil
				}
				return w.Write(p)
			}}
		}),
	},
	{
		Name:  "of two whole parts that the backend names the last is lost",
		Kills: []string{"sizes/part-borders"},
		faults: func() faults {
			f := shortened(func(n int) bool { return n == 20_000_000 })
			f.limits = func() fsbase.PartLimits { return fsbase.PartLimits{Write: 10_000_000} }
			return f
		}(),
	},
	{
		Name:  "of parts that are put together by 32, one that is left alone is lost",
		Kills: []string{"sizes/huge-upload"},
		faults: func() faults {
			f := uploadWith(func(v *variant, ctx context.Context, p string, src io.ReaderAt, size int64, cond fsbase.Condition) (fsbase.Info, error) {
				if whole := size / mib; size%mib > 0 && whole > 0 && whole%32 == 0 {
					size = whole * mib
				}
				return v.Store.Upload(ctx, p, src, size, cond)
			})
			f.limits = func() fsbase.PartLimits { return fsbase.PartLimits{Write: mib} }
			return f
		}(),
	},
	{
		Name:  "what is behind MaxObject is left out of a stream",
		Kills: []string{"sizes/max-object"},
		faults: func() faults {
			f := writing(func(_ *variant, w *writer) *stream {
				return &stream{commit: func() (fsbase.Info, error) {
					w.data = w.data[:min(len(w.data), 2*mib)]
					return w.Commit()
				}}
			})
			f.limits = func() fsbase.PartLimits { return fsbase.PartLimits{MaxObject: 2 * mib} }
			return f
		}(),
	},
	{
		Name:  "what is behind MaxObject is left out of an Upload",
		Kills: []string{"sizes/max-object"},
		faults: func() faults {
			f := uploadWith(func(v *variant, ctx context.Context, p string, src io.ReaderAt, size int64, cond fsbase.Condition) (fsbase.Info, error) {
				return v.Store.Upload(ctx, p, src, min(size, 2*mib), cond)
			})
			f.limits = func() fsbase.PartLimits { return fsbase.PartLimits{MaxObject: 2 * mib} }
			return f
		}(),
	},
	{
		Name:  "Copy is cut at the last MiB behind 64 MiB",
		Kills: []string{"sizes/huge-moves"},
		faults: copying(func(v *variant, ctx context.Context, src, dst string, cond fsbase.Condition) (fsbase.Info, error) {
			if o, ok := v.get(src); ok && len(o.data) > 64*mib {
				return v.put("copy", dst, o.data[:len(o.data)/mib*mib], cond)
			}
			return v.Store.Copy(ctx, src, dst, cond)
		}),
	},
	{
		Name:  "Rename is cut at the last MiB behind 64 MiB",
		Kills: []string{"sizes/huge-moves"},
		faults: faults{rename: func(v *variant, ctx context.Context, path, newPath string) error {
			if o, ok := v.get(path); ok && len(o.data) > 64*mib {
				if _, err := v.put("rename", path, o.data[:len(o.data)/mib*mib], fsbase.Condition{}); err != nil {
					return err
				}
			}
			return v.Store.Rename(ctx, path, newPath)
		}},
	},
	{
		Name:  "large ranges lose their last byte",
		Kills: []string{"ranged/every-octave", "ranged/large"},
		faults: faults{ranges: func(v *variant, ctx context.Context, p string, pin fsbase.Version, ranges []fsbase.Range) (fsbase.Info, error) {
			short := make([]fsbase.Range, len(ranges))
			for i, r := range ranges {
				if len(r.Dst) > 1<<20 {
					r.Dst = r.Dst[:len(r.Dst)-1]
				}
				short[i] = r
			}
			return v.Store.ReadRanges(ctx, p, pin, short)
		}},
	},
}
