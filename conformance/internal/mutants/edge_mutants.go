package mutants

import (
	"context"
	"crypto/md5"
	"encoding/base64"
	"errors"
	"io"
	"iter"
	"sync/atomic"

	"github.com/godcp/godcp/fsbase"
)

// edgeMutants are wrong at the edge of what a simpler look at a method covers.
var edgeMutants = []Mutant{
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
		Name:  "a source that says io.ErrUnexpectedEOF with all bytes has ended",
		Kills: []string{"hostile/error-with-all-bytes"},
		faults: sourcing(func(_ context.Context, src io.ReaderAt, size int64) ([]byte, error) {
			data := make([]byte, size)
			if n, err := src.ReadAt(data, 0); int64(n) == size && errors.Is(err, io.ErrUnexpectedEOF) {
				return data, nil
			}
			return data, fsbase.ReadSource(src, data, 0)
		}),
	},
	{
		Name:  "Rename keeps the checksum of what it replaces",
		Kills: []string{"info/checksum"},
		faults: faults{
			rename: func(v *variant, ctx context.Context, p, newPath string) error {
				old, there := v.get(newPath)
				err := v.Store.Rename(ctx, p, newPath)
				v.disk.mu.Lock()
				defer v.disk.mu.Unlock()
				if err == nil && there {
					v.last[newPath] = old
				}
				return err
			},
			stat: func(v *variant, ctx context.Context, p string) (fsbase.Info, error) {
				info, err := v.Store.Stat(ctx, p)
				v.disk.mu.Lock()
				defer v.disk.mu.Unlock()
				if old, ok := v.last[p]; ok && err == nil {
					sum := md5.Sum(old.data)
					info.Sum = fsbase.Checksum{Algorithm: "md5", Value: base64.StdEncoding.EncodeToString(sum[:])}
				}
				return info, err
			},
		},
	},
	{
		Name:  "the end is told of streams that are closed, too",
		Kills: []string{"read/closed"},
		faults: reading(func(_ *variant, r *reader) *view {
			return &view{readAt: func(p []byte, off int64) (int, error) {
				if off >= r.Info().Size && r.closed.Load() {
					return 0, io.EOF
				}
				return r.ReadAt(p, off)
			}}
		}),
	},
	{
		Name:  "the end is told under a context that is done, too",
		Kills: []string{"cancel/read-at"},
		faults: reading(func(_ *variant, r *reader) *view {
			return &view{readAt: func(p []byte, off int64) (int, error) {
				if off >= r.Info().Size && !r.closed.Load() && len(p) > 0 {
					return 0, io.EOF
				}
				return r.ReadAt(p, off)
			}}
		}),
	},
	{
		Name:  "a long ReadAt does not look at the context",
		Kills: []string{"cancel/read-at"},
		faults: reading(func(_ *variant, r *reader) *view {
			return &view{readAt: func(p []byte, off int64) (int, error) {
				if len(p) > 32<<10 && r.ctx.Err() != nil && !r.closed.Load() {
					return copy(p, r.object.data[off:]), nil
				}
				return r.ReadAt(p, off)
			}}
		}),
	},
	{
		Name:  "a Rename that is denied has removed its target",
		Kills: []string{"faults/refused-move", "faults/forbidden-move"},
		faults: faults{rename: func(v *variant, ctx context.Context, p, newPath string) error {
			if _, there := v.get(p); there && p != newPath && ready(ctx, "rename", newPath) == nil {
				v.unlink(newPath)
			}
			return v.Store.Rename(ctx, p, newPath)
		}},
	},
	{
		Name:  "of 64 connections each listing that is left keeps one",
		Kills: []string{"list/many"},
		faults: func() faults {
			var left atomic.Int32
			return faults{list: func(v *variant, ctx context.Context, prefix string) iter.Seq2[fsbase.Info, error] {
				return func(yield func(fsbase.Info, error) bool) {
					if left.Load() >= 64 {
						yield(fsbase.Info{}, failed("list", prefix, fsbase.ErrThrottled))
						return
					}
					for info, err := range v.Store.List(ctx, prefix) {
						if !yield(info, err) {
							left.Add(1)
							return
						}
					}
				}
			}}
		}(),
	},
}
