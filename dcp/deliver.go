package dcp

import (
	"context"
	"fmt"
	"iter"
	"slices"

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
	blocks := ranges.Blocks(p.layout.Shape, read.StorageBox(), p.layout.DType.Size(), l.shape.Limits)
	if err := l.run(ctx, t, blocks); err != nil {
		return err
	}
	if err := t.verify(); err != nil {
		return err
	}
	return l.commit(read, dst)
}

// run reads the blocks of a transfer.
func (l *loading) run(ctx context.Context, t *transfer, blocks iter.Seq[ranges.Block]) error {
	if t.p.size <= l.shape.Part {
		return t.inTurn(ctx, blocks)
	}
	return t.parallel(ctx, l.slots, blocks)
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
