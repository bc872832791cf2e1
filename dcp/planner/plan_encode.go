package planner

import (
	"bytes"
	"encoding/binary"
	"encoding/gob"
	"slices"

	"github.com/godcp/godcp/dcp/metadata"
)

// planFormat is the first byte of an encoded plan.
const planFormat = 1

// What an encoded item has, after its type.
const (
	sameFQN    = 1 << iota // the name is that of the item before
	hasOffset              // the index has one
	hasTensor              // there is TensorData
	ownOffsets             // the chunk's offsets are not the index's
	ownSizes               // the chunk's sizes are not the tensor's
	ownLayout              // properties beside the dtype are not the usual ones
	hasSum                 // there is a Sum
)

// What the properties of a tensor have.
const (
	requiresGrad = 1 << iota
	pinMemory
	hasStrides
)

// usualLayout is what the default planner says of every tensor.
const usualLayout = "torch.strided"

// MarshalBinary encodes a plan for the ranks of the same job: a few bytes beside
// the names and paths. The format is not for storage. StorageData must be known
// to package gob.
func (p *SavePlan) MarshalBinary() ([]byte, error) {
	b := []byte{planFormat}
	b = binary.AppendUvarint(b, uint64(len(p.Items)))
	last := ""
	for i, it := range p.Items {
		b = appendItem(b, it, i > 0 && it.Index.FQN == last)
		last = it.Index.FQN
	}
	b = appendPaths(b, p.PlannerData)
	if p.StorageData == nil {
		return b, nil
	}
	var out bytes.Buffer
	out.Write(b)
	err := gob.NewEncoder(&out).Encode(&p.StorageData)
	return out.Bytes(), err
}

func appendItem(b []byte, it WriteItem, same bool) []byte {
	flags := byte(0)
	set := func(bit byte, on bool) {
		if on {
			flags |= bit
		}
	}
	d := it.TensorData
	set(sameFQN, same)
	set(hasOffset, it.Index.Offset != nil)
	set(hasTensor, d != nil)
	set(hasSum, it.Sum != 0)
	if d != nil {
		set(ownOffsets, it.Index.Offset == nil || !slices.Equal(d.Chunk.Offsets, it.Index.Offset))
		set(ownSizes, !slices.Equal(d.Chunk.Sizes, d.Size))
		set(ownLayout, !usual(d.Properties))
	}
	b = append(b, byte(it.Type), flags)
	if !same {
		b = appendString(b, it.Index.FQN)
	}
	b = binary.AppendVarint(b, int64(it.Index.Index))
	if it.Index.Offset != nil {
		b = appendDims(b, it.Index.Offset)
	}
	if it.Sum != 0 {
		b = binary.LittleEndian.AppendUint64(b, it.Sum)
	}
	if d == nil {
		return b
	}
	b = append(b, byte(d.Properties.DType))
	b = appendDims(b, d.Size)
	if flags&ownOffsets != 0 {
		b = appendDims(b, d.Chunk.Offsets)
	}
	if flags&ownSizes != 0 {
		b = appendDims(b, d.Chunk.Sizes)
	}
	if flags&ownLayout != 0 {
		b = appendLayout(b, d.Properties)
	}
	return b
}

func usual(p metadata.TensorProperties) bool {
	return p.Layout == usualLayout && p.MemoryFormat == metadata.ContiguousFormat &&
		!p.RequiresGrad && !p.PinMemory && p.Strides == nil
}

func appendLayout(b []byte, p metadata.TensorProperties) []byte {
	flags := byte(0)
	if p.RequiresGrad {
		flags |= requiresGrad
	}
	if p.PinMemory {
		flags |= pinMemory
	}
	if p.Strides != nil {
		flags |= hasStrides
	}
	b = append(b, flags, byte(p.MemoryFormat))
	b = appendString(b, p.Layout)
	if p.Strides != nil {
		b = appendDims(b, p.Strides)
	}
	return b
}

// appendPaths writes a count that is one too high, 0 for nil. A name that is
// the joined path is not written.
func appendPaths(b []byte, paths []metadata.PathEntry) []byte {
	if paths == nil {
		return binary.AppendUvarint(b, 0)
	}
	b = binary.AppendUvarint(b, uint64(len(paths))+1)
	for _, e := range paths {
		joined := JoinPath(e.Path) == e.FQN
		b = binary.AppendUvarint(b, uint64(len(e.Path))<<1|bit(!joined))
		if !joined {
			b = appendString(b, e.FQN)
		}
		for _, el := range e.Path {
			if el.IsIndex {
				b = binary.AppendUvarint(b, 1)
				b = binary.AppendVarint(b, int64(el.Index))
				continue
			}
			b = binary.AppendUvarint(b, uint64(len(el.Key))<<1)
			b = append(b, el.Key...)
		}
	}
	return b
}

func bit(on bool) uint64 {
	if on {
		return 1
	}
	return 0
}

func appendString(b []byte, s string) []byte {
	b = binary.AppendUvarint(b, uint64(len(s)))
	return append(b, s...)
}

func appendDims(b []byte, dims []int64) []byte {
	b = binary.AppendUvarint(b, uint64(len(dims)))
	for _, n := range dims {
		b = binary.AppendVarint(b, n)
	}
	return b
}
