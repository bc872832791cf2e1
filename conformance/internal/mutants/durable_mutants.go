package mutants

import (
	"context"
	"io"
	"maps"

	"github.com/godcp/godcp/fsbase"
)

// losingPower makes faults of a function that spoils what a power loss leaves.
func losingPower(f func(v *variant, after *Store)) faults {
	return faults{crash: func(v *variant) *Store {
		after := v.crashed()
		f(v, after)
		return after
	}}
}

// spoil changes every stream.
func (s *Store) spoil(f func(o object) (object, bool)) {
	for name, o := range maps.Clone(s.disk.files) {
		next, keep := f(o)
		if keep {
			s.disk.files[name] = next
		} else {
			delete(s.disk.files, name)
		}
	}
}

var durableMutants = []Mutant{
	{
		Name:  "nothing is synced",
		Kills: []string{"durable/commit", "durable/exclusive", "durable/upload", "durable/copy", "durable/overwrite", "durable/swap"},
		faults: losingPower(func(_ *variant, after *Store) {
			after.spoil(func(o object) (object, bool) { return o, false })
		}),
	},
	{
		Name:  "names are synced and bytes are not",
		Kills: []string{"durable/commit", "durable/overwrite", "durable/swap"},
		faults: losingPower(func(_ *variant, after *Store) {
			after.spoil(func(o object) (object, bool) {
				o.data = make([]byte, len(o.data))
				return o, true
			})
		}),
	},
	{
		Name:  "the last pages are not synced",
		Kills: []string{"durable/commit", "durable/upload"},
		faults: losingPower(func(_ *variant, after *Store) {
			after.spoil(func(o object) (object, bool) {
				o.data = o.data[:len(o.data)&^4095]
				o.info.Size = int64(len(o.data))
				return o, true
			})
		}),
	},
	{
		Name:  "an overwrite is not synced",
		Kills: []string{"durable/overwrite", "durable/swap"},
		faults: func() faults {
			first := map[*disk]map[string]object{}
			f := writing(func(v *variant, w *writer) *stream {
				return &stream{commit: func() (fsbase.Info, error) {
					info, err := w.Commit()
					v.disk.mu.Lock()
					defer v.disk.mu.Unlock()
					if first[v.disk] == nil {
						first[v.disk] = map[string]object{}
					}
					if _, ok := first[v.disk][w.path]; !ok {
						first[v.disk][w.path] = v.disk.files[w.path]
					}
					return info, err
				}}
			})
			f.crash = func(v *variant) *Store {
				after := v.crashed()
				maps.Copy(after.disk.files, first[v.disk])
				return after
			}
			return f
		}(),
	},
	{
		Name:  "a lost power finds the new bytes under the old name before Commit",
		Kills: []string{"durable/overwrite", "durable/uncommitted"},
		faults: writing(func(v *variant, w *writer) *stream {
			return &stream{write: func(p []byte) (int, error) {
				n, err := w.Write(p)
				v.disk.mu.Lock()
				defer v.disk.mu.Unlock()
				v.disk.durable[w.path] = object{data: w.data, info: fsbase.Info{Path: w.path, Size: int64(len(w.data)), Version: "torn"}}
				return n, err
			}}
		}),
	},
	{
		Name:  "Upload is not synced",
		Kills: []string{"durable/upload"},
		faults: faults{upload: func(v *variant, ctx context.Context, p string, src io.ReaderAt, size int64, cond fsbase.Condition) (fsbase.Info, error) {
			return (&Store{disk: v.disk}).Upload(ctx, p, src, size, cond)
		}},
	},
	{
		Name:  "Copy is not synced",
		Kills: []string{"durable/copy"},
		faults: faults{copy: func(v *variant, ctx context.Context, src, dst string, cond fsbase.Condition) (fsbase.Info, error) {
			return (&Store{disk: v.disk}).Copy(ctx, src, dst, cond)
		}},
	},
	{
		Name:  "exclusive creation is not synced",
		Kills: []string{"durable/exclusive"},
		faults: faults{writer: func(v *variant, w *writer, cond fsbase.Condition) fsbase.WriteStream {
			if cond.Absent() {
				w.publish = func(data []byte) (fsbase.Info, error) {
					return (&Store{disk: v.disk}).put("commit", w.path, data, cond)
				}
			}
			return w
		}},
	},
	{
		Name:   "WithoutSync is another storage",
		Kills:  []string{"durable/without-sync"},
		faults: faults{withoutSync: func(*variant) fsbase.FileSystemBase { return New() }},
	},
	{
		Name:  "WithoutSync has no capabilities",
		Kills: []string{"durable/without-sync"},
		faults: faults{withoutSync: func(v *variant) fsbase.FileSystemBase {
			return struct{ fsbase.FileSystemBase }{&Store{disk: v.disk}}
		}},
	},
	{
		Name:   "WithoutSync is nil",
		Kills:  []string{"capability/honest", "durable/without-sync"},
		faults: faults{withoutSync: func(*variant) fsbase.FileSystemBase { return nil }},
	},
}
