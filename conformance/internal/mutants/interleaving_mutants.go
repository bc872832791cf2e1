package mutants

import (
	"bytes"
	"context"
	"io/fs"
	"strings"
	"sync"

	"github.com/godcp/godcp/fsbase"
)

// ending lets a large stream fail whose name was the target of what calls ended.
func ending(of func(f *faults, ended func(v *variant, p string, err error))) faults {
	f := writing(func(v *variant, w *writer) *stream {
		return &stream{commit: func() (fsbase.Info, error) {
			if len(w.data) > largePart && v.marked("ended:"+w.path) {
				return fsbase.Info{}, failed("commit", w.path, fs.ErrNotExist)
			}
			return w.Commit()
		}}
	})
	of(&f, func(v *variant, p string, err error) { v.mark("ended:"+p, err == nil) })
	return f
}

var interleavingMutants = []Mutant{
	{
		Name:  "Rename ends the large streams that are open under its target",
		Kills: []string{"interleaving/remove"},
		faults: ending(func(f *faults, ended func(*variant, string, error)) {
			f.rename = func(v *variant, ctx context.Context, p, newPath string) error {
				err := v.Store.Rename(ctx, p, newPath)
				ended(v, newPath, err)
				return err
			}
		}),
	},
	{
		Name:  "Copy ends the large streams that are open under its target",
		Kills: []string{"interleaving/remove"},
		faults: ending(func(f *faults, ended func(*variant, string, error)) {
			f.copy = func(v *variant, ctx context.Context, src, dst string, cond fsbase.Condition) (fsbase.Info, error) {
				info, err := v.Store.Copy(ctx, src, dst, cond)
				ended(v, dst, err)
				return info, err
			}
		}),
	},
	{
		Name:  "parts of large streams are kept under the name with _ for /",
		Kills: []string{"interleaving/flattened"},
		faults: func() faults {
			var parts sync.Map // of the first, by name
			return writing(func(_ *variant, w *writer) *stream {
				flat := strings.ReplaceAll(w.path, "/", "_")
				return &stream{
					write: func(p []byte) (int, error) {
						n, err := w.Write(p)
						if len(w.data) > largePart/2 {
							parts.Store(flat, bytes.Clone(w.data[:largePart/2]))
						}
						return n, err
					},
					commit: func() (fsbase.Info, error) {
						if part, ok := parts.Load(flat); ok && len(w.data) > largePart {
							copy(w.data, part.([]byte))
						}
						return w.Commit()
					},
				}
			})
		}(),
	},
}
