package mutants

import (
	"context"
	"io"
	"io/fs"
	"runtime"
	"strings"
	"sync/atomic"

	"github.com/godcp/godcp/fsbase"
)

var readMutants = []Mutant{
	{
		Name:  "the end is told of streams that are closed, or whose context is done, too",
		Kills: []string{"read/closed", "cancel/read-at"},
		faults: reading(func(_ *variant, r *reader) *view {
			return &view{readAt: func(p []byte, off int64) (int, error) {
				if off >= r.Info().Size && len(p) > 0 {
					return 0, io.EOF
				}
				return r.ReadAt(p, off)
			}}
		}),
	},
	{
		Name:  "an absent name opens as an empty stream",
		Kills: []string{"read/absent", "write/fresh-root"},
		faults: faults{open: func(v *variant, ctx context.Context, p string) (fsbase.ReadStream, error) {
			if err := ready(ctx, "open", p); err != nil {
				return nil, err
			}
			o, _ := v.get(p)
			return &reader{ctx: ctx, object: o}, nil
		}},
	},
	{
		Name:  "a folder opens",
		Kills: []string{"read/absent", "errors/path-error"},
		faults: faults{open: func(v *variant, ctx context.Context, p string) (fsbase.ReadStream, error) {
			if len(v.infos(p+"/")) > 0 && ctx.Err() == nil {
				return &reader{ctx: ctx, object: object{info: fsbase.Info{Path: p, Version: "folder"}}}, nil
			}
			return v.Store.OpenStream(ctx, p)
		}},
	},
	{
		Name:  "opening below a stream is another error",
		Kills: []string{"read/absent"},
		faults: faults{open: func(v *variant, ctx context.Context, p string) (fsbase.ReadStream, error) {
			if i := strings.LastIndexByte(p, '/'); i > 0 {
				if _, ok := v.get(p[:i]); ok {
					return nil, failed("open", p, errNotFolder)
				}
			}
			return v.Store.OpenStream(ctx, p)
		}},
	},
	{
		Name:  "a reader follows its name",
		Kills: []string{"pin/overwritten", "pin/removed", "pin/renamed-over", "handles/pinned"},
		faults: reading(func(v *variant, r *reader) *view {
			return &view{readAt: func(p []byte, off int64) (int, error) {
				if o, ok := v.get(r.object.info.Path); ok {
					return (&reader{ctx: r.ctx, object: o}).ReadAt(p, off)
				}
				return r.ReadAt(p, off)
			}}
		}),
	},
	{
		Name:  "a reader follows its name behind the first MiB",
		Kills: []string{"pin/large"},
		faults: reading(func(v *variant, r *reader) *view {
			return &view{readAt: func(p []byte, off int64) (int, error) {
				if o, ok := v.get(r.object.info.Path); ok && off >= 1<<20 {
					return (&reader{ctx: r.ctx, object: o}).ReadAt(p, off)
				}
				return r.ReadAt(p, off)
			}}
		}),
	},
	{
		Name:  "a reader whose version is gone says io.ErrUnexpectedEOF",
		Kills: []string{"pin/overwritten", "pin/removed"},
		faults: reading(func(v *variant, r *reader) *view {
			return &view{readAt: func(p []byte, off int64) (int, error) {
				if o, ok := v.get(r.object.info.Path); !ok || o.info.Version != r.object.info.Version {
					return 0, failed("read", r.object.info.Path, io.ErrUnexpectedEOF)
				}
				return r.ReadAt(p, off)
			}}
		}),
	},
	{
		Name:  "ReadAt is short now and then, without an error",
		Kills: []string{"read/at", "read/concurrent"},
		faults: reading(func(_ *variant, r *reader) *view {
			var calls atomic.Int32
			return &view{readAt: func(p []byte, off int64) (int, error) {
				if calls.Add(1)%4 == 0 && len(p) > 1 {
					p = p[:len(p)/2]
				}
				return r.ReadAt(p, off)
			}}
		}),
	},
	{
		Name:  "ReadAt says io.EOF only for nothing",
		Kills: []string{"read/at", "read/size"},
		faults: reading(func(_ *variant, r *reader) *view {
			return &view{readAt: func(p []byte, off int64) (int, error) {
				n, err := r.ReadAt(p, off)
				if n > 0 {
					err = nil
				}
				return n, err
			}}
		}),
	},
	{
		Name:  "ReadAt wraps io.EOF",
		Kills: []string{"read/at"},
		faults: reading(func(_ *variant, r *reader) *view {
			return &view{readAt: func(p []byte, off int64) (int, error) {
				n, err := r.ReadAt(p, off)
				if err == io.EOF {
					err = failed("read", r.object.info.Path, err)
				}
				return n, err
			}}
		}),
	},
	{
		Name:  "ReadAt writes behind its slice",
		Kills: []string{"read/at"},
		faults: reading(func(_ *variant, r *reader) *view {
			return &view{readAt: func(p []byte, off int64) (int, error) {
				n, err := r.ReadAt(p, off)
				if len(p) < cap(p) {
					p[:cap(p)][len(p)] = 0
				}
				return n, err
			}}
		}),
	},
	{
		Name:  "a negative offset counts from the end",
		Kills: []string{"read/negative-offset", "errors/path-error"},
		faults: reading(func(_ *variant, r *reader) *view {
			return &view{readAt: func(p []byte, off int64) (int, error) {
				if off < 0 {
					off = max(0, r.object.info.Size+off)
				}
				return r.ReadAt(p, off)
			}}
		}),
	},
	{
		Name:  "ReadAt seeks and reads",
		Kills: []string{"read/concurrent"},
		faults: reading(func(_ *variant, r *reader) *view {
			var position atomic.Int64
			return &view{readAt: func(p []byte, off int64) (int, error) {
				position.Store(off)
				runtime.Gosched()
				return r.ReadAt(p, position.Load())
			}}
		}),
	},
	{
		Name:  "Info tells the size in blocks",
		Kills: []string{"read/size", "sizes/round-trip"},
		faults: reading(func(_ *variant, r *reader) *view {
			return &view{info: func() fsbase.Info {
				info := r.object.info
				info.Size = (info.Size + 511) / 512 * 512
				return info
			}}
		}),
	},
	{
		Name:  "ReadAt after Close reads",
		Kills: []string{"read/closed", "errors/path-error"},
		faults: reading(func(*variant, *reader) *view {
			return &view{close: func() error { return nil }}
		}),
	},
	{
		Name:  "closing a reader twice is an error",
		Kills: []string{"read/closed"},
		faults: reading(func(_ *variant, r *reader) *view {
			return &view{close: func() error {
				if r.closed.Swap(true) {
					return failed("close", r.object.info.Path, fs.ErrClosed)
				}
				return nil
			}}
		}),
	},
	{
		Name:  "a handle remembers what it read",
		Kills: []string{"handles/visible"},
		faults: faults{open: func(v *variant, ctx context.Context, p string) (fsbase.ReadStream, error) {
			r, err := v.Store.open(ctx, p)
			if err != nil {
				return nil, err
			}
			v.disk.mu.Lock()
			defer v.disk.mu.Unlock()
			if o, ok := v.last[p]; ok {
				r.object = o
			}
			v.last[p] = r.object
			return r, nil
		}},
	},
	{
		Name:  "what was absent stays absent for a while",
		Kills: []string{"read/after-write", "handles/visible"},
		faults: faults{exists: func(v *variant, ctx context.Context, p string) (bool, error) {
			there, err := v.Store.Exists(ctx, p)
			v.disk.mu.Lock()
			defer v.disk.mu.Unlock()
			if _, missed := v.last[p]; missed && there {
				delete(v.last, p)
				return false, err
			}
			if !there {
				v.last[p] = object{}
			}
			return there, err
		}},
	},
}
