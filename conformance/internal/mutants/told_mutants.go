package mutants

import (
	"context"
	"errors"
	"io"
	"io/fs"
	"iter"
	"strings"
	"sync"

	"github.com/godcp/godcp/fsbase"
)

// pool gives memory out again that it was given back.
type pool struct {
	mu   sync.Mutex
	free [][]byte
}

func (p *pool) get() []byte {
	p.mu.Lock()
	defer p.mu.Unlock()
	if n := len(p.free); n > 0 {
		b := p.free[n-1]
		p.free = p.free[:n-1]
		return b
	}
	return make([]byte, 64<<10)
}

func (p *pool) put(b []byte) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.free = append(p.free, b)
}

// The mutants here are right but for what they tell or keep of it.
var toldMutants = []Mutant{
	{
		Name:  "Copy of a name to itself is nothing, whatever the condition",
		Kills: []string{"copy/self-condition"},
		faults: copying(func(v *variant, ctx context.Context, src, dst string, cond fsbase.Condition) (fsbase.Info, error) {
			if src == dst {
				return v.Store.Stat(ctx, src)
			}
			return v.Store.Copy(ctx, src, dst, cond)
		}),
	},
	{
		Name:  "a copy has the time of its source",
		Kills: []string{"info/times"},
		faults: copying(func(v *variant, ctx context.Context, src, dst string, cond fsbase.Condition) (fsbase.Info, error) {
			from, _ := v.get(src)
			info, err := v.Store.Copy(ctx, src, dst, cond)
			if err == nil {
				v.disk.mu.Lock()
				defer v.disk.mu.Unlock()
				o := v.disk.files[dst]
				o.info.ModTime = from.info.ModTime
				v.disk.files[dst], info.ModTime = o, from.info.ModTime
			}
			return info, err
		}),
	},
	{
		Name:  "Copy looks what it has made",
		Kills: []string{"race/own-info"},
		faults: copying(func(v *variant, ctx context.Context, src, dst string, cond fsbase.Condition) (fsbase.Info, error) {
			if _, err := v.Store.Copy(ctx, src, dst, cond); err != nil {
				return fsbase.Info{}, err
			}
			yield()
			return v.Store.Stat(ctx, dst)
		}),
	},
	{
		Name:  "Stat takes size and version from two looks",
		Kills: []string{"race/infos"},
		faults: faults{stat: func(v *variant, ctx context.Context, p string) (fsbase.Info, error) {
			first, err := v.Store.Stat(ctx, p)
			if err != nil {
				return first, err
			}
			yield()
			second, err := v.Store.Stat(ctx, p)
			second.Size = first.Size
			return second, err
		}},
	},
	{
		Name:  "what Exists has said of a name it forgets with small commits only",
		Kills: []string{"operations/agree"},
		faults: func() faults {
			f := writing(func(v *variant, w *writer) *stream {
				return &stream{commit: func() (fsbase.Info, error) {
					info, err := w.Commit()
					if len(w.data) < largePart {
						v.mark(w.path, false)
					}
					return info, err
				}}
			})
			f.exists = func(v *variant, ctx context.Context, p string) (bool, error) {
				if v.marked(p) && ctx.Err() == nil {
					return false, nil
				}
				there, err := v.Store.Exists(ctx, p)
				if err == nil {
					v.mark(p, !there)
				}
				return there, err
			}
			return f
		}(),
	},
	{
		Name:  "a listing that is left leaves what reads ahead, if there are more than ten",
		Kills: []string{"leaks/goroutines"},
		faults: faults{list: func(v *variant, ctx context.Context, prefix string) iter.Seq2[fsbase.Info, error] {
			type item struct {
				info fsbase.Info
				err  error
			}
			return func(yield func(fsbase.Info, error) bool) {
				ahead := make(chan item, 10)
				go func() {
					defer close(ahead)
					for info, err := range v.Store.List(ctx, prefix) {
						ahead <- item{info, err}
					}
				}()
				for i := range ahead {
					if !yield(i.info, i.err) {
						return
					}
				}
			}
		}},
	},
	{
		Name:  "RemoveAll asks for names with a carriage return without it",
		Kills: []string{"names/every-call"},
		faults: faults{removeAll: func(v *variant, ctx context.Context, prefix string) iter.Seq2[string, error] {
			return func(yield func(string, error) bool) {
				for info, err := range v.Store.List(ctx, prefix) {
					if err == nil {
						err = v.Store.RmFile(ctx, strings.ReplaceAll(info.Path, "\r", "\n"))
					}
					if !yield(info.Path, err) || err != nil {
						return
					}
				}
			}
		}},
	},
	{
		Name:  "RemoveAll takes a name for another's removal if it is asked again",
		Kills: []string{"faults/lost-remove"},
		faults: faults{removeAll: func(v *variant, ctx context.Context, prefix string) iter.Seq2[string, error] {
			return func(yield func(string, error) bool) {
				for info, err := range v.Store.List(ctx, prefix) {
					if err == nil {
						err = v.Store.RmFile(ctx, info.Path)
					}
					if errors.Is(err, fsbase.ErrCommitUnknown) {
						if there, eerr := v.Store.Exists(ctx, info.Path); eerr == nil && !there {
							continue
						}
					}
					if !yield(info.Path, err) || err != nil {
						return
					}
				}
			}
		}},
	},
	{
		Name:  "a Write after one that was denied is as good as any",
		Kills: []string{"faults/forbidden-write"},
		faults: writing(func(_ *variant, w *writer) *stream {
			return &stream{write: func(p []byte) (int, error) {
				if errors.Is(w.err, fs.ErrPermission) {
					w.err = nil
				}
				return w.Write(p)
			}}
		}),
	},
	{
		Name:  "a ReadAt in parts counts what it has behind a part that was denied",
		Kills: []string{"faults/later-read"},
		faults: reading(func(_ *variant, r *reader) *view {
			return &view{readAt: func(p []byte, off int64) (n int, err error) {
				const part = 8 << 20
				if len(p) <= part || off < 0 {
					return r.ReadAt(p, off)
				}
				for i := 0; i < len(p); i += part {
					m, rerr := r.ReadAt(p[i:min(len(p), i+part)], off+int64(i))
					n += m
					if err == nil || err == io.EOF {
						err = rerr
					}
				}
				return n, err
			}}
		}),
	},
	{
		Name:  "a reader gives its buffer back with each Close",
		Kills: []string{"read/close-again"},
		faults: func() faults {
			var buffers pool
			return reading(func(_ *variant, r *reader) *view {
				buf := buffers.get()
				at := int64(-1) // whose block is in buf
				var mu sync.Mutex
				return &view{
					readAt: func(p []byte, off int64) (int, error) {
						mu.Lock()
						defer mu.Unlock()
						block := off &^ (64<<10 - 1)
						if off < 0 || off+int64(len(p)) > block+64<<10 || off+int64(len(p)) > r.object.info.Size {
							return r.ReadAt(p, off)
						}
						if at != block {
							if n, err := r.ReadAt(buf, block); n == 0 {
								return 0, err
							}
							at = block
						}
						if err := r.ctx.Err(); err != nil || r.closed.Load() {
							return r.ReadAt(p, off)
						}
						return copy(p, buf[off-block:]), nil
					},
					close: func() error {
						buffers.put(buf)
						return r.Close()
					},
				}
			})
		}(),
	},
	{
		Name:  "a stream gives its buffer back with each Close",
		Kills: []string{"read/close-again"},
		faults: func() faults {
			var buffers pool
			return writing(func(_ *variant, w *writer) *stream {
				buf := buffers.get()
				w.data = buf[:0]
				return &stream{
					commit: func() (fsbase.Info, error) {
						w.data = append([]byte(nil), w.data...)
						return w.Commit()
					},
					close: func() error {
						buffers.put(buf)
						return w.Close()
					},
				}
			})
		}(),
	},
}
