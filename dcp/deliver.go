package dcp

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"hash/crc32"
	"slices"
	"sync"

	"golang.org/x/sync/errgroup"

	"github.com/godcp/godcp/ckpterr"
	"github.com/godcp/godcp/dcp/planner"
	"github.com/godcp/godcp/internal/ranges"
	"github.com/godcp/godcp/tensor"
)

// deliver fills what is wanted of one chunk.
func (l *loading) deliver(ctx context.Context, p *payload, j job) error {
	if !p.dense {
		return l.unpacked(ctx, p, j)
	}
	for _, read := range j.reads {
		if err := l.dense(ctx, p, read); err != nil {
			return j.place(err)
		}
	}
	return nil
}

// unpacked reads the whole storage into memory, for layouts that cannot be
// read in parts.
func (l *loading) unpacked(ctx context.Context, p *payload, j job) error {
	weight := min(p.size, l.r.limits.InFlight)
	if p.size > l.r.limits.Item {
		return j.place(ckpterr.New(ckpterr.LimitExceeded, "item of %d bytes must be unpacked as a whole", p.size))
	}
	if err := l.scratch.Acquire(ctx, weight); err != nil {
		return err
	}
	defer l.scratch.Release(weight)
	storage, err := p.unpack()
	if err == nil {
		err = l.copyOut(storage, p, j)
	}
	return j.place(err)
}

// copyOut copies boxes of a chunk whose storage is in memory. The storage may
// be changed.
func (l *loading) copyOut(storage []byte, p *payload, j job) error {
	if p.bigEndian {
		tensor.SwapBytes(p.layout.DType, storage)
	}
	layout := p.layout
	layout.Storage = storage
	saved, err := tensor.FromLayout(layout)
	if err != nil {
		return ckpterr.New(ckpterr.SizeMismatch, "%w", err)
	}
	for _, read := range j.reads {
		src, err := saved.Sub(read.StorageBox())
		if err != nil {
			return err
		}
		dst, err := l.resolve(read)
		if err != nil {
			return err
		}
		if err := assign(dst, src); err != nil {
			return err
		}
		if err := l.commit(read, dst); err != nil {
			return err
		}
	}
	return nil
}

// dense reads one box of a dense payload, block by block, in parallel as far
// as slots are free.
func (l *loading) dense(ctx context.Context, p *payload, read planner.ReadItem) error {
	dst, err := l.resolve(read)
	if err != nil {
		return err
	}
	t := &transfer{p: p, read: read, dst: dst}
	t.check = p.hasCRC && slices.Equal(read.Lengths, p.layout.Shape)
	g, gctx := errgroup.WithContext(ctx)
	for b := range ranges.Blocks(p.layout.Shape, read.StorageBox(), p.layout.DType.Size(), readLimits) {
		if gctx.Err() != nil {
			break
		}
		if p.size <= smallItem || !l.slots.TryAcquire(1) {
			if err := t.block(b); err != nil {
				return errors.Join(err, g.Wait())
			}
			continue
		}
		g.Go(func() error {
			defer l.slots.Release(1)
			return t.block(b)
		})
	}
	if err := g.Wait(); err != nil {
		return err
	}
	if err := ctx.Err(); err != nil {
		return err
	}
	if err := t.verify(); err != nil {
		return err
	}
	return l.commit(read, dst)
}

// transfer moves one box from a dense payload into memory.
type transfer struct {
	p     *payload
	read  planner.ReadItem
	dst   *tensor.Tensor
	check bool // all of the payload is read: its CRC can be checked

	mu   sync.Mutex
	sums []blockSum
}

type blockSum struct {
	ranges.Block
	crc uint32
}

// block reads one block: into the destination itself if its memory has the
// same order, else through scratch memory.
func (t *transfer) block(b ranges.Block) error {
	at := tensor.Box{Offsets: slices.Clone(b.Box.Offsets), Sizes: b.Box.Sizes}
	for d := range at.Offsets {
		at.Offsets[d] -= t.read.StorageOffsets[d]
	}
	dst, err := t.dst.Sub(at)
	if err != nil {
		return err
	}
	l := t.p.layout
	if mem, ok := dst.Bytes(); ok && b.Dense && dst.DType() == l.DType && !t.p.bigEndian && !l.Conj && !l.Neg {
		return t.fill(mem, b)
	}
	buf := getScratch(b.Length)
	defer putScratch(buf)
	if err := t.fill(*buf, b); err != nil {
		return err
	}
	if t.p.bigEndian {
		tensor.SwapBytes(l.DType, *buf)
	}
	src, err := tensor.FromLayout(tensor.Layout{
		DType: l.DType, Shape: b.Box.Sizes, Strides: l.Strides, Conj: l.Conj, Neg: l.Neg, Storage: *buf,
	})
	if err != nil {
		return err
	}
	return assign(dst, src)
}

func (t *transfer) fill(mem []byte, b ranges.Block) error {
	if err := fill(t.p.at, mem, t.p.offset+b.Offset); err != nil {
		return err
	}
	if t.check {
		s := blockSum{b, crc32.ChecksumIEEE(mem)}
		t.mu.Lock()
		t.sums = append(t.sums, s)
		t.mu.Unlock()
	}
	return nil
}

// verify compares the CRC of all blocks with the stored one.
func (t *transfer) verify() error {
	if !t.check {
		return nil
	}
	slices.SortFunc(t.sums, func(a, b blockSum) int { return cmp.Compare(a.Offset, b.Offset) })
	var sum uint32
	for _, s := range t.sums {
		sum = combineCRC32(sum, s.crc, s.Length)
	}
	if sum != t.p.crc {
		return checksumError(t.p)
	}
	return nil
}

func checksumError(p *payload) error {
	e := ckpterr.New(ckpterr.ChecksumMismatch, "stored CRC-32 is %08x, the bytes have another", p.crc)
	e.Offset = p.offset
	return e
}

// assign copies src to dst, converting if their dtypes differ: the planner
// allowed it.
func assign(dst, src *tensor.Tensor) error {
	if dst.DType() == src.DType() {
		return tensor.Copy(dst, src)
	}
	return tensor.Convert(dst, src)
}

// checkTarget refuses memory that a planner resolved to another shape.
func checkTarget(t *tensor.Tensor, read planner.ReadItem) error {
	if !slices.Equal(t.Shape(), read.Lengths) {
		return fmt.Errorf("planner resolved a tensor of shape %v for a read of %v", t.Shape(), read.Lengths)
	}
	return nil
}
