package mutants

import (
	"bytes"
	"context"
	"errors"
	"io"
	"iter"
	"strings"
	"sync"
	"time"

	"github.com/godcp/godcp/fsbase"
)

// underWay is what handles know of the writes that are half way: on which disk
// and under which name each is.
type underWay struct {
	mu     sync.Mutex
	seen   map[*variant]bool
	writes map[*sweepable]bool
}

type sweepable struct {
	disk  *disk
	path  string
	swept bool
}

// begin is the beginning of a call of a handle: the first sweeps the storage,
// if it is eager.
func (u *underWay) begin(v *variant) {
	u.mu.Lock()
	defer u.mu.Unlock()
	if u.seen == nil {
		u.seen, u.writes = map[*variant]bool{}, map[*sweepable]bool{}
	}
	if u.seen[v] {
		return
	}
	u.seen[v] = true
	for w := range u.writes {
		w.swept = w.swept || w.disk == v.disk
	}
}

// sweep takes what is under way below a prefix.
func (u *underWay) sweep(d *disk, prefix string) {
	u.mu.Lock()
	defer u.mu.Unlock()
	for w := range u.writes {
		w.swept = w.swept || w.disk == d && strings.HasPrefix(w.path, prefix)
	}
}

// write notes a write, and returns what ends it.
func (u *underWay) write(d *disk, path string) (end func() error) {
	u.mu.Lock()
	defer u.mu.Unlock()
	if u.writes == nil {
		u.writes = map[*sweepable]bool{}
	}
	w := &sweepable{disk: d, path: path}
	u.writes[w] = true
	return func() error {
		u.mu.Lock()
		defer u.mu.Unlock()
		delete(u.writes, w)
		if w.swept {
			return failed("commit", path, errors.New("the write has expired"))
		}
		return nil
	}
}

// streams are faults whose streams are among them.
func (u *underWay) streams(begin func(*variant)) faults {
	return writing(func(v *variant, w *writer) *stream {
		begin(v)
		end := u.write(v.disk, w.path)
		return &stream{
			commit: func() (fsbase.Info, error) {
				if err := end(); err != nil {
					return fsbase.Info{}, err
				}
				return w.Commit()
			},
			close: func() error { _ = end(); return w.Close() },
		}
	})
}

// uploads are faults whose Uploads are among them.
func (u *underWay) uploads(begin func(*variant)) faults {
	return faults{
		create: func(v *variant, ctx context.Context, p string, cond fsbase.Condition) (fsbase.WriteStream, error) {
			begin(v)
			return begun(v.Store.create(ctx, p, cond))
		},
		upload: func(v *variant, ctx context.Context, p string, src io.ReaderAt, size int64, cond fsbase.Condition) (fsbase.Info, error) {
			begin(v)
			end := u.write(v.disk, p)
			data := make([]byte, max(0, size))
			if err := fsbase.ReadSource(src, data, 0); err != nil {
				_ = end()
				return fsbase.Info{}, failed("upload", p, err)
			}
			if err := end(); err != nil {
				return fsbase.Info{}, err
			}
			return v.Store.Upload(ctx, p, bytes.NewReader(data), size, cond)
		},
	}
}

// removing adds a RemoveAll that takes them along.
func (u *underWay) removing(f faults) faults {
	f.removeAll = func(v *variant, ctx context.Context, prefix string) iter.Seq2[string, error] {
		return func(yield func(string, error) bool) {
			u.sweep(v.disk, prefix)
			v.Store.RemoveAll(ctx, prefix)(yield)
		}
	}
	return f
}

func idle(*variant) {}

var openedMutants = []Mutant{
	{
		Name:   "a handle that is opened sweeps the streams of others",
		Kills:  []string{"handles/opened-meanwhile"},
		faults: func() faults { u := &underWay{}; return u.streams(u.begin) }(),
	},
	{
		Name:   "a handle that is opened sweeps the Uploads of others",
		Kills:  []string{"handles/opened-meanwhile"},
		faults: func() faults { u := &underWay{}; return u.uploads(u.begin) }(),
	},
	{
		Name:   "RemoveAll takes the temporary files of streams along",
		Kills:  []string{"removeall/beside-writes"},
		faults: func() faults { u := &underWay{}; return u.removing(u.streams(idle)) }(),
	},
	{
		Name:   "RemoveAll takes the parts of Uploads along",
		Kills:  []string{"removeall/beside-writes"},
		faults: func() faults { u := &underWay{}; return u.removing(u.uploads(idle)) }(),
	},
	{
		Name:  "the temporary name of a stream is that of its handle's first, second and so on",
		Kills: []string{"handles/one-age"},
		faults: func() faults {
			type temporary struct {
				disk *disk
				path string
				n    int
			}
			var mu sync.Mutex
			count, files := map[*variant]int{}, map[temporary]*[]byte{}
			return writing(func(v *variant, w *writer) *stream {
				mu.Lock()
				defer mu.Unlock()
				count[v]++
				name := temporary{v.disk, w.path, count[v]}
				if files[name] == nil {
					files[name] = new([]byte)
				}
				file, off := files[name], 0
				return &stream{
					write: func(p []byte) (int, error) {
						mu.Lock()
						defer mu.Unlock()
						*file = append((*file)[:off], p...)
						off += len(p)
						return w.Write(p)
					},
					commit: func() (fsbase.Info, error) {
						mu.Lock()
						defer mu.Unlock()
						w.data = bytes.Clone(*file)
						delete(files, name)
						return w.Commit()
					},
				}
			})
		}(),
	},
	{
		Name:  "the end of the first call's context is remembered",
		Kills: []string{"cancel/first-call"},
		faults: func() faults {
			var first sync.Map
			return faults{exists: func(v *variant, ctx context.Context, p string) (bool, error) {
				if dialled, _ := first.LoadOrStore(v, failed("exists", p, ctx.Err())); errors.Is(dialled.(error), context.Canceled) {
					return false, dialled.(error)
				}
				return v.Store.Exists(ctx, p)
			}}
		}(),
	},
	{
		Name:  "the time of a write is that of its client, whose clock may be late",
		Kills: []string{"handles/versions"},
		faults: func() faults {
			var first sync.Map
			return writing(func(v *variant, w *writer) *stream {
				punctual, _ := first.LoadOrStore(v.disk, v)
				return &stream{commit: func() (fsbase.Info, error) {
					info, err := w.Commit()
					if punctual != v && err == nil {
						v.disk.mu.Lock()
						defer v.disk.mu.Unlock()
						o := v.disk.files[w.path]
						o.info.ModTime = o.info.ModTime.Add(-2 * time.Second)
						v.disk.files[w.path], info = o, o.info
					}
					return info, err
				}}
			})
		}(),
	},
	{
		Name:  "a stream that is closed before its first Write keeps its slot",
		Kills: []string{"leaks/slots"},
		faults: func() faults {
			free := make(slots, 512)
			return faults{create: func(v *variant, ctx context.Context, p string, cond fsbase.Condition) (fsbase.WriteStream, error) {
				w, err := v.Store.create(ctx, p, cond)
				if err != nil {
					return nil, err
				}
				if err := free.take(ctx, "create", p); err != nil {
					return nil, err
				}
				return &stream{writer: w, close: func() error {
					if len(w.data) > 0 && !w.over {
						free.give()
					}
					return w.Close()
				}}, nil
			}}
		}(),
	},
	{
		Name:  "a Write tells why its context has ended",
		Kills: []string{"cancel/between-writes"},
		faults: writing(func(_ *variant, w *writer) *stream {
			return &stream{write: func(p []byte) (int, error) {
				if w.ctx.Err() != nil {
					w.err = failed("write", w.path, context.Cause(w.ctx))
					return 0, w.err
				}
				return w.Write(p)
			}}
		}),
	},
	{
		Name:  "an Upload tells why its context has ended within",
		Kills: []string{"upload/cancelled"},
		faults: faults{upload: func(v *variant, ctx context.Context, p string, src io.ReaderAt, size int64, cond fsbase.Condition) (fsbase.Info, error) {
			over := ctx.Err() != nil
			info, err := v.Store.Upload(ctx, p, src, size, cond)
			if !over && ctx.Err() != nil {
				err = failed("upload", p, context.Cause(ctx))
			}
			return info, err
		}},
	},
	{
		Name:  "a swap of any version to what is there is done",
		Kills: []string{"swap/stale"},
		faults: faults{writer: func(v *variant, w *writer, cond fsbase.Condition) fsbase.WriteStream {
			return &stream{writer: w, commit: func() (fsbase.Info, error) {
				if now, ok := v.get(w.path); ok && cond.Version() != "" && bytes.Equal(now.data, w.data) {
					return now.info, nil
				}
				return w.Commit()
			}}
		}},
	},
}
