package mutants

import (
	"context"
	"iter"

	"github.com/godcp/godcp/fsbase"
)

// What looks at names is served from caches, which not everything that changes
// a name empties.

// cached is what a handle remembers of a name for Stat.
func cachedStat(v *variant, ctx context.Context, p string) (fsbase.Info, error) {
	info, err := v.Store.Stat(ctx, p)
	v.disk.mu.Lock()
	defer v.disk.mu.Unlock()
	if old, ok := v.last[p]; ok && err == nil {
		return old.info, nil
	}
	if err == nil {
		v.last[p] = object{info: info}
	}
	return info, err
}

// forgetting makes faults in which commits of streams and removals empty the
// cache, and nothing else does.
func forgetting() faults {
	return faults{
		writer: func(v *variant, w *writer, _ fsbase.Condition) fsbase.WriteStream {
			return &stream{writer: w, commit: func() (fsbase.Info, error) {
				v.mark(w.path, false)
				return w.Commit()
			}}
		},
		remove: func(v *variant, ctx context.Context, p string) error {
			v.mark(p, false)
			return v.Store.RmFile(ctx, p)
		},
		stat: cachedStat,
	}
}

var viewMutants = []Mutant{
	{
		Name:   "Stat remembers what was there before an Upload, a Copy or a Rename",
		Kills:  []string{"handles/every-way", "operations/agree"},
		faults: forgetting(),
	},
	{
		Name:  "a listing is one change behind",
		Kills: []string{"operations/agree", "list/order"},
		faults: faults{list: func(v *variant, ctx context.Context, prefix string) iter.Seq2[fsbase.Info, error] {
			return func(yield func(fsbase.Info, error) bool) {
				if err := ctx.Err(); err != nil {
					yield(fsbase.Info{}, failed("list", prefix, err))
					return
				}
				now := v.infos(prefix)
				v.disk.mu.Lock()
				before, known := v.lists[prefix]
				v.lists[prefix] = now
				v.disk.mu.Unlock()
				if !known {
					before = now
				}
				for _, info := range before {
					if !yield(info, nil) {
						return
					}
				}
			}
		}},
	},
	{
		Name:  "Exists remembers what was renamed away",
		Kills: []string{"operations/agree"},
		faults: func() faults {
			f := faults{rename: func(v *variant, ctx context.Context, p, q string) error {
				err := v.Store.Rename(ctx, p, q)
				if err == nil {
					v.mark(p, true)
				}
				return err
			}}
			f.exists = func(v *variant, ctx context.Context, p string) (bool, error) {
				ok, err := v.Store.Exists(ctx, p)
				return ok || err == nil && v.marked(p), err
			}
			return f
		}(),
	},
	{
		Name:  "another handle learns of Uploads with the next commit",
		Kills: []string{"handles/every-way"},
		faults: func() faults {
			return faults{
				upload: uploadedAs(func(v *variant, info fsbase.Info) {
					v.mark(string(info.Version), true)
				}),
				exists: func(v *variant, ctx context.Context, p string) (bool, error) {
					ok, err := v.Store.Exists(ctx, p)
					o, _ := v.get(p)
					mine := v.marked(string(o.info.Version))
					return ok && (mine || o.info.Version != newest(v)), err
				},
			}
		}(),
	},
	{
		Name:  "Rename of a large stream loses its end",
		Kills: []string{"sizes/rename"},
		faults: faults{rename: func(v *variant, ctx context.Context, p, q string) error {
			err := v.Store.Rename(ctx, p, q)
			if o, ok := v.get(q); err == nil && ok && len(o.data) > 5<<20 {
				_, err = v.put("rename", q, o.data[:5<<20], fsbase.Condition{})
			}
			return err
		}},
	},
	{
		Name:  "Mkdir empties a stream of the name",
		Kills: []string{"operations/mkdir"},
		faults: faults{mkdir: func(v *variant, ctx context.Context, p string) error {
			err := v.Store.Mkdir(ctx, p)
			if _, ok := v.get(p); ok && err == nil {
				_, err = v.put("mkdir", p, nil, fsbase.Condition{})
			}
			return err
		}},
	},
	{
		Name:  "Copy to itself empties the stream",
		Kills: []string{"copy/self"},
		faults: copying(func(v *variant, ctx context.Context, src, dst string, cond fsbase.Condition) (fsbase.Info, error) {
			if src == dst && cond.Unconditional() {
				return v.put("copy", dst, nil, cond)
			}
			return v.Store.Copy(ctx, src, dst, cond)
		}),
	},
	{
		Name:  "streams of a whole number of 5 MiB parts lose the last one",
		Kills: []string{"sizes/part-borders"},
		faults: writing(func(_ *variant, w *writer) *stream {
			return &stream{commit: func() (fsbase.Info, error) {
				if n := len(w.data); n > 0 && n%(5<<20) == 0 {
					w.data = w.data[:n-5<<20]
				}
				return w.Commit()
			}}
		}),
	},
	{
		Name:  "exclusive creation of what is there already succeeds",
		Kills: []string{"exclusive/same-content"},
		faults: lax(func(v *variant, w *writer, cond fsbase.Condition) (fsbase.Info, error) {
			if o, ok := v.get(w.path); ok && string(o.data) == string(w.data) {
				return o.info, nil
			}
			return v.put("commit", w.path, w.data, cond)
		}),
	},
}

// newest is the version of the last commit of the storage.
func newest(v *variant) (version fsbase.Version) {
	latest := 0
	for _, info := range v.infos("") {
		if n := number(info.Version); n > latest {
			latest, version = n, info.Version
		}
	}
	return version
}
