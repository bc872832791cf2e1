package mutants

import (
	"context"
	"errors"
	"io"
	"io/fs"
	"iter"
	"time"

	"github.com/godcp/godcp/fsbase"
)

// refusing makes faults of a function that answers for a commit that failed
// with err in a class.
func refusing(class error, answer func(v *variant, w *writer, data []byte, err error) (fsbase.Info, error)) faults {
	return writing(func(v *variant, w *writer) *stream {
		return &stream{commit: func() (fsbase.Info, error) {
			data := w.data
			info, err := w.Commit()
			if errors.Is(err, class) {
				return answer(v, w, data, err)
			}
			return info, err
		}}
	})
}

// deaf makes faults in which one class of errors of all that looks becomes
// absence.
func deaf(class error) faults {
	hear := func(p string, err error) error {
		if errors.Is(err, class) {
			return failed("look", p, fs.ErrNotExist)
		}
		return err
	}
	f := opening(hear)
	f.stat = func(v *variant, ctx context.Context, p string) (fsbase.Info, error) {
		info, err := v.Store.Stat(ctx, p)
		return info, hear(p, err)
	}
	return f
}

var faultMutants = []Mutant{
	{
		Name:  "Exists that gets no answer is false",
		Kills: []string{"faults/lost-read"},
		faults: faults{exists: func(v *variant, ctx context.Context, p string) (bool, error) {
			there, err := v.Store.Exists(ctx, p)
			if errors.Is(err, errReset) {
				err = nil
			}
			return there, err
		}},
	},
	{
		Name:  "a commit whose answer is lost is asked again, and taken for another's",
		Kills: []string{"faults/lost-commit"},
		faults: refusing(fsbase.ErrCommitUnknown, func(_ *variant, w *writer, _ []byte, _ error) (fsbase.Info, error) {
			return fsbase.Info{}, failed("commit", w.path, fsbase.ErrExist())
		}),
	},
	{
		Name:  "a commit whose answer is lost is an error like any other",
		Kills: []string{"faults/lost-commit", "faults/publish-settles"},
		faults: refusing(fsbase.ErrCommitUnknown, func(_ *variant, w *writer, _ []byte, _ error) (fsbase.Info, error) {
			return fsbase.Info{}, failed("commit", w.path, errors.New("connection reset"))
		}),
	},
	{
		Name:  "a commit whose answer is lost is undone in part",
		Kills: []string{"faults/lost-commit"},
		faults: refusing(fsbase.ErrCommitUnknown, func(v *variant, w *writer, _ []byte, err error) (fsbase.Info, error) {
			v.unlink(w.path)
			return fsbase.Info{}, err
		}),
	},
	{
		Name:  "503 is an error like any other",
		Kills: []string{"faults/refused-commit"},
		faults: refusing(fsbase.ErrThrottled, func(_ *variant, w *writer, _ []byte, _ error) (fsbase.Info, error) {
			return fsbase.Info{}, failed("commit", w.path, errors.New("503"))
		}),
	},
	{
		Name:  "a refused commit is no error",
		Kills: []string{"faults/refused-commit"},
		faults: refusing(fsbase.ErrThrottled, func(_ *variant, w *writer, data []byte, _ error) (fsbase.Info, error) {
			return fsbase.Info{Path: w.path, Size: int64(len(data)), Version: "v"}, nil
		}),
	},
	{
		Name:  "a refused commit is tried again in the background",
		Kills: []string{"faults/refused-commit"},
		faults: refusing(fsbase.ErrThrottled, func(v *variant, w *writer, data []byte, err error) (fsbase.Info, error) {
			time.AfterFunc(time.Millisecond, func() {
				v.disk.mu.Lock()
				defer v.disk.mu.Unlock()
				v.disk.store(w.path, data, true)
			})
			return fsbase.Info{}, err
		}),
	},
	{
		Name:  "a refused commit leaves a temporary file",
		Kills: []string{"faults/residue"},
		faults: func() faults {
			f := refusing(fsbase.ErrThrottled, func(v *variant, w *writer, _ []byte, err error) (fsbase.Info, error) {
				v.mark(".tmp", true)
				return fsbase.Info{}, err
			})
			f.residue = func(v *variant) []string {
				if v.marked(".tmp") {
					return []string{".tmp"}
				}
				return nil
			}
			return f
		}(),
	},
	{
		Name:  "403 on a commit asks to slow down",
		Kills: []string{"faults/forbidden-commit"},
		faults: refusing(fs.ErrPermission, func(_ *variant, w *writer, _ []byte, _ error) (fsbase.Info, error) {
			return fsbase.Info{}, failed("commit", w.path, fsbase.ErrThrottled)
		}),
	},
	{
		Name:  "a Write that the storage refuses is forgotten",
		Kills: []string{"faults/refused-write"},
		faults: writing(func(_ *variant, w *writer) *stream {
			return &stream{write: func(p []byte) (int, error) {
				n, err := w.Write(p)
				w.err = nil
				return n, err
			}}
		}),
	},
	{Name: "what is forbidden is absent", Kills: []string{"faults/forbidden-read"}, faults: deaf(fs.ErrPermission)},
	{Name: "what is busy is absent", Kills: []string{"faults/refused-read"}, faults: deaf(fsbase.ErrThrottled)},
	{
		Name:  "Exists is false for what is forbidden",
		Kills: []string{"faults/forbidden-read"},
		faults: faults{exists: func(v *variant, ctx context.Context, p string) (bool, error) {
			ok, err := v.Store.Exists(ctx, p)
			if errors.Is(err, fs.ErrPermission) {
				err = nil
			}
			return ok, err
		}},
	},
	{Name: "a body that ends early is short data", Kills: []string{"faults/truncated"}, faults: cutShort(nil)},
	{Name: "a body that ends early is the end", Kills: []string{"faults/truncated"}, faults: cutShort(io.EOF)},
	{
		Name:  "ReadRanges leaves what a body that ends early does not bring",
		Kills: []string{"faults/truncated"},
		faults: ranging(func(v *variant, ctx context.Context, p string, pin fsbase.Version, ranges []fsbase.Range) (fsbase.Info, error) {
			info, err := v.Store.ReadRanges(ctx, p, pin, ranges)
			if o, ok := v.get(p); ok && errors.Is(err, io.ErrUnexpectedEOF) {
				return o.info, nil
			}
			return info, err
		}),
	},
	{
		Name:  "RmFile does not tell of failures",
		Kills: []string{"faults/refused-remove"},
		faults: faults{remove: func(v *variant, ctx context.Context, p string) error {
			if err := v.Store.RmFile(ctx, p); !errors.Is(err, fsbase.ErrThrottled) {
				return err
			}
			return nil
		}},
	},
	{
		Name:  "a listing ends at the page that fails",
		Kills: []string{"faults/refused-list"},
		faults: faults{list: func(v *variant, ctx context.Context, prefix string) iter.Seq2[fsbase.Info, error] {
			return func(yield func(fsbase.Info, error) bool) {
				for info, err := range v.Store.List(ctx, prefix) {
					if errors.Is(err, fsbase.ErrThrottled) || !yield(info, err) {
						return
					}
				}
			}
		}},
	},
	{
		Name:  "a page of a listing behind the second one that fails once is asked for from the first one on",
		Kills: []string{"faults/refused-list"},
		faults: faults{list: func(v *variant, ctx context.Context, prefix string) iter.Seq2[fsbase.Info, error] {
			return func(yield func(fsbase.Info, error) bool) {
				n := 0
				for info, err := range v.Store.List(ctx, prefix) {
					if err != nil && ctx.Err() == nil && n >= 2*listPage {
						v.Store.List(ctx, prefix)(yield)
						return
					}
					if n++; !yield(info, err) {
						return
					}
				}
			}
		}},
	},
	{
		Name:  "RemoveAll goes on where it fails",
		Kills: []string{"faults/refused-remove-all"},
		faults: faults{removeAll: func(v *variant, ctx context.Context, prefix string) iter.Seq2[string, error] {
			return func(yield func(string, error) bool) {
				for info, err := range v.Store.List(ctx, prefix) {
					if err == nil && v.Store.RmFile(ctx, info.Path) != nil {
						continue
					}
					if !yield(info.Path, err) {
						return
					}
				}
			}
		}},
	},
}

// cutShort makes faults in which a body that ends early has another error.
func cutShort(answer error) faults {
	return reading(func(_ *variant, r *reader) *view {
		return &view{readAt: func(p []byte, off int64) (int, error) {
			n, err := r.ReadAt(p, off)
			if errors.Is(err, io.ErrUnexpectedEOF) {
				err = answer
			}
			return n, err
		}}
	})
}
