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

// The mutants here get over a fault, or stop at it, and are wrong afterwards or
// in what they say.
var afterFaultMutants = []Mutant{
	{
		Name:  "a page that is not answered is left out",
		Kills: []string{"faults/refused-list"},
		faults: faults{list: func(v *variant, ctx context.Context, prefix string) iter.Seq2[fsbase.Info, error] {
			return func(yield func(fsbase.Info, error) bool) {
				for info, err := range v.Store.List(ctx, prefix) {
					if errors.Is(err, errReset) || !yield(info, err) {
						return
					}
				}
			}
		}},
	},
	{
		Name:  "a ReadAt that is not answered is asked again without its pin",
		Kills: []string{"faults/pinned-read"},
		faults: reading(func(v *variant, r *reader) *view {
			return &view{readAt: func(p []byte, off int64) (int, error) {
				n, err := r.ReadAt(p, off)
				if o, ok := v.get(r.object.info.Path); ok && errors.Is(err, errReset) {
					return (&reader{ctx: r.ctx, object: o}).ReadAt(p, off)
				}
				return n, err
			}}
		}),
	},
	{
		Name:  "RmFile looks first, and what it is not told is absent",
		Kills: []string{"faults/refused-remove", "faults/forbidden-remove", "faults/lost-remove"},
		faults: faults{remove: func(v *variant, ctx context.Context, p string) error {
			if there, err := v.Store.Exists(ctx, p); ctx.Err() == nil && fs.ValidPath(p) && (err != nil || !there) {
				return nil
			}
			return v.Store.RmFile(ctx, p)
		}},
	},
	{
		Name:  "Copy looks first, and what is not answered is absent",
		Kills: []string{"faults/lost-move"},
		faults: copying(func(v *variant, ctx context.Context, src, dst string, cond fsbase.Condition) (fsbase.Info, error) {
			if _, err := v.Store.Exists(ctx, src); errors.Is(err, errReset) {
				return fsbase.Info{}, failed("copy", src, fs.ErrNotExist)
			}
			return v.Store.Copy(ctx, src, dst, cond)
		}),
	},
	{
		Name:  "a large Rename goes by parts, and a part that is refused is done",
		Kills: []string{"faults/refused-move"},
		faults: faults{rename: func(v *variant, ctx context.Context, path, newPath string) error {
			if o, there := v.get(path); there && o.info.Size >= largePart && v.request("write") != "" {
				return v.Store.RmFile(ctx, path)
			}
			return v.Store.Rename(ctx, path, newPath)
		}},
	},
	{
		Name:  "a commit that was looked for says when it was looked for",
		Kills: []string{"faults/lost-commit"},
		faults: refusing(fsbase.ErrCommitUnknown, func(v *variant, w *writer, _ []byte, err error) (fsbase.Info, error) {
			o, there := v.get(w.path)
			if !there {
				return fsbase.Info{}, err
			}
			o.info.ModTime = time.Now()
			return o.info, nil
		}),
	},
	{
		Name:  "a part that is refused once is sent again, and in the checksum twice",
		Kills: []string{"faults/refused-part"},
		faults: writing(func(_ *variant, w *writer) *stream {
			again := false
			return &stream{
				write: func(p []byte) (int, error) {
					n, err := w.Write(p)
					if errors.Is(err, fsbase.ErrThrottled) {
						again, w.err = true, nil
						return w.Write(p)
					}
					return n, err
				},
				commit: func() (fsbase.Info, error) {
					info, err := w.Commit()
					if again && err == nil {
						info.Sum.Value += "="
					}
					return info, err
				},
			}
		}),
	},
	{
		Name:  "a part that is refused once is sent again as the one behind it",
		Kills: []string{"faults/refused-part"},
		faults: uploadWith(func(v *variant, ctx context.Context, p string, src io.ReaderAt, size int64, cond fsbase.Condition) (fsbase.Info, error) {
			if size < largePart || v.request("write") != Refuse {
				return v.Store.Upload(ctx, p, src, size, cond)
			}
			return v.Store.Upload(ctx, p, shifted{src, 1 << 20}, size, cond)
		}),
	},
	{
		Name:   "a handle that may not write once never may",
		Kills:  []string{"faults/forbidden-write"},
		faults: spoiled(fs.ErrPermission),
	},
	{
		Name:   "a handle whose Write is refused once is too busy for ever",
		Kills:  []string{"faults/refused-write"},
		faults: spoiled(fsbase.ErrThrottled),
	},
	{
		Name:   "a handle that does not know of one commit knows of none",
		Kills:  []string{"faults/lost-while-replaced"},
		faults: spoiled(fsbase.ErrCommitUnknown),
	},
	{
		Name:  "a part that may not be written says that the others were called off",
		Kills: []string{"faults/refused-part"},
		faults: uploadWith(func(v *variant, ctx context.Context, p string, src io.ReaderAt, size int64, cond fsbase.Condition) (fsbase.Info, error) {
			if size >= largePart && v.request("write") == Forbid {
				return fsbase.Info{}, failed("upload", p, errors.Join(fs.ErrPermission, context.Canceled))
			}
			return v.Store.Upload(ctx, p, src, size, cond)
		}),
	},
	{
		Name:  "a listing whose context ends while it waits to ask again has ended",
		Kills: []string{"faults/cancelled"},
		faults: faults{list: func(v *variant, ctx context.Context, prefix string) iter.Seq2[fsbase.Info, error] {
			return func(yield func(fsbase.Info, error) bool) {
				for info, err := range v.Store.List(ctx, prefix) {
					if errors.Is(err, fsbase.ErrThrottled) {
						select {
						case <-ctx.Done():
							return
						case <-time.After(time.Millisecond):
						}
					}
					if !yield(info, err) {
						return
					}
				}
			}
		}},
	},
	{
		Name:  "a call that is given up while the storage is busy takes its turn with it",
		Kills: []string{"faults/cancelled"},
		faults: faults{exists: func(v *variant, ctx context.Context, p string) (bool, error) {
			there, err := v.Store.Exists(ctx, p)
			if errors.Is(err, fsbase.ErrThrottled) {
				select {
				case <-ctx.Done():
					v.mark(spoiledMark, true)
				case <-time.After(time.Millisecond):
				}
			}
			return there, err
		}, writer: spoiled(errNever).writer},
	},
	{
		Name:  "a commit that was not answered at first leaves its temporary file",
		Kills: []string{"faults/residue"},
		faults: littering(func(mark func(*variant)) faults {
			return refusing(fsbase.ErrCommitUnknown, func(v *variant, w *writer, _ []byte, err error) (fsbase.Info, error) {
				o, there := v.get(w.path)
				if !there {
					return fsbase.Info{}, err
				}
				mark(v)
				return o.info, nil
			})
		}),
	},
	{
		Name:  "Exists keeps the class of an error and drops the rest",
		Kills: []string{"faults/library"},
		faults: faults{exists: func(v *variant, ctx context.Context, p string) (bool, error) {
			there, err := v.Store.Exists(ctx, p)
			if errors.Is(err, fs.ErrPermission) {
				err = failed("exists", p, fs.ErrPermission)
			}
			return there, err
		}},
	},
	{
		Name:  "what OpenStream has read ahead is filled up without its pin",
		Kills: []string{"faults/truncated-while-replaced"},
		faults: reading(func(v *variant, r *reader) *view {
			ahead := make([]byte, min(len(r.object.data), 4096))
			n, err := r.background().ReadAt(ahead, 0)
			if errors.Is(err, io.ErrUnexpectedEOF) {
				yield()
				if o, ok := v.get(r.object.info.Path); ok {
					copy(ahead[n:], o.data[min(n, len(o.data)):])
				}
			}
			return &view{readAt: func(p []byte, off int64) (int, error) {
				n, err := r.ReadAt(p, off)
				if err == nil && off == 0 {
					copy(p, ahead)
				}
				return n, err
			}}
		}),
	},
	{
		Name:  "a range that is refused once is asked for again without a pin",
		Kills: []string{"faults/truncated-while-replaced"},
		faults: ranging(func(v *variant, ctx context.Context, p string, pin fsbase.Version, ranges []fsbase.Range) (fsbase.Info, error) {
			info, err := v.Store.ReadRanges(ctx, p, pin, ranges[:min(1, len(ranges))])
			for i := 1; i < len(ranges) && err == nil; i++ {
				if _, err = v.Store.ReadRanges(ctx, p, info.Version, ranges[i:i+1]); errors.Is(err, fsbase.ErrThrottled) {
					yield()
					_, err = v.Store.ReadRanges(ctx, p, "", ranges[i:i+1])
				}
			}
			return info, err
		}),
	},
}

// shifted is a source whose second part is the third.
type shifted struct {
	io.ReaderAt
	part int64
}

func (s shifted) ReadAt(p []byte, off int64) (int, error) {
	n, err := s.ReaderAt.ReadAt(p, off)
	if from, to := max(off, s.part), min(off+int64(n), 2*s.part); from < to {
		_, _ = s.ReaderAt.ReadAt(p[from-off:to-off], from+s.part)
	}
	return n, err
}

// spoiledMark is of no name, but of a handle.
const spoiledMark = "\x00spoiled"

// errNever is a class of no error.
var errNever = errors.New("never")

// spoiled makes faults in which an error of one class, of a Write or a Commit,
// comes again from every stream of the handle.
func spoiled(class error) faults {
	return writing(func(v *variant, w *writer) *stream {
		again := func(err error) error {
			if errors.Is(err, class) {
				v.mark(spoiledMark, true)
			}
			return err
		}
		return &stream{
			write: func(p []byte) (int, error) {
				if v.marked(spoiledMark) {
					return 0, failed("write", w.path, class)
				}
				n, err := w.Write(p)
				return n, again(err)
			},
			commit: func() (fsbase.Info, error) {
				info, err := w.Commit()
				return info, again(err)
			},
		}
	})
}
