package mutants

import (
	"context"
	"errors"
	"io"
	"iter"

	"github.com/godcp/godcp/fsbase"
)

// unsynced is the same storage without durability.
func (v *variant) unsynced() *Store { return &Store{disk: v.disk} }

// unsyncedWhen makes faults in which some commits are not durable.
func unsyncedWhen(some func(v *variant, p string, data []byte, cond fsbase.Condition) bool) faults {
	return publishing(func(v *variant, w *writer, data []byte, cond fsbase.Condition, publish func() (fsbase.Info, error)) (fsbase.Info, error) {
		if some(v, w.path, data, cond) {
			return v.unsynced().put("commit", w.path, data, cond)
		}
		return publish()
	})
}

var syncMutants = []Mutant{
	{
		Name:  "Upload under a condition is not synced",
		Kills: []string{"durable/every-way"},
		faults: faults{upload: func(v *variant, ctx context.Context, p string, src io.ReaderAt, size int64, cond fsbase.Condition) (fsbase.Info, error) {
			if cond.Unconditional() {
				return v.Store.Upload(ctx, p, src, size, cond)
			}
			return v.unsynced().Upload(ctx, p, src, size, cond)
		}},
	},
	{
		Name:  "Copy under a condition is not synced",
		Kills: []string{"durable/every-way"},
		faults: faults{copy: func(v *variant, ctx context.Context, src, dst string, cond fsbase.Condition) (fsbase.Info, error) {
			if cond.Unconditional() {
				return v.Store.Copy(ctx, src, dst, cond)
			}
			return v.unsynced().Copy(ctx, src, dst, cond)
		}},
	},
	{
		Name:  "a swap to an empty stream is not synced",
		Kills: []string{"durable/every-way"},
		faults: unsyncedWhen(func(_ *variant, _ string, data []byte, cond fsbase.Condition) bool {
			return cond.Version() != "" && len(data) == 0
		}),
	},
	{
		Name:  "a name that was removed is not synced when it comes again",
		Kills: []string{"durable/every-way"},
		faults: func() faults {
			f := unsyncedWhen(func(v *variant, p string, _ []byte, _ fsbase.Condition) bool { return v.marked(p) })
			f.remove = func(v *variant, ctx context.Context, p string) error {
				_, there := v.get(p)
				err := v.Store.RmFile(ctx, p)
				if err == nil && there {
					v.mark(p, true)
				}
				return err
			}
			return f
		}(),
	},
	{
		Name:  "WithoutSync is for the whole storage",
		Kills: []string{"durable/without-sync-beside"},
		faults: func() faults {
			f := unsyncedWhen(func(v *variant, _ string, _ []byte, _ fsbase.Condition) bool { return v.marked("unsynced") })
			f.withoutSync = func(v *variant) fsbase.FileSystemBase {
				v.mark("unsynced", true)
				return newVariant(v.unsynced(), v.faults)
			}
			return f
		}(),
	},
	{
		Name:  "errors of List show the password of the URL",
		Kills: []string{"errors/secrets"},
		faults: faults{list: func(v *variant, ctx context.Context, prefix string) iter.Seq2[fsbase.Info, error] {
			return func(yield func(fsbase.Info, error) bool) {
				for info, err := range v.Store.List(ctx, prefix) {
					if err != nil {
						err = failed("list", "s3://user:pass@host/"+prefix, errors.Unwrap(err))
					}
					if !yield(info, err) {
						return
					}
				}
			}
		}},
	},
	{
		Name:  "errors of a lost Upload show the key",
		Kills: []string{"errors/secrets"},
		faults: faults{upload: func(v *variant, ctx context.Context, p string, src io.ReaderAt, size int64, cond fsbase.Condition) (fsbase.Info, error) {
			info, err := v.Store.Upload(ctx, p, src, size, cond)
			if errors.Is(err, fsbase.ErrPrecondition) {
				err = failed("upload", p, errors.Join(err, errors.New("key hunter2")))
			}
			return info, err
		}},
	},
	{
		Name:  "a range past the end is fs.ErrNotExist",
		Kills: []string{"ranged/past-end"},
		faults: ranging(func(v *variant, ctx context.Context, p string, pin fsbase.Version, ranges []fsbase.Range) (fsbase.Info, error) {
			info, err := v.Store.ReadRanges(ctx, p, pin, ranges)
			if errors.Is(err, io.ErrUnexpectedEOF) {
				err = failed("read", p, errNotThere)
			}
			return info, err
		}),
	},
	{
		Name:  "a negative size is taken for nothing",
		Kills: []string{"upload/negative-size"},
		faults: faults{upload: func(v *variant, ctx context.Context, p string, src io.ReaderAt, size int64, cond fsbase.Condition) (fsbase.Info, error) {
			return v.Store.Upload(ctx, p, src, max(0, size), cond)
		}},
	},
}
