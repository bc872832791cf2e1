package mutants

import (
	"context"
	"io"
	"slices"

	"github.com/godcp/godcp/fsbase"
)

// between tells sizes of which a storage gets one kind wrong.
func between[N int | int64](n, low, high N) bool { return low < n && n < high }

const mib = 1 << 20

// shortened makes faults in which streams of some sizes lose their last byte.
func shortened(some func(n int) bool) faults {
	return writing(func(_ *variant, w *writer) *stream {
		return &stream{commit: func() (fsbase.Info, error) {
			if n := len(w.data); some(n) {
				w.data = w.data[:n-1]
			}
			return w.Commit()
		}}
	})
}

// careless makes faults in which Uploads of some sizes do not look at their
// condition.
func careless(some func(size int64, cond fsbase.Condition) bool) faults {
	return uploadWith(func(v *variant, ctx context.Context, p string, src io.ReaderAt, size int64, cond fsbase.Condition) (fsbase.Info, error) {
		if some(size, cond) {
			cond = fsbase.Condition{}
		}
		return v.Store.Upload(ctx, p, src, size, cond)
	})
}

// carelessCommit is careless for streams.
func carelessCommit(some func(size int, cond fsbase.Condition) bool) faults {
	return lax(func(v *variant, w *writer, cond fsbase.Condition) (fsbase.Info, error) {
		if some(len(w.data), cond) {
			return w.Commit()
		}
		return v.put("commit", w.path, w.data, cond)
	})
}

var octaveMutants = []Mutant{
	{
		Name:  "Upload does not look at a version from 2 to 10 MiB",
		Kills: []string{"sizes/every-octave", "sizes/refused"},
		faults: careless(func(n int64, cond fsbase.Condition) bool {
			return cond.Version() != "" && between(n, 2*mib, 10*mib)
		}),
	},
	{
		Name:   "Upload does not look whether the name is there from 2 to 10 MiB",
		Kills:  []string{"sizes/every-octave", "sizes/refused"},
		faults: careless(func(n int64, cond fsbase.Condition) bool { return cond.Absent() && between(n, 2*mib, 10*mib) }),
	},
	{
		Name:  "exclusive creation is none from 100 to 900 kB",
		Kills: []string{"sizes/every-octave", "sizes/refused"},
		faults: carelessCommit(func(n int, cond fsbase.Condition) bool {
			return cond.Absent() && between(n, 100_000, 900_000)
		}),
	},
	{
		Name:  "a swap does not look at the version from 2 to 10 MiB",
		Kills: []string{"sizes/every-octave", "sizes/refused"},
		faults: carelessCommit(func(n int, cond fsbase.Condition) bool {
			return cond.Version() != "" && between(n, 2*mib, 10*mib)
		}),
	},
	{
		Name:   "streams from 2 to 3 MiB lose a byte",
		Kills:  []string{"sizes/every-octave"},
		faults: shortened(func(n int) bool { return between(n, 2*mib-1, 3*mib) }),
	},
	{
		Name:  "Rename from 2 to 3 MiB loses a byte",
		Kills: []string{"sizes/rename-every-octave"},
		faults: faults{rename: func(v *variant, ctx context.Context, p, q string) error {
			err := v.Store.Rename(ctx, p, q)
			if o, ok := v.get(q); err == nil && ok && between(len(o.data), 2*mib-1, 3*mib) {
				_, err = v.put("rename", q, o.data[:len(o.data)-1], fsbase.Condition{})
			}
			return err
		}},
	},
	{
		Name:  "List tells sizes in blocks from 2 to 10 MiB",
		Kills: []string{"sizes/every-octave"},
		faults: listing(func(_ *variant, _ string, infos []fsbase.Info) []fsbase.Info {
			infos = slices.Clone(infos)
			for i, info := range infos {
				if between(info.Size, 2*mib, 10*mib) {
					infos[i].Size = info.Size / 4096 * 4096
				}
			}
			return infos
		}),
	},
	{
		Name:  "Commit tells sizes in MiB from 2 to 10 MiB",
		Kills: []string{"sizes/every-octave"},
		faults: committing(func(_ *variant, _ *writer, info *fsbase.Info) {
			if between(info.Size, 2*mib, 10*mib) {
				info.Size = info.Size / mib * mib
			}
		}),
	},
	{
		Name:  "Upload from 2 to 10 MiB is not synced",
		Kills: []string{"durable/every-way"},
		faults: faults{upload: func(v *variant, ctx context.Context, p string, src io.ReaderAt, size int64, cond fsbase.Condition) (fsbase.Info, error) {
			if between(size, 2*mib, 10*mib) {
				return v.unsynced().Upload(ctx, p, src, size, cond)
			}
			return v.Store.Upload(ctx, p, src, size, cond)
		}},
	},
	{
		Name:   "64 KiB lose a byte",
		Kills:  []string{"sizes/powers"},
		faults: shortened(func(n int) bool { return n == 64<<10 }),
	},
	{
		Name:   "whole blocks below 1 MiB lose a byte if their number is no power of two",
		Kills:  []string{"sizes/powers"},
		faults: shortened(func(n int) bool { return between(n, 0, mib) && n%4096 == 0 && n&(n-1) != 0 }),
	},
	{
		Name:   "a last part of a few bytes behind 8 MiB is lost",
		Kills:  []string{"sizes/part-borders"},
		faults: shortened(func(n int) bool { return n > 8*mib && between(n%(8*mib), 1, 64) }),
	},
	{
		Name:   "streams from 20 to 60 MiB lose a byte",
		Kills:  []string{"sizes/middle"},
		faults: shortened(func(n int) bool { return between(n, 20*mib, 60*mib) }),
	},
	{
		Name:   "Upload above 16 MiB does not look at its condition",
		Kills:  []string{"sizes/middle"},
		faults: careless(func(n int64, _ fsbase.Condition) bool { return n > 16*mib }),
	},
	{
		Name:  "Copy is cut at 16 MiB",
		Kills: []string{"sizes/middle"},
		faults: copying(func(v *variant, ctx context.Context, src, dst string, cond fsbase.Condition) (fsbase.Info, error) {
			if o, ok := v.get(src); ok && len(o.data) > 16*mib {
				return v.put("copy", dst, o.data[:16*mib], cond)
			}
			return v.Store.Copy(ctx, src, dst, cond)
		}),
	},
	{
		Name:  "Upload reads the last block of a large source whole",
		Kills: []string{"hostile/outside-source"},
		faults: uploadWith(func(v *variant, ctx context.Context, p string, src io.ReaderAt, size int64, cond fsbase.Condition) (fsbase.Info, error) {
			if size > 5*mib && size%4096 != 0 {
				_, _ = src.ReadAt(make([]byte, 4096), size/4096*4096)
			}
			return v.Store.Upload(ctx, p, src, size, cond)
		}),
	},
	{
		Name:  "Upload of a source that ends with a part of 4 MiB publishes the parts",
		Kills: []string{"upload/short-source"},
		faults: uploadWith(func(v *variant, ctx context.Context, p string, src io.ReaderAt, size int64, cond fsbase.Condition) (fsbase.Info, error) {
			for end := int64(4 * mib); end < size; end += 4 * mib {
				if n, err := src.ReadAt(make([]byte, 2), end-1); n == 1 && err == io.EOF {
					size = end
				}
			}
			return v.Store.Upload(ctx, p, src, size, cond)
		}),
	},
	{
		Name:  "no more than ten thousand Writes",
		Kills: []string{"sizes/many-writes"},
		faults: writing(func(_ *variant, w *writer) *stream {
			n := 0
			return &stream{write: func(p []byte) (int, error) {
				if n++; n > 10_000 {
					return len(p), nil
				}
				return w.Write(p)
			}}
		}),
	},
	{
		Name:  "no more than a hundred streams are open",
		Kills: []string{"write/many-open"},
		faults: func() faults {
			return faults{create: func(v *variant, ctx context.Context, p string, cond fsbase.Condition) (fsbase.WriteStream, error) {
				w, err := v.Store.create(ctx, p, cond)
				if err != nil {
					return nil, err
				}
				v.disk.mu.Lock()
				defer v.disk.mu.Unlock()
				open := v.last["open"]
				if len(open.data) == 100 {
					return nil, failed("create", p, fsbase.ErrThrottled)
				}
				v.last["open"] = object{data: append(open.data, 0)}
				return &stream{writer: w, close: func() error {
					v.disk.mu.Lock()
					defer v.disk.mu.Unlock()
					if open := v.last["open"]; !w.over && len(open.data) > 0 {
						v.last["open"] = object{data: open.data[1:]}
					}
					return w.Close()
				}}, nil
			}}
		}(),
	},
}
