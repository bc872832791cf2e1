package mutants

import (
	"bytes"
	"context"
	"path"
	"slices"
	"strings"
	"sync"
	"sync/atomic"

	"github.com/godcp/godcp/fsbase"
)

// misnamed makes faults in which a power loss finds streams under other names,
// and under none where that is "".
func misnamed(name func(string) string) faults {
	return losingPower(func(_ *variant, after *Store) {
		for p, o := range after.disk.durable {
			q := name(p)
			if q == p {
				continue
			}
			delete(after.disk.files, p)
			if q != "" {
				o.info.Path = q
				after.disk.files[q] = o
			}
		}
	})
}

// unsyncedBeside makes faults of what a commit without sync does to the handle
// that it is beside, and of what is then not durable.
func unsyncedBeside(beside func(v *variant, data []byte), some func(v *variant, p string) bool) faults {
	f := unsyncedWhen(func(v *variant, p string, _ []byte, _ fsbase.Condition) bool { return v.synced && some(v, p) })
	publish := f.writer
	f.writer = func(v *variant, w *writer, cond fsbase.Condition) fsbase.WriteStream {
		publish(v, w, cond)
		return &stream{writer: w, write: func(p []byte) (int, error) {
			v.mark("open "+w.path, true)
			return w.Write(p)
		}}
	}
	f.withoutSync = func(v *variant) fsbase.FileSystemBase {
		fast := f
		fast.writer = func(_ *variant, w *writer, _ fsbase.Condition) fsbase.WriteStream {
			return &stream{writer: w, commit: func() (fsbase.Info, error) {
				beside(v, w.data)
				return w.Commit()
			}}
		}
		return newVariant(v.unsynced(), fast)
	}
	return f
}

// volatile says whether what is under p would be lost with power.
func (d *disk) volatile(p string) bool {
	return d.files[p].info.Version != d.durable[p].info.Version
}

var crashBesideMutants = []Mutant{
	{
		Name:  "the snapshot of every 64 commits has not the last of them",
		Kills: []string{"durable/churn"},
		faults: losingPower(func(v *variant, after *Store) {
			after.spoil(func(o object) (object, bool) {
				n := number(o.info.Version)
				return o, n < 512 || n%64 < 56 || n/64 == v.disk.commits/64
			})
		}),
	},
	{
		Name:  "a commit that finds another under way is not synced",
		Kills: []string{"durable/writers"},
		faults: func() faults {
			var under atomic.Int32
			return publishing(func(v *variant, w *writer, data []byte, cond fsbase.Condition, publish func() (fsbase.Info, error)) (fsbase.Info, error) {
				defer under.Add(-1)
				if under.Add(1) > 1 {
					return v.unsynced().put("commit", w.path, data, cond)
				}
				defer yield()
				return publish()
			})
		}(),
	},
	{
		Name:  "a stream that was open when 256 others were committed is not synced",
		Kills: []string{"durable/among-others"},
		faults: faults{writer: func(v *variant, w *writer, cond fsbase.Condition) fsbase.WriteStream {
			v.disk.mu.Lock()
			defer v.disk.mu.Unlock()
			begun, publish := v.disk.commits, w.publish
			w.publish = func(data []byte) (fsbase.Info, error) {
				v.disk.mu.Lock()
				long := v.disk.commits-begun > 256
				v.disk.mu.Unlock()
				if long {
					return v.unsynced().put("commit", w.path, data, cond)
				}
				return publish(data)
			}
			return w
		}},
	},
	{
		Name:  "a write that a power loss has torn is where a later one ends",
		Kills: []string{"durable/uncommitted"},
		faults: func() faults {
			var torn sync.Map // disks
			f := unsyncedWhen(func(v *variant, _ string, _ []byte, _ fsbase.Condition) bool {
				_, ok := torn.Load(v.disk)
				return ok
			})
			publish := f.writer
			f.writer = func(v *variant, w *writer, cond fsbase.Condition) fsbase.WriteStream {
				publish(v, w, cond)
				return &stream{writer: w, write: func(p []byte) (int, error) {
					v.mark("open "+w.path, true)
					return w.Write(p)
				}, commit: func() (fsbase.Info, error) {
					v.mark("open "+w.path, false)
					return w.Commit()
				}}
			}
			f.crash = func(v *variant) *Store {
				after := v.crashed()
				for name := range v.last {
					if strings.HasPrefix(name, "open ") {
						torn.Store(after.disk, true)
					}
				}
				return after
			}
			return f
		}(),
	},
	{
		Name:  "the second power loss finds the count of versions in what is left",
		Kills: []string{"durable/versions"},
		faults: losingPower(func(v *variant, after *Store) {
			if v.crashes == 0 || v.disk.commits > v.born {
				return
			}
			after.disk.commits = 0
			for _, o := range after.disk.files {
				after.disk.commits = max(after.disk.commits, number(o.info.Version))
			}
		}),
	},
	{
		Name:  "the commit after a large one without sync is not synced",
		Kills: []string{"durable/without-sync-beside"},
		faults: unsyncedBeside(func(v *variant, data []byte) { v.mark("rolled", len(data) > 4*mib) }, func(v *variant, _ string) bool {
			defer v.mark("rolled", false)
			return v.marked("rolled")
		}),
	},
	{
		Name:  "what a stream wrote before a large one without sync is not synced",
		Kills: []string{"durable/without-sync-beside"},
		faults: unsyncedBeside(func(v *variant, data []byte) {
			v.disk.mu.Lock()
			defer v.disk.mu.Unlock()
			for name, o := range v.last {
				if p, ok := strings.CutPrefix(name, "open "); ok && len(data) > 4*mib {
					v.last["rolled "+p] = o
				}
			}
		}, func(v *variant, p string) bool {
			defer v.mark("open "+p, false)
			return v.marked("rolled " + p)
		}),
	},
	{
		Name:  "a commit that meets one without sync is not synced",
		Kills: []string{"durable/without-sync-beside"},
		faults: func() faults {
			var under atomic.Int32 // without sync
			return publishing(func(v *variant, w *writer, data []byte, cond fsbase.Condition, publish func() (fsbase.Info, error)) (fsbase.Info, error) {
				if !v.synced {
					under.Add(1)
					defer under.Add(-1)
					defer yield()
				} else if yield(); under.Load() > 0 {
					return v.unsynced().put("commit", w.path, data, cond)
				}
				return publish()
			})
		}(),
	},
	{
		Name:  "a content that is there without sync is not synced when it comes again",
		Kills: []string{"durable/without-sync-beside"},
		faults: unsyncedWhen(func(v *variant, _ string, data []byte, _ fsbase.Condition) bool {
			v.disk.mu.Lock()
			defer v.disk.mu.Unlock()
			for p, o := range v.disk.files {
				if v.disk.volatile(p) && bytes.Equal(o.data, data) {
					return true
				}
			}
			return false
		}),
	},
	{
		Name:  "a copy is no more durable than its source",
		Kills: []string{"durable/without-sync-beside"},
		faults: copying(func(v *variant, ctx context.Context, src, dst string, cond fsbase.Condition) (fsbase.Info, error) {
			v.disk.mu.Lock()
			volatile := v.disk.volatile(src)
			v.disk.mu.Unlock()
			if volatile {
				return v.unsynced().Copy(ctx, src, dst, cond)
			}
			return v.Store.Copy(ctx, src, dst, cond)
		}),
	},
	{
		Name:   "names are durable with a length of one byte",
		Kills:  []string{"durable/names"},
		faults: misnamed(func(p string) string { return p[:len(p)&0xff] }),
	},
	{
		Name:  "names are durable up to a line break",
		Kills: []string{"durable/names"},
		faults: misnamed(func(p string) string {
			p, _, _ = strings.Cut(p, "\n")
			return p
		}),
	},
	{Name: "names are durable without blanks around", Kills: []string{"durable/names"}, faults: misnamed(strings.TrimSpace)},
	{
		Name:  "a power loss finds pieces of 256 KiB by a number of one byte",
		Kills: []string{"durable/huge"},
		faults: losingPower(func(_ *variant, after *Store) {
			after.spoil(func(o object) (object, bool) {
				if len(o.data) > 64*mib {
					o.data = slices.Clone(o.data)
					copy(o.data, o.data[64*mib:])
				}
				return o, true
			})
		}),
	},
	{
		Name:  "what was moved has its old time after a power loss",
		Kills: []string{"durable/seen"},
		faults: halfRenamed(func(v *variant, _, q string, o object) {
			moved := v.disk.durable[q]
			moved.info.ModTime = o.info.ModTime
			v.disk.durable[q] = moved
		}),
	},
	{
		Name:  "the second power loss takes what is empty",
		Kills: []string{"durable/seen"},
		faults: losingPower(func(v *variant, after *Store) {
			after.spoil(func(o object) (object, bool) { return o, v.crashes == 0 || len(o.data) > 0 })
		}),
	},
	{
		Name:  "folders that Mkdir has made are not synced",
		Kills: []string{"durable/commit", "durable/exclusive"},
		faults: func() faults {
			f := unsyncedWhen(func(v *variant, p string, _ []byte, _ fsbase.Condition) bool { return v.marked(folder(p)) })
			f.mkdir = func(v *variant, ctx context.Context, p string) error {
				for dir := p; dir != "."; dir = path.Dir(dir) {
					v.mark(dir, true)
				}
				return v.Store.Mkdir(ctx, p)
			}
			return f
		}(),
	},
}
