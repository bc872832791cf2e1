package mutants

import (
	"context"
	"errors"
	"io"
	"sync"

	"github.com/godcp/godcp/fsbase"
)

// locks are one for each name. Waiting ends with the context.
type locks struct {
	mu   sync.Mutex
	held map[string]chan struct{}
}

func (l *locks) lock(ctx context.Context, p string) (unlock func(), err error) {
	l.mu.Lock()
	if l.held == nil {
		l.held = map[string]chan struct{}{}
	}
	c, ok := l.held[p]
	if !ok {
		c = make(chan struct{}, 1)
		l.held[p] = c
	}
	l.mu.Unlock()
	select {
	case c <- struct{}{}:
		return func() { <-c }, nil
	case <-ctx.Done():
		return nil, failed("lock", p, ctx.Err())
	}
}

// both locks two names, in the order in which they come.
func (l *locks) both(ctx context.Context, p, q string, do func() error) error {
	first, err := l.lock(ctx, p)
	if err != nil {
		return err
	}
	defer first()
	yield()
	if p != q {
		second, err := l.lock(ctx, q)
		if err != nil {
			return err
		}
		defer second()
	}
	return do()
}

// absentFor makes faults in which the name is absent for a moment while one way
// of publishing replaces it.
func absentFor(way string) faults {
	gap := func(v *variant, p string) {
		if _, there := v.get(p); there {
			o, _ := v.get(p)
			v.unlink(p)
			yield()
			v.disk.mu.Lock()
			defer v.disk.mu.Unlock()
			v.disk.files[p] = o
		}
	}
	switch way {
	case "swap":
		return faults{writer: func(v *variant, w *writer, cond fsbase.Condition) fsbase.WriteStream {
			return &stream{writer: w, commit: func() (fsbase.Info, error) {
				if cond.Version() != "" && v.holds(w.path, cond) == nil {
					gap(v, w.path)
				}
				return w.Commit()
			}}
		}}
	case "upload":
		return uploadWith(func(v *variant, ctx context.Context, p string, src io.ReaderAt, size int64, cond fsbase.Condition) (fsbase.Info, error) {
			if cond.Unconditional() {
				gap(v, p)
			}
			return v.Store.Upload(ctx, p, src, size, cond)
		})
	case "rename":
		return faults{rename: func(v *variant, ctx context.Context, p, q string) error {
			if _, ok := v.get(p); ok && ctx.Err() == nil && p != q {
				gap(v, q)
			}
			return v.Store.Rename(ctx, p, q)
		}}
	}
	return copying(func(v *variant, ctx context.Context, src, dst string, cond fsbase.Condition) (fsbase.Info, error) {
		if _, ok := v.get(src); ok && cond.Unconditional() {
			gap(v, dst)
		}
		return v.Store.Copy(ctx, src, dst, cond)
	})
}

// deafUpload checks the condition of an Upload under another lock than that of
// streams.
func deafUpload(v *variant, ctx context.Context, p string, src io.ReaderAt, size int64, cond fsbase.Condition) (fsbase.Info, error) {
	if cond.Unconditional() {
		return v.Store.Upload(ctx, p, src, size, cond)
	}
	data := make([]byte, size)
	if size > 0 {
		if err := fsbase.ReadSource(src, data, 0); err != nil {
			return fsbase.Info{}, failed("upload", p, err)
		}
	}
	if err := ctx.Err(); err != nil {
		return fsbase.Info{}, failed("upload", p, err)
	}
	uploading.Lock()
	defer uploading.Unlock()
	if err := v.holds(p, cond); err != nil {
		return fsbase.Info{}, err
	}
	yield()
	return v.put("upload", p, data, fsbase.Condition{})
}

var uploading sync.Mutex

var mixedMutants = []Mutant{
	{Name: "a swap has a moment without the name", Kills: []string{"race/every-way"}, faults: absentFor("swap")},
	{Name: "an Upload has a moment without the name", Kills: []string{"race/every-way"}, faults: absentFor("upload")},
	{Name: "a Copy has a moment without the name", Kills: []string{"race/every-way"}, faults: absentFor("copy")},
	{
		Name:   "Uploads and streams do not exclude each other",
		Kills:  []string{"race/mixed-exclusive", "race/mixed-swap"},
		faults: uploadWith(deafUpload),
	},
	{
		Name:  "Rename and Copy lock two names in the order in which they come",
		Kills: []string{"race/crossing"},
		faults: func() faults {
			var l locks
			return faults{
				rename: func(v *variant, ctx context.Context, p, q string) error {
					if ready(ctx, "rename", p) != nil || ready(ctx, "rename", q) != nil {
						return v.Store.Rename(ctx, p, q)
					}
					return l.both(ctx, p, q, func() error { return v.Store.Rename(ctx, p, q) })
				},
				copy: func(v *variant, ctx context.Context, src, dst string, cond fsbase.Condition) (info fsbase.Info, err error) {
					if ready(ctx, "copy", src) != nil || ready(ctx, "copy", dst) != nil {
						return v.Store.Copy(ctx, src, dst, cond)
					}
					err = l.both(ctx, src, dst, func() error { info, err = v.Store.Copy(ctx, src, dst, cond); return err })
					return info, err
				},
			}
		}(),
	},
	{
		Name:  "a removal that somebody else has just made is an error",
		Kills: []string{"history/overwrite"},
		faults: faults{remove: func(v *variant, ctx context.Context, p string) error {
			_, before := v.get(p)
			yield()
			_, now := v.get(p)
			if err := v.Store.RmFile(ctx, p); err != nil || !before || now {
				return err
			}
			return failed("remove", p, errors.New("stale handle"))
		}},
	},
}
