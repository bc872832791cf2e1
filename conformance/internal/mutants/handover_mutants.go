package mutants

import (
	"bytes"
	"context"
	"errors"
	"io/fs"
	"iter"
	"path"
	"runtime"
	"slices"
	"sync"
	"time"

	"github.com/godcp/godcp/fsbase"
)

// lookedThenPut commits what holds when it looks, and lets go of the processor,
// no longer, before it writes.
func lookedThenPut(v *variant, w *writer, cond fsbase.Condition) (fsbase.Info, error) {
	if err := v.holds(w.path, cond); err != nil {
		return fsbase.Info{}, failed("commit", w.path, err)
	}
	runtime.Gosched()
	return v.put("commit", w.path, w.data, fsbase.Condition{})
}

// locked is lookedThenPut under a lock that other writes take, too.
func locked(mu *sync.Mutex) faults {
	return lax(func(v *variant, w *writer, cond fsbase.Condition) (fsbase.Info, error) {
		mu.Lock()
		defer mu.Unlock()
		return lookedThenPut(v, w, cond)
	})
}

func invert(p []byte) {
	for i := range p {
		p[i] ^= 0xff
	}
}

// at32Bits is what is left of an offset.
func at32Bits(off int64) int64 { return int64(uint32(off)) }

var handOverMutants = []Mutant{
	{
		Name:   "between the look and the write of a swap others have the processor",
		Kills:  []string{"history/swap", "history/handles"},
		faults: lax(lookedThenPut),
	},
	{
		Name:   "a removal does not wait for a swap that has looked",
		Kills:  []string{"history/swap", "history/handles"},
		faults: locked(new(sync.Mutex)),
	},
	{
		Name:  "WithoutSync has a lock of its own",
		Kills: []string{"capability/without-sync"},
		faults: func() faults {
			f := locked(new(sync.Mutex))
			f.withoutSync = func(v *variant) fsbase.FileSystemBase {
				return newVariant(v.unsynced(), locked(new(sync.Mutex)))
			}
			return f
		}(),
	},
	{
		Name:  "a removal takes the folder away under a stream that is begun in it",
		Kills: []string{"race/emptied-folder"},
		faults: func() faults {
			const made = "made "
			return faults{
				create: func(v *variant, ctx context.Context, p string, cond fsbase.Condition) (fsbase.WriteStream, error) {
					w, err := v.Store.create(ctx, p, cond)
					if err != nil {
						return nil, err
					}
					v.mark(made+path.Dir(p), true)
					runtime.Gosched()
					if !v.marked(made+path.Dir(p)) && ctx.Err() == nil {
						return nil, failed("create", p, fs.ErrNotExist)
					}
					return w, nil
				},
				remove: func(v *variant, ctx context.Context, p string) error {
					err := v.Store.RmFile(ctx, p)
					if err == nil && len(v.below(path.Dir(p))) == 0 {
						v.mark(made+path.Dir(p), false)
					}
					return err
				},
			}
		}(),
	},
	{
		Name:  "ReadAt keeps 32 bits of the offset",
		Kills: []string{"read/at"},
		faults: reading(func(_ *variant, r *reader) *view {
			return &view{readAt: func(p []byte, off int64) (int, error) {
				if off > 0 {
					off = at32Bits(off)
				}
				return r.ReadAt(p, off)
			}}
		}),
	},
	{
		Name:  "ReadRanges keeps 32 bits of offsets",
		Kills: []string{"ranged/past-end"},
		faults: faults{ranges: func(v *variant, ctx context.Context, p string, pin fsbase.Version, ranges []fsbase.Range) (fsbase.Info, error) {
			ranges = slices.Clone(ranges)
			for i, r := range ranges {
				if r.Offset > 0 {
					ranges[i].Offset = at32Bits(r.Offset)
				}
			}
			return v.Store.ReadRanges(ctx, p, pin, ranges)
		}},
	},
	{
		Name:  "the first Write of 8 MiB or more is copied after it has returned",
		Kills: []string{"write/buffer"},
		faults: writing(func(_ *variant, w *writer) *stream {
			var copying sync.WaitGroup
			first := true
			return &stream{
				write: func(p []byte) (int, error) {
					copying.Wait()
					if early := first && len(p) >= 8<<20; !early {
						first = false
						return w.Write(p)
					}
					first = false
					if _, err := w.Write(nil); err != nil {
						return 0, err
					}
					copying.Go(func() { w.data = bytes.Clone(p) })
					return len(p), nil
				},
				commit: func() (fsbase.Info, error) {
					copying.Wait()
					return w.Commit()
				},
			}
		}),
	},
	{
		Name:  "Write changes its argument for a moment",
		Kills: []string{"write/buffer"},
		faults: writing(func(_ *variant, w *writer) *stream {
			return &stream{write: func(p []byte) (int, error) {
				invert(p)
				n := len(w.data)
				_, err := w.Write(p)
				invert(p)
				if err != nil {
					return 0, err
				}
				invert(w.data[n:])
				return len(p), nil
			}}
		}),
	},
	{
		Name:  "a stream stays open when its Commit was denied",
		Kills: []string{"faults/refused-commit", "faults/forbidden-commit"},
		faults: writing(func(_ *variant, w *writer) *stream {
			return &stream{commit: func() (fsbase.Info, error) {
				info, err := w.Commit()
				if errors.Is(err, fsbase.ErrThrottled) || errors.Is(err, fs.ErrPermission) {
					w.over = false
				}
				return info, err
			}}
		}),
	},
	{
		Name:  "a deadline that passes while the storage is busy is a cancellation",
		Kills: []string{"faults/cancelled"},
		faults: faults{exists: func(v *variant, ctx context.Context, p string) (bool, error) {
			there, err := v.Store.Exists(ctx, p)
			if errors.Is(err, fsbase.ErrThrottled) {
				<-ctx.Done()
				return false, failed("exists", p, context.Canceled)
			}
			return there, err
		}},
	},
	{
		Name:  "an RmFile that the storage is busy for goes on when its context has ended",
		Kills: []string{"faults/cancelled"},
		faults: faults{remove: func(v *variant, ctx context.Context, p string) error {
			err := v.Store.RmFile(ctx, p)
			if !errors.Is(err, fsbase.ErrThrottled) {
				return err
			}
			done := make(chan error, 1)
			go func() {
				time.Sleep(2 * awhile)
				done <- v.Store.RmFile(context.WithoutCancel(ctx), p)
			}()
			select {
			case err := <-done:
				return err
			case <-ctx.Done():
				return failed("remove", p, ctx.Err())
			}
		}},
	},
	{
		Name:  "the goroutine that asks for the next page stays when a listing is left",
		Kills: []string{"list/many"},
		faults: faults{list: func(v *variant, ctx context.Context, prefix string) iter.Seq2[fsbase.Info, error] {
			return func(yield func(fsbase.Info, error) bool) {
				n := 0
				for info, err := range v.Store.List(ctx, prefix) {
					if n++; !yield(info, err) {
						if n < listPage && len(v.infos(prefix)) > listPage {
							leak()
						}
						return
					}
				}
			}
		}},
	},
	{
		Name:  "Rename removes its target first",
		Kills: []string{"race/rename-over", "faults/refused-move", "faults/forbidden-move"},
		faults: faults{rename: func(v *variant, ctx context.Context, p, q string) error {
			if _, there := v.get(p); there && p != q && ready(ctx, "rename", p) == nil {
				v.unlink(q)
				yield()
			}
			return v.Store.Rename(ctx, p, q)
		}},
	},
	{
		Name:  "a power loss finds the new content with the old version, which is recorded later",
		Kills: []string{"durable/during-publish"},
		faults: writing(func(v *variant, w *writer) *stream {
			return &stream{commit: func() (fsbase.Info, error) {
				old, there := v.get(w.path)
				info, err := w.Commit()
				if err == nil && there {
					v.lasting(w.path, old.info.Version)
					time.Sleep(awhile)
					v.lasting(w.path, info.Version)
				}
				return info, err
			}}
		}),
	},
	{
		Name:  "a goroutine stays with each large stream that is not committed",
		Kills: []string{"leaks/large"},
		faults: writing(func(_ *variant, w *writer) *stream {
			return &stream{close: func() error {
				if !w.over && len(w.data) >= 8<<20 {
					leak()
				}
				return w.Close()
			}}
		}),
	},
	{
		Name:  "reads of a version that is gone hold one of 1,024 slots each",
		Kills: []string{"leaks/calls"},
		faults: func() faults {
			free := make(slots, 1024)
			return faults{
				ranges: func(v *variant, ctx context.Context, p string, pin fsbase.Version, ranges []fsbase.Range) (fsbase.Info, error) {
					info, err := v.Store.ReadRanges(ctx, p, pin, ranges)
					if errors.Is(err, fsbase.ErrChanged) {
						err = errors.Join(err, free.take(ctx, "read", p))
					}
					return info, err
				},
				open: func(v *variant, ctx context.Context, p string) (fsbase.ReadStream, error) {
					if err := free.take(ctx, "open", p); err != nil {
						return nil, err
					}
					defer free.give()
					return v.Store.OpenStream(ctx, p)
				},
			}
		}(),
	},
}

// lasting changes the version that is durable.
func (v *variant) lasting(p string, version fsbase.Version) {
	v.disk.mu.Lock()
	defer v.disk.mu.Unlock()
	if o, ok := v.disk.durable[p]; ok {
		o.info.Version = version
		v.disk.durable[p] = o
	}
}
