package metadata

import (
	"github.com/godcp/godcp/ckpterr"
	"github.com/godcp/godcp/internal/pickle"
	"github.com/godcp/godcp/tensor"
)

// decoder turns the values of a pickle into those of this package. As a
// pickle.Builder it does so while the pickle is read, where it can; what comes
// as a generic Object instead goes through the same field functions later.
type decoder struct {
	dims   pages[int64]
	boxes  pages[tensor.Box]
	sizes  []sizeRun // the torch.Sizes
	recent [2]int    // the two made last
	props  []TensorProperties
	tensor []TensorStorageMetadata
	layout []string

	// An index and the storage info that follows it share a record, so that
	// a usual storage_data is finished when it has been read.
	records []StorageRecord
	half    bool // the last record has an index but no info yet

	sealed bool // the file ends in a seal
	stored int  // chunks listed so far: so many records are expected
	seen   map[pickle.Global]bool
	names  []string // globals that are not torch's
	budget int      // members that may still be taken out of containers
}

func newDecoder(size int) *decoder {
	return &decoder{
		sizes:  make([]sizeRun, 0, size/160), // as many as there are chunks
		dims:   pages[int64]{size: min(max(size/32, 64), 8192)},
		boxes:  pages[tensor.Box]{size: min(max(size/256, 16), 4096)},
		seen:   make(map[pickle.Global]bool),
		budget: 1<<16 + 4*size,
	}
}

// spend counts members taken out of containers, which the file may share: a
// small file cannot make a big result.
func (d *decoder) spend(n int) error {
	if d.budget -= n; d.budget < 0 {
		return ckpterr.New(ckpterr.LimitExceeded, "the same values are used too many times")
	}
	return nil
}

// globals is pickle's Options.Globals.
func (d *decoder) globals(g pickle.Global) pickle.Verdict {
	if classOf(g) != clsNone {
		return pickle.Allow
	}
	if !d.seen[g] {
		d.seen[g] = true
		d.names = append(d.names, g.String())
	}
	return pickle.Opaque
}

// sizeRun is where a torch.Size lies in dims: position<<8 | length.
type sizeRun uint64

// A handle is a class and an index into what the decoder holds of it.
const classBits = 4

func mkHandle(c pickle.Class, i int) pickle.Handle {
	return pickle.Handle(i)<<classBits | pickle.Handle(c)
}

func handleOf(v pickle.Value, c pickle.Class) (int, bool) {
	h, ok := v.Handle()
	if !ok || pickle.Class(h&(1<<classBits-1)) != c {
		return 0, false
	}
	return int(h >> classBits), true
}

// pages holds runs of values that never move. A run lies within a page.
type pages[T any] struct {
	pages [][]T
	size  int
}

// tail returns a page with n free places, and the position of the first.
func (p *pages[T]) tail(n int) (page *[]T, pos int) {
	last := len(p.pages) - 1
	if last < 0 || cap(p.pages[last])-len(p.pages[last]) < n {
		p.pages = append(p.pages, make([]T, 0, max(p.size, n)))
		last++
	}
	return &p.pages[last], last*p.stride() + len(p.pages[last])
}

// stride is more than any page is long: runs longer than that are not put here.
func (p *pages[T]) stride() int { return 1 << 14 }

func (p *pages[T]) run(pos, n int) []T {
	page, i := p.pages[pos/p.stride()], pos%p.stride()
	return page[i : i+n : i+n]
}

// holds tells whether n values from pos on are in one page.
func (p *pages[T]) holds(pos, n int) bool {
	page, i := pos/p.stride(), pos%p.stride()
	return page < len(p.pages) && i+n <= len(p.pages[page])
}
