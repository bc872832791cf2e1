package mutants

import (
	"bytes"
	"io"
	"sync"
	"sync/atomic"

	"github.com/godcp/godcp/fsbase"
)

// filler is a stream that is an io.ReaderFrom, which io.Copy prefers to Write.
type filler struct {
	*writer
	readFrom func(io.Reader) (int64, error)
}

func (f *filler) ReadFrom(r io.Reader) (int64, error) { return f.readFrom(r) }

// filling makes faults of a ReadFrom.
func filling(readFrom func(v *variant, w *writer, r io.Reader) (int64, error)) faults {
	return faults{writer: func(v *variant, w *writer, _ fsbase.Condition) fsbase.WriteStream {
		return &filler{writer: w, readFrom: func(r io.Reader) (int64, error) { return readFrom(v, w, r) }}
	}}
}

var streamMutants = []Mutant{
	{
		Name:  "a Write of nothing ends a stream",
		Kills: []string{"hostile/odd-writes"},
		faults: writing(func(_ *variant, w *writer) *stream {
			ended := false
			return &stream{write: func(p []byte) (int, error) {
				if ended = ended || p != nil && len(p) == 0 && len(w.data) > 0; ended {
					return len(p), w.ctx.Err()
				}
				return w.Write(p)
			}}
		}),
	},
	{
		Name:  "an exclusive stream loses Writes of a block and a byte",
		Kills: []string{"hostile/odd-writes"},
		faults: faults{writer: func(_ *variant, w *writer, cond fsbase.Condition) fsbase.WriteStream {
			return &stream{writer: w, write: func(p []byte) (int, error) {
				if cond.Absent() && len(p) == 513 {
					return len(p), w.ctx.Err()
				}
				return w.Write(p)
			}}
		}},
	},
	{
		Name:  "ReadFrom loses bytes that come with io.EOF",
		Kills: []string{"hostile/copy-in"},
		faults: filling(func(_ *variant, w *writer, r io.Reader) (total int64, err error) {
			for buf := make([]byte, 8192); ; {
				n, err := r.Read(buf)
				if err == io.EOF {
					return total, nil
				}
				m, werr := w.Write(buf[:n])
				if total += int64(m); err != nil || werr != nil {
					return total, err
				}
			}
		}),
	},
	{
		Name:  "ReadFrom takes nothing for the end",
		Kills: []string{"hostile/copy-in"},
		faults: filling(func(_ *variant, w *writer, r io.Reader) (total int64, err error) {
			for buf := make([]byte, 8192); ; {
				n, err := r.Read(buf)
				m, _ := w.Write(buf[:n])
				if total += int64(m); n == 0 || err == io.EOF {
					return total, nil
				} else if err != nil {
					return total, err
				}
			}
		}),
	},
	{
		Name:  "ReadFrom publishes what it got when its reader fails",
		Kills: []string{"hostile/failing-reader"},
		faults: filling(func(_ *variant, w *writer, r io.Reader) (int64, error) {
			b := new(bytes.Buffer)
			n, err := b.ReadFrom(r)
			_, _ = w.Write(b.Bytes())
			if err != nil {
				_, _ = w.Commit()
			}
			return n, err
		}),
	},
	{
		Name:  "reading an offset again reads on from there",
		Kills: []string{"hostile/section-reader"},
		faults: reading(func(_ *variant, r *reader) *view {
			var last, shift atomic.Int64
			last.Store(-1)
			return &view{readAt: func(p []byte, off int64) (int, error) {
				if last.Swap(off) != off || off < 0 || len(p) > 100_000 {
					shift.Store(0)
				}
				n, err := r.ReadAt(p, off+shift.Load())
				shift.Add(int64(n))
				return n, err
			}}
		}),
	},
	{
		Name:  "small reads go through one buffer of the whole reader",
		Kills: []string{"hostile/zip", "read/concurrent"},
		faults: reading(func(_ *variant, r *reader) *view {
			var mu sync.Mutex
			scratch := make([]byte, 0, 4096)
			return &view{readAt: func(p []byte, off int64) (int, error) {
				if len(p) > cap(scratch) {
					return r.ReadAt(p, off)
				}
				mu.Lock()
				n, err := r.ReadAt(scratch[:len(p)], off)
				mu.Unlock()
				yield()
				mu.Lock()
				defer mu.Unlock()
				return copy(p, scratch[:n]), err
			}}
		}),
	},
	{
		Name:  "Close takes the memory from a ReadAt that runs",
		Kills: []string{"hostile/close-while-reading"},
		faults: reading(func(_ *variant, r *reader) *view {
			var open atomic.Pointer[reader]
			open.Store(r)
			return &view{
				readAt: func(p []byte, off int64) (int, error) {
					if open.Load() == nil {
						return r.ReadAt(p, off)
					}
					yield()
					return open.Load().ReadAt(p, off)
				},
				close: func() error { err := r.Close(); open.Store(nil); return err },
			}
		}),
	},
}
