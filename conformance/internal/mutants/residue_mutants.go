package mutants

import (
	"context"
	"errors"
	"io"
	"io/fs"
	"iter"

	"github.com/godcp/godcp/fsbase"
)

// largePart is the size from which writes go in parts.
const largePart = 5 << 20

// sizedUpload makes faults that leave a temporary file after some Uploads.
func sizedUpload(some func(size int64, err error) bool) faults {
	return littering(func(mark func(*variant)) faults {
		return faults{upload: func(v *variant, ctx context.Context, p string, src io.ReaderAt, size int64, cond fsbase.Condition) (fsbase.Info, error) {
			info, err := v.Store.Upload(ctx, p, src, size, cond)
			if some(size, err) {
				mark(v)
			}
			return info, err
		}}
	})
}

// leavingParts makes faults that leave a temporary file after large commits that
// failed with an error of a class.
func leavingParts(class error) faults {
	return littering(func(mark func(*variant)) faults {
		return refusing(class, func(v *variant, _ *writer, data []byte, err error) (fsbase.Info, error) {
			if len(data) >= largePart {
				mark(v)
			}
			return fsbase.Info{}, err
		})
	})
}

// absentCopy makes faults of what is done after a Copy of what is not there.
func absentCopy(then func(v *variant)) faults {
	return faults{copy: func(v *variant, ctx context.Context, src, dst string, cond fsbase.Condition) (fsbase.Info, error) {
		info, err := v.Store.Copy(ctx, src, dst, cond)
		if errors.Is(err, fs.ErrNotExist) {
			then(v)
		}
		return info, err
	}}
}

var residueMutants = []Mutant{
	{
		Name:  "a large swap that is closed leaves its parts",
		Kills: []string{"write/residue"},
		faults: littering(func(mark func(*variant)) faults {
			return faults{writer: func(v *variant, w *writer, cond fsbase.Condition) fsbase.WriteStream {
				return &stream{writer: w, close: func() error {
					if !w.over && len(w.data) >= largePart && cond.Version() != "" {
						mark(v)
					}
					return w.Close()
				}}
			}}
		}),
	},
	{
		Name:  "an Upload of 5 MiB that is lost to another version leaves its parts",
		Kills: []string{"write/residue"},
		faults: sizedUpload(func(size int64, err error) bool {
			return size >= largePart && errors.Is(err, fsbase.ErrPrecondition) && !errors.Is(err, fs.ErrExist)
		}),
	},
	{
		Name:   "a failed Upload of 5 MiB leaves its parts",
		Kills:  []string{"write/residue"},
		faults: sizedUpload(func(size int64, err error) bool { return err != nil && size >= largePart }),
	},
	{
		Name:   "an Upload whose source is short leaves its temporary file",
		Kills:  []string{"write/residue"},
		faults: sizedUpload(func(_ int64, err error) bool { return errors.Is(err, io.ErrUnexpectedEOF) }),
	},
	{
		Name:  "Close of a stream of 5 MiB leaves its parts",
		Kills: []string{"write/residue"},
		faults: littering(func(mark func(*variant)) faults {
			return writing(func(v *variant, w *writer) *stream {
				return &stream{close: func() error {
					if !w.over && len(w.data) >= largePart {
						mark(v)
					}
					return w.Close()
				}}
			})
		}),
	},
	{
		Name:   "the Commit of a stream of 5 MiB that is lost leaves its parts",
		Kills:  []string{"write/residue"},
		faults: leavingParts(fsbase.ErrPrecondition),
	},
	{
		Name:   "a stream of 5 MiB that is cancelled leaves its parts",
		Kills:  []string{"write/residue"},
		faults: leavingParts(context.Canceled),
	},
	{
		Name:  "a Copy of what is absent leaves its temporary file",
		Kills: []string{"write/residue"},
		faults: littering(func(mark func(*variant)) faults {
			return absentCopy(mark)
		}),
	},
	{
		Name:   "a Copy of what is absent leaves a goroutine",
		Kills:  []string{"leaks/goroutines"},
		faults: absentCopy(func(*variant) { leak() }),
	},
	{
		Name:  "a cancelled Upload leaves a goroutine",
		Kills: []string{"leaks/goroutines"},
		faults: faults{upload: func(v *variant, ctx context.Context, p string, src io.ReaderAt, size int64, cond fsbase.Condition) (fsbase.Info, error) {
			info, err := v.Store.Upload(ctx, p, src, size, cond)
			if errors.Is(err, context.Canceled) {
				leak()
			}
			return info, err
		}},
	},
	{
		Name:  "a ReadRanges that fails leaves a goroutine",
		Kills: []string{"leaks/goroutines"},
		faults: faults{ranges: func(v *variant, ctx context.Context, p string, pin fsbase.Version, ranges []fsbase.Range) (fsbase.Info, error) {
			info, err := v.Store.ReadRanges(ctx, p, pin, ranges)
			if err != nil {
				leak()
			}
			return info, err
		}},
	},
	{
		Name:  "RemoveAll that is left leaves a goroutine",
		Kills: []string{"leaks/goroutines"},
		faults: faults{removeAll: func(v *variant, ctx context.Context, prefix string) iter.Seq2[string, error] {
			return func(yield func(string, error) bool) {
				for name, err := range v.Store.RemoveAll(ctx, prefix) {
					if !yield(name, err) {
						leak()
						return
					}
				}
			}
		}},
	},
	{
		Name:  "an Upload that is cancelled after the first parts leaves them",
		Kills: []string{"write/residue"},
		faults: littering(func(mark func(*variant)) faults {
			return uploadWith(func(v *variant, ctx context.Context, p string, src io.ReaderAt, size int64, cond fsbase.Condition) (fsbase.Info, error) {
				if size < 2*largePart || v.holds(p, cond) != nil {
					return v.Store.Upload(ctx, p, src, size, cond)
				}
				data := make([]byte, size)
				for off := 0; off < len(data); off += largePart {
					if err := ctx.Err(); err != nil && off > largePart {
						mark(v)
						return fsbase.Info{}, failed("upload", p, err)
					}
					if err := fsbase.ReadSource(src, data[off:min(len(data), off+largePart)], int64(off)); err != nil {
						return fsbase.Info{}, failed("upload", p, err)
					}
				}
				return v.put("upload", p, data, cond)
			})
		}),
	},
}
