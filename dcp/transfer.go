package dcp

import (
	"cmp"
	"context"
	"errors"
	"hash/crc32"
	"iter"
	"slices"
	"sync"

	"golang.org/x/sync/errgroup"
	"golang.org/x/sync/semaphore"

	"github.com/godcp/godcp/ckpterr"
	"github.com/godcp/godcp/dcp/planner"
	"github.com/godcp/godcp/internal/ranges"
	"github.com/godcp/godcp/tensor"
)

// transfer moves one box from a dense payload into memory.
type transfer struct {
	p     *payload
	read  planner.ReadItem
	dst   *tensor.Tensor
	check bool // all of the payload is read: its CRC can be checked

	around *around // what comes along; nil for nothing

	mu   sync.Mutex
	sums []blockSum
}

type blockSum struct {
	ranges.Block
	crc uint32
}

func (t *transfer) inTurn(ctx context.Context, blocks iter.Seq[ranges.Block]) error {
	for b := range blocks {
		if err := ctx.Err(); err != nil {
			return err
		}
		if err := t.block(b); err != nil {
			return err
		}
	}
	return nil
}

// parallel reads as many blocks at once as slots are free, one at least: that
// of the caller.
func (t *transfer) parallel(ctx context.Context, slots *semaphore.Weighted, blocks iter.Seq[ranges.Block]) error {
	g, gctx := errgroup.WithContext(ctx)
	for b := range blocks {
		if gctx.Err() != nil {
			break
		}
		if !slots.TryAcquire(1) {
			if err := t.block(b); err != nil {
				return errors.Join(err, g.Wait())
			}
			continue
		}
		g.Go(func() error {
			defer slots.Release(1)
			return t.block(b)
		})
	}
	if err := g.Wait(); err != nil {
		return err
	}
	return ctx.Err()
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
	var err error
	if t.around != nil {
		err = t.around.fill(mem, b)
	} else {
		err = fill(t.p.at, mem, t.p.offset+b.Offset)
	}
	if err != nil {
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
