package mutants

import (
	"context"
	"errors"
	"io"
	"iter"
	"os"
	"sync"
	"time"

	"github.com/godcp/godcp/fsbase"
)

// leak is a goroutine that stays for a while, although nobody needs it.
func leak() { go time.Sleep(10 * time.Second) }

// littering makes faults that leave a temporary file when f says so.
func littering(f func(mark func(*variant)) faults) faults {
	fs := f(func(v *variant) { v.mark(".tmp-1", true) })
	fs.residue = func(v *variant) []string {
		if v.marked(".tmp-1") {
			return []string{".tmp-1"}
		}
		return nil
	}
	return fs
}

// after makes faults of a function that is told how a commit ended.
func after(f func(v *variant, cond fsbase.Condition, err error)) faults {
	return faults{writer: func(v *variant, w *writer, cond fsbase.Condition) fsbase.WriteStream {
		return &stream{writer: w, commit: func() (fsbase.Info, error) {
			info, err := w.Commit()
			f(v, cond, err)
			return info, err
		}}
	}}
}

// afterUpload is the same for Upload.
func afterUpload(f func(v *variant, err error)) faults {
	return faults{upload: func(v *variant, ctx context.Context, p string, src io.ReaderAt, size int64, cond fsbase.Condition) (fsbase.Info, error) {
		info, err := v.Store.Upload(ctx, p, src, size, cond)
		f(v, err)
		return info, err
	}}
}

var endingMutants = []Mutant{
	{
		Name:  "a lost exclusive commit leaves its temporary file",
		Kills: []string{"write/residue"},
		faults: littering(func(mark func(*variant)) faults {
			return after(func(v *variant, cond fsbase.Condition, err error) {
				if cond.Absent() && err != nil {
					mark(v)
				}
			})
		}),
	},
	{
		Name:  "a lost swap leaves its temporary file",
		Kills: []string{"write/residue"},
		faults: littering(func(mark func(*variant)) faults {
			return after(func(v *variant, cond fsbase.Condition, err error) {
				if cond.Version() != "" && errors.Is(err, fsbase.ErrPrecondition) {
					mark(v)
				}
			})
		}),
	},
	{
		Name:  "a cancelled stream is not cleaned up, because its context is done",
		Kills: []string{"write/residue"},
		faults: littering(func(mark func(*variant)) faults {
			return writing(func(v *variant, w *writer) *stream {
				return &stream{close: func() error {
					if w.ctx.Err() != nil {
						mark(v)
					}
					return w.Close()
				}}
			})
		}),
	},
	{
		Name:  "a failed Upload leaves its parts",
		Kills: []string{"write/residue"},
		faults: littering(func(mark func(*variant)) faults {
			return afterUpload(func(v *variant, err error) {
				if err != nil {
					mark(v)
				}
			})
		}),
	},
	{
		Name:  "every stream that is closed without Commit leaves a goroutine",
		Kills: []string{"leaks/goroutines"},
		faults: writing(func(_ *variant, w *writer) *stream {
			return &stream{close: func() error {
				if !w.over {
					leak()
				}
				return w.Close()
			}}
		}),
	},
	{
		Name:  "every lost commit leaves a goroutine",
		Kills: []string{"leaks/goroutines"},
		faults: after(func(_ *variant, _ fsbase.Condition, err error) {
			if errors.Is(err, fsbase.ErrPrecondition) {
				leak()
			}
		}),
	},
	{
		Name:  "every failed Upload leaves a goroutine",
		Kills: []string{"leaks/goroutines"},
		faults: afterUpload(func(_ *variant, err error) {
			if err != nil {
				leak()
			}
		}),
	},
	{
		Name:  "every listing that is left leaves a goroutine",
		Kills: []string{"leaks/goroutines"},
		faults: faults{list: func(v *variant, ctx context.Context, prefix string) iter.Seq2[fsbase.Info, error] {
			return func(yield func(fsbase.Info, error) bool) {
				for info, err := range v.Store.List(ctx, prefix) {
					if !yield(info, err) {
						leak()
						return
					}
				}
			}
		}},
	},
	{
		Name:  "every reader that is closed leaves a file open",
		Kills: []string{"leaks/files"},
		faults: func() faults {
			var mu sync.Mutex
			var owner *variant // the next one closes what this one has left
			var left []*os.File
			return reading(func(v *variant, _ *reader) *view {
				mu.Lock()
				defer mu.Unlock()
				if v != owner {
					for _, f := range left {
						f.Close()
					}
					owner, left = v, nil
				}
				if f, err := os.Open(os.DevNull); err == nil {
					left = append(left, f)
				}
				return &view{}
			})
		}(),
	},
	{
		Name:  "the end of its context takes back what a stream has committed",
		Kills: []string{"cancel/after-commit"},
		faults: writing(func(v *variant, w *writer) *stream {
			return &stream{commit: func() (fsbase.Info, error) {
				info, err := w.Commit()
				if err == nil {
					context.AfterFunc(w.ctx, func() { v.unlink(w.path) })
				}
				return info, err
			}}
		}),
	},
	{
		Name:  "Close under a done context is its error",
		Kills: []string{"cancel/close"},
		faults: writing(func(_ *variant, w *writer) *stream {
			return &stream{close: func() error {
				if err := w.ctx.Err(); err != nil && !w.over {
					return failed("close", w.path, err)
				}
				return w.Close()
			}}
		}),
	},
	{
		Name:  "the end of one stream's context ends others of the name",
		Kills: []string{"cancel/one-of-two"},
		faults: func() faults {
			var mu sync.Mutex
			latest := map[string]context.Context{}
			return writing(func(_ *variant, w *writer) *stream {
				mu.Lock()
				if old := latest[w.path]; old != nil && old.Err() == nil {
					w.ctx = old
				}
				latest[w.path] = w.ctx
				mu.Unlock()
				return &stream{}
			})
		}(),
	},
	{
		Name:  "a deadline is an error like any other for an exclusive commit",
		Kills: []string{"cancel/every-way"},
		faults: misreporting(func(cond fsbase.Condition, err error) error {
			if cond.Absent() && errors.Is(err, context.DeadlineExceeded) {
				return errors.New("timeout")
			}
			return err
		}),
	},
}

// misreporting makes faults of a function that changes the error of a commit.
func misreporting(f func(cond fsbase.Condition, err error) error) faults {
	return faults{writer: func(_ *variant, w *writer, cond fsbase.Condition) fsbase.WriteStream {
		return &stream{writer: w, commit: func() (fsbase.Info, error) {
			info, err := w.Commit()
			if changed := f(cond, err); changed != err {
				return info, failed("commit", w.path, changed)
			}
			return info, err
		}}
	}}
}
