package mutants

import (
	"context"
	"time"

	"github.com/godcp/godcp/fsbase"
)

// older makes faults in which what a Stat, a reader and a listing see of what
// was there before the handle is changed, or left out.
func older(change func(v *variant, info fsbase.Info) (fsbase.Info, bool)) faults {
	seen := func(v *variant, info fsbase.Info) (fsbase.Info, bool) {
		if v.born == 0 || number(info.Version) > v.born {
			return info, true
		}
		return change(v, info)
	}
	return faults{
		stat: func(v *variant, ctx context.Context, p string) (fsbase.Info, error) {
			info, err := v.Store.Stat(ctx, p)
			if err != nil {
				return info, err
			}
			info, ok := seen(v, info)
			if !ok {
				return fsbase.Info{}, failed("stat", p, errNotThere)
			}
			return info, nil
		},
		reader: func(v *variant, r *reader) fsbase.ReadStream {
			if info, ok := seen(v, r.object.info); ok {
				r.object.info = info
			}
			return r
		},
		list: listing(func(v *variant, _ string, infos []fsbase.Info) []fsbase.Info {
			var all []fsbase.Info
			for _, info := range infos {
				if info, ok := seen(v, info); ok {
					all = append(all, info)
				}
			}
			return all
		}).list,
	}
}

// laxWhen makes faults in which a condition counts for nothing when some says
// so.
func laxWhen(some func(v *variant, p string, cond fsbase.Condition) bool) faults {
	return lax(func(v *variant, w *writer, cond fsbase.Condition) (fsbase.Info, error) {
		if some(v, w.path, cond) {
			return w.Commit()
		}
		return v.put("commit", w.path, w.data, cond)
	})
}

// halfRenamed makes faults of what is durable of a Rename.
func halfRenamed(half func(v *variant, p, q string, o object)) faults {
	return faults{rename: func(v *variant, ctx context.Context, p, q string) error {
		o, _ := v.get(p)
		err := v.Store.Rename(ctx, p, q)
		if err == nil && p != q {
			v.disk.mu.Lock()
			defer v.disk.mu.Unlock()
			half(v, p, q, o)
		}
		return err
	}}
}

var afterCrashMutants = []Mutant{
	{
		Name:  "what was there before a handle is not seen by Stat and List",
		Kills: []string{"handles/later", "durable/seen"},
		faults: older(func(_ *variant, info fsbase.Info) (fsbase.Info, bool) {
			return info, false
		}),
	},
	{
		Name:  "a later handle tells times in another zone",
		Kills: []string{"handles/later"},
		faults: older(func(v *variant, info fsbase.Info) (fsbase.Info, bool) {
			if v.crashes == 0 {
				info.ModTime = info.ModTime.Add(time.Hour)
			}
			return info, true
		}),
	},
	{
		Name:  "the time of a content is that of the power loss",
		Kills: []string{"durable/seen"},
		faults: older(func(v *variant, info fsbase.Info) (fsbase.Info, bool) {
			if v.crashes > 0 {
				info.ModTime = info.ModTime.Truncate(time.Hour)
			}
			return info, true
		}),
	},
	{
		Name:  "the second power loss takes what the first one left",
		Kills: []string{"durable/seen"},
		faults: losingPower(func(v *variant, after *Store) {
			after.spoil(func(o object) (object, bool) { return o, v.crashes == 0 || number(o.info.Version) > v.born })
		}),
	},
	{
		Name:   "versions begin anew after a power loss",
		Kills:  []string{"durable/versions"},
		faults: losingPower(func(_ *variant, after *Store) { after.disk.commits = 0 }),
	},
	{
		Name:  "a swap is durable with the version that it replaced",
		Kills: []string{"durable/versions"},
		faults: faults{writer: func(v *variant, w *writer, cond fsbase.Condition) fsbase.WriteStream {
			return &stream{writer: w, commit: func() (fsbase.Info, error) {
				info, err := w.Commit()
				if err == nil && cond.Version() != "" {
					v.disk.mu.Lock()
					defer v.disk.mu.Unlock()
					o := v.disk.durable[w.path]
					o.info.Version = cond.Version()
					v.disk.durable[w.path] = o
				}
				return info, err
			}}
		}},
	},
	{
		Name:  "exclusive creation after a power loss replaces what was there before it",
		Kills: []string{"durable/conditions"},
		faults: laxWhen(func(v *variant, p string, cond fsbase.Condition) bool {
			o, ok := v.get(p)
			return ok && v.crashes > 0 && cond.Absent() && number(o.info.Version) <= v.born
		}),
	},
	{
		Name:  "the first swap after a power loss does not look at the version",
		Kills: []string{"durable/conditions"},
		faults: laxWhen(func(v *variant, p string, cond fsbase.Condition) bool {
			first := v.crashes > 0 && cond.Version() != "" && !v.marked(p)
			v.mark(p, true)
			return first
		}),
	},
	{
		Name:  "Rename is durable for the names and not for the bytes",
		Kills: []string{"durable/rename"},
		faults: halfRenamed(func(v *variant, _, q string, o object) {
			o.data = make([]byte, len(o.data))
			v.disk.durable[q] = o
		}),
	},
	{
		Name:  "Rename into a new folder syncs the old folder only",
		Kills: []string{"durable/rename"},
		faults: halfRenamed(func(v *variant, p, q string, _ object) {
			if folder(p) != folder(q) {
				delete(v.disk.durable, q)
			}
		}),
	},
	{
		Name:  "Commit over a stream that was renamed is not synced",
		Kills: []string{"durable/over-renamed"},
		faults: func() faults {
			f := unsyncedWhen(func(v *variant, p string, _ []byte, _ fsbase.Condition) bool { return v.marked(p) })
			f.rename = func(v *variant, ctx context.Context, p, q string) error {
				err := v.Store.Rename(ctx, p, q)
				if err == nil {
					v.mark(q, true)
				}
				return err
			}
			return f
		}(),
	},
	{
		Name:  "a copy is durable as long as its source is",
		Kills: []string{"durable/copy-alone"},
		faults: func() faults {
			f := copying(func(v *variant, ctx context.Context, src, dst string, cond fsbase.Condition) (fsbase.Info, error) {
				info, err := v.Store.Copy(ctx, src, dst, cond)
				if err == nil {
					v.hide(src, object{info: info})
				}
				return info, err
			})
			f.remove = func(v *variant, ctx context.Context, p string) error {
				err := v.Store.RmFile(ctx, p)
				v.disk.mu.Lock()
				defer v.disk.mu.Unlock()
				if link, ok := v.last[p]; ok && err == nil {
					delete(v.disk.durable, link.info.Path)
				}
				return err
			}
			return f
		}(),
	},
	{
		Name:  "a lost power finds the count of versions in what is left",
		Kills: []string{"durable/versions"},
		faults: losingPower(func(_ *variant, after *Store) {
			after.disk.commits = 0
			for _, o := range after.disk.files {
				after.disk.commits = max(after.disk.commits, number(o.info.Version))
			}
		}),
	},
}
