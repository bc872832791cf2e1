package mutants

import (
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"iter"
	"time"

	"github.com/godcp/godcp/fsbase"
)

// telling puts a secret into errors of a class.
func telling(class error) func(op, path string, err error) error {
	return func(op, path string, err error) error {
		if errors.Is(err, class) {
			return failed(op, path, fmt.Errorf("key hunter2: %w", err))
		}
		return err
	}
}

// indiscreet makes faults in which errors of a class show a secret, of
// everything but Rename and Copy.
func indiscreet(class error) faults {
	tell := telling(class)
	f := writing(func(_ *variant, w *writer) *stream {
		return &stream{
			write: func(p []byte) (int, error) {
				n, err := w.Write(p)
				return n, tell("write", w.path, err)
			},
			commit: func() (fsbase.Info, error) {
				info, err := w.Commit()
				return info, tell("commit", w.path, err)
			},
		}
	})
	f.exists = func(v *variant, ctx context.Context, p string) (bool, error) {
		ok, err := v.Store.Exists(ctx, p)
		return ok, tell("exists", p, err)
	}
	f.reader = func(_ *variant, r *reader) fsbase.ReadStream {
		return &view{reader: r, readAt: func(p []byte, off int64) (int, error) {
			n, err := r.ReadAt(p, off)
			return n, tell("read", r.object.info.Path, err)
		}}
	}
	f.remove = func(v *variant, ctx context.Context, p string) error {
		return tell("remove", p, v.Store.RmFile(ctx, p))
	}
	f.list = func(v *variant, ctx context.Context, prefix string) iter.Seq2[fsbase.Info, error] {
		return func(yield func(fsbase.Info, error) bool) {
			for info, err := range v.Store.List(ctx, prefix) {
				if !yield(info, tell("list", prefix, err)) {
					return
				}
			}
		}
	}
	f.removeAll = func(v *variant, ctx context.Context, prefix string) iter.Seq2[string, error] {
		return func(yield func(string, error) bool) {
			for name, err := range v.Store.RemoveAll(ctx, prefix) {
				if !yield(name, tell("remove", prefix, err)) {
					return
				}
			}
		}
	}
	return f
}

// moving makes faults of what Rename and Copy answer to errors.
func moving(answer func(p string, err error) error) faults {
	return faults{
		rename: func(v *variant, ctx context.Context, p, q string) error { return answer(p, v.Store.Rename(ctx, p, q)) },
		copy: func(v *variant, ctx context.Context, src, dst string, cond fsbase.Condition) (fsbase.Info, error) {
			info, err := v.Store.Copy(ctx, src, dst, cond)
			return info, answer(src, err)
		},
	}
}

// instead makes an answer for errors of a class.
func instead(class, of error) func(p string, err error) error {
	return func(p string, err error) error {
		if errors.Is(err, class) {
			return fsbase.PathError("move", p, of)
		}
		return err
	}
}

var deniedMutants = []Mutant{
	{
		Name:  "a Rename that is forbidden is fs.ErrNotExist besides",
		Kills: []string{"faults/forbidden-move"},
		faults: faults{rename: func(v *variant, ctx context.Context, p, q string) error {
			err := v.Store.Rename(ctx, p, q)
			if errors.Is(err, fs.ErrPermission) {
				err = failed("rename", p, fmt.Errorf("%w: %w", fs.ErrNotExist, err))
			}
			return err
		}},
	},
	{
		Name:  "a Rename of what is absent to itself is nil",
		Kills: []string{"operations/rename-absent"},
		faults: faults{rename: func(v *variant, ctx context.Context, p, q string) error {
			if p == q && ready(ctx, "rename", p) == nil {
				return nil
			}
			return v.Store.Rename(ctx, p, q)
		}},
	},
	{
		Name:  "a lost swap is also fs.ErrExist",
		Kills: []string{"swap/stale", "swap/gone", "swap/decided-at-commit", "swap/race", "handles/swap"},
		faults: losing(func(w *writer, _ error) (fsbase.Info, error) {
			return fsbase.Info{}, failed("commit", w.path, fsbase.ErrExist())
		}),
	},
	{
		Name:  "a lost Upload under IfVersion is also fs.ErrExist",
		Kills: []string{"upload/conditions", "hostile/source-interferes"},
		faults: faults{upload: func(v *variant, ctx context.Context, p string, src io.ReaderAt, size int64, cond fsbase.Condition) (fsbase.Info, error) {
			info, err := v.Store.Upload(ctx, p, src, size, cond)
			if errors.Is(err, fsbase.ErrPrecondition) {
				err = failed("upload", p, fsbase.ErrExist())
			}
			return info, err
		}},
	},
	{
		Name: "errors of what is busy show the secret",
		Kills: []string{
			"faults/refused-read", "faults/refused-list", "faults/refused-commit", "faults/refused-write",
			"faults/refused-remove", "faults/refused-remove-all",
		},
		faults: indiscreet(fsbase.ErrThrottled),
	},
	{
		Name:   "errors of what is forbidden show the secret",
		Kills:  []string{"faults/forbidden-read", "faults/forbidden-commit", "faults/forbidden-remove", "faults/forbidden-remove-all"},
		faults: indiscreet(fs.ErrPermission),
	},
	{
		Name:   "errors of commits that are not known show the secret",
		Kills:  []string{"faults/lost-commit"},
		faults: indiscreet(fsbase.ErrCommitUnknown),
	},
	{
		Name:   "errors of answers that end early show the secret",
		Kills:  []string{"faults/truncated", "faults/refused-list"},
		faults: indiscreet(io.ErrUnexpectedEOF),
	},
	{
		Name:  "errors of moves show the secret",
		Kills: []string{"faults/refused-move", "faults/forbidden-move"},
		faults: moving(func(p string, err error) error {
			return telling(fs.ErrPermission)("move", p, telling(fsbase.ErrThrottled)("move", p, err))
		}),
	},
	{
		Name:  "RmFile of what is forbidden is nil",
		Kills: []string{"faults/forbidden-remove"},
		faults: faults{remove: func(v *variant, ctx context.Context, p string) error {
			if err := v.Store.RmFile(ctx, p); !errors.Is(err, fs.ErrPermission) {
				return err
			}
			return nil
		}},
	},
	{
		Name:  "RemoveAll of what is forbidden is nothing",
		Kills: []string{"faults/forbidden-remove-all"},
		faults: faults{removeAll: func(v *variant, ctx context.Context, prefix string) iter.Seq2[string, error] {
			return func(yield func(string, error) bool) {
				for name, err := range v.Store.RemoveAll(ctx, prefix) {
					if errors.Is(err, fs.ErrPermission) || !yield(name, err) {
						return
					}
				}
			}
		}},
	},
	{Name: "a move of what is busy is of what is absent", Kills: []string{"faults/refused-move"}, faults: moving(instead(fsbase.ErrThrottled, fs.ErrNotExist))},
	{Name: "a move that is refused is nil", Kills: []string{"faults/refused-move"}, faults: moving(instead(fsbase.ErrThrottled, nil))},
	{Name: "a move of what is forbidden is of what is absent", Kills: []string{"faults/forbidden-move"}, faults: moving(instead(fs.ErrPermission, fs.ErrNotExist))},
	{
		Name:  "a listing past its deadline ends with an error of its own",
		Kills: []string{"list/cancelled"},
		faults: faults{list: func(v *variant, ctx context.Context, prefix string) iter.Seq2[fsbase.Info, error] {
			return func(yield func(fsbase.Info, error) bool) {
				n := 0
				for info, err := range v.Store.List(ctx, prefix) {
					if n++; n > 1 && errors.Is(err, context.DeadlineExceeded) {
						err = failed("list", prefix, errors.New("timeout"))
					}
					if !yield(info, err) {
						return
					}
				}
			}
		}},
	},
	{
		Name:  "a cancelled Commit publishes a second later",
		Kills: []string{"cancel/later"},
		faults: writing(func(v *variant, w *writer) *stream {
			return &stream{commit: func() (fsbase.Info, error) {
				info, err := w.Commit()
				if errors.Is(err, context.Canceled) {
					time.AfterFunc(time.Second, func() { _, _ = v.put("commit", w.path, w.data, fsbase.Condition{}) })
				}
				return info, err
			}}
		}),
	},
	{
		Name:  "an Upload whose source fails is made up for later",
		Kills: []string{"cancel/later"},
		faults: faults{upload: func(v *variant, ctx context.Context, p string, src io.ReaderAt, size int64, cond fsbase.Condition) (fsbase.Info, error) {
			info, err := v.Store.Upload(ctx, p, src, size, cond)
			if err != nil && ctx.Err() == nil && size > 0 {
				time.AfterFunc(100*time.Millisecond, func() { _, _ = v.put("upload", p, []byte("late"), fsbase.Condition{}) })
			}
			return info, err
		}},
	},
}
