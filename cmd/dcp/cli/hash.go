package cli

import (
	"context"
	"crypto/sha256"
	"io"
	"iter"
	"runtime"
	"slices"
	"sync"

	"golang.org/x/sync/semaphore"

	"github.com/godcp/godcp/dcp"
	"github.com/godcp/godcp/tensor"
)

// Sizes in bytes that bound the memory of digest.
const (
	// wholeTensor is up to where a tensor is read at once: an item that must
	// be unpacked as a whole is then unpacked once.
	wholeTensor = 256 << 20
	// slabBytes is what is read at once of a larger one.
	slabBytes = 32 << 20
	// largeSlab is where even rows that are unpacked together are cut.
	largeSlab = 1 << 30
	// hashMemory is for all tensors that are hashed at once.
	hashMemory = 512 << 20
)

// hasher hashes entries in parallel.
type hasher struct {
	ck      *dcp.Checkpoint
	entries []dcp.Entry
	memory  *semaphore.Weighted
	packed  map[string]bool // fqns with items that have transforms
	err     error           // why sums ended early: of the first entry that failed
}

func newHasher(ck *dcp.Checkpoint, entries []dcp.Entry) *hasher {
	h := &hasher{ck: ck, entries: entries, memory: semaphore.NewWeighted(hashMemory), packed: map[string]bool{}}
	for _, rec := range ck.Metadata().StorageData {
		if len(rec.Info.TransformDescriptors) > 0 {
			h.packed[rec.Index.FQN] = true
		}
	}
	return h
}

type sumResult struct {
	sum []byte
	err error
}

// sums yields the hash of every entry in order, up to the first that fails.
// idle is called before it has to wait.
func (h *hasher) sums(ctx context.Context, idle func()) iter.Seq2[int, []byte] {
	return func(yield func(int, []byte) bool) {
		ctx, cancel := context.WithCancel(ctx)
		var wg sync.WaitGroup
		defer wg.Wait()
		defer cancel()
		// As many results as the channel holds are under way.
		results := make(chan chan sumResult, max(4, runtime.GOMAXPROCS(0)))
		wg.Go(func() {
			defer close(results)
			for _, e := range h.entries {
				r := make(chan sumResult, 1)
				select {
				case results <- r:
				case <-ctx.Done():
					return
				}
				wg.Go(func() {
					sum, err := h.sum(ctx, e)
					r <- sumResult{sum, err}
				})
			}
		})
		i := 0
		for r := range results {
			var got sumResult
			select {
			case got = <-r:
			default:
				idle()
				got = <-r
			}
			if got.err != nil {
				h.err = got.err
				return
			}
			if !yield(i, got.sum) {
				return
			}
			i++
		}
		if i < len(h.entries) {
			h.err = ctx.Err()
		}
	}
}

func (h *hasher) sum(ctx context.Context, e dcp.Entry) ([]byte, error) {
	sum := sha256.New()
	if !e.IsTensor {
		item, err := h.ck.OpenItem(ctx, e.FQN)
		if err != nil {
			return nil, err
		}
		defer item.Close()
		if _, err := io.CopyBuffer(sum, item, make([]byte, 256<<10)); err != nil {
			return nil, err
		}
		return sum.Sum(nil), nil
	}
	for box := range h.slabs(e) {
		if err := h.slab(ctx, sum, e, box); err != nil {
			return nil, err
		}
	}
	return sum.Sum(nil), nil
}

// slab hashes one box of a tensor.
func (h *hasher) slab(ctx context.Context, sum io.Writer, e dcp.Entry, box tensor.Box) error {
	n, _ := tensor.NumBytes(e.DType, box.Sizes)
	weight := min(n, hashMemory)
	if err := h.memory.Acquire(ctx, weight); err != nil {
		return err
	}
	defer h.memory.Release(weight)
	t, err := h.ck.Slice(ctx, e.FQN, box)
	if err != nil {
		return err
	}
	return t.WriteLogical(sum)
}

// slabs cuts a tensor into boxes that follow each other in C order. There may
// be more of them than memory holds: a shape is only a claim.
func (h *hasher) slabs(e dcp.Entry) iter.Seq[tensor.Box] {
	switch full := tensor.FullBox(e.Shape); {
	case e.Bytes <= wholeTensor:
		return func(yield func(tensor.Box) bool) { yield(full) }
	case h.packed[e.FQN]:
		return chunkRows(e, wholeTensor)
	default:
		return func(yield func(tensor.Box) bool) { rows(full, 0, e.DType.Size(), slabBytes, yield) }
	}
}

// rows cuts box, dimensions from dim on, into boxes of at most limit bytes;
// false when the consumer stopped.
func rows(box tensor.Box, dim int, elem, limit int64, yield func(tensor.Box) bool) bool {
	if box.NumElements() <= limit/elem || dim == len(box.Sizes) {
		return yield(box)
	}
	inner := tensor.Box{Offsets: box.Offsets[dim+1:], Sizes: box.Sizes[dim+1:]}
	step := max(1, limit/elem/inner.NumElements())
	for at := int64(0); at < box.Sizes[dim]; at += step {
		part := tensor.Box{Offsets: slices.Clone(box.Offsets), Sizes: slices.Clone(box.Sizes)}
		part.Offsets[dim] += at
		part.Sizes[dim] = min(step, box.Sizes[dim]-at)
		if !rows(part, dim+1, elem, limit, yield) {
			return false
		}
	}
	return true
}

// chunkRows cuts a tensor where chunks begin, so that few of its items are
// unpacked for more than one box, into boxes of about limit bytes.
func chunkRows(e dcp.Entry, limit int64) iter.Seq[tensor.Box] {
	dim := e.Shape[0]
	starts := []int64{dim}
	for _, c := range e.Chunks {
		if len(c.Offsets) > 0 && 0 < c.Offsets[0] && c.Offsets[0] < dim {
			starts = append(starts, c.Offsets[0])
		}
	}
	slices.Sort(starts)
	row := e.Bytes / dim
	return func(yield func(tensor.Box) bool) {
		from := int64(0)
		for _, s := range starts {
			if s == from || s < dim && s-from < limit/row {
				continue
			}
			box := tensor.FullBox(e.Shape)
			box.Offsets[0], box.Sizes[0] = from, s-from
			most := limit
			if (s-from)*row <= largeSlab {
				most = largeSlab
			}
			if !rows(box, 0, e.DType.Size(), most, yield) {
				return
			}
			from = s
		}
	}
}
