package mutants

import (
	"sync"

	"github.com/godcp/godcp/fsbase"
)

// pool gives memory out again that it was given back.
type pool struct {
	mu   sync.Mutex
	free [][]byte
}

func (p *pool) get() []byte {
	p.mu.Lock()
	defer p.mu.Unlock()
	if n := len(p.free); n > 0 {
		b := p.free[n-1]
		p.free = p.free[:n-1]
		return b
	}
	return make([]byte, 64<<10)
}

func (p *pool) put(b []byte) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.free = append(p.free, b)
}

var poolMutants = []Mutant{
	{
		Name:  "a reader gives its buffer back with each Close",
		Kills: []string{"read/close-again"},
		faults: func() faults {
			var buffers pool
			return reading(func(_ *variant, r *reader) *view {
				buf := buffers.get()
				at := int64(-1) // whose block is in buf
				var mu sync.Mutex
				return &view{
					readAt: func(p []byte, off int64) (int, error) {
						mu.Lock()
						defer mu.Unlock()
						block := off &^ (64<<10 - 1)
						if off < 0 || off+int64(len(p)) > block+64<<10 || off+int64(len(p)) > r.object.info.Size {
							return r.ReadAt(p, off)
						}
						if at != block {
							if n, err := r.ReadAt(buf, block); n == 0 {
								return 0, err
							}
							at = block
						}
						if err := r.ctx.Err(); err != nil || r.closed.Load() {
							return r.ReadAt(p, off)
						}
						return copy(p, buf[off-block:]), nil
					},
					close: func() error {
						buffers.put(buf)
						return r.Close()
					},
				}
			})
		}(),
	},
	{
		Name:  "a stream gives its buffer back with each Close",
		Kills: []string{"read/close-again"},
		faults: func() faults {
			var buffers pool
			return writing(func(_ *variant, w *writer) *stream {
				buf := buffers.get()
				w.data = buf[:0]
				return &stream{
					commit: func() (fsbase.Info, error) {
						w.data = append([]byte(nil), w.data...)
						return w.Commit()
					},
					close: func() error {
						buffers.put(buf)
						return w.Close()
					},
				}
			})
		}(),
	},
}
