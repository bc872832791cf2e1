package planner

import (
	"context"

	"github.com/godcp/godcp/dcp/metadata"
	"github.com/godcp/godcp/tensor"
)

// WriteItemType says what a write item holds: torch's WriteItemType.
type WriteItemType uint8

// The kinds of write items.
const (
	WriteTensor WriteItemType = iota // a whole tensor, the same on every rank that has it
	WriteShard                       // a box of a tensor
	WriteByteIO                      // an object
)

// String gives torch's name.
func (t WriteItemType) String() string {
	switch t {
	case WriteShard:
		return "SHARD"
	case WriteByteIO:
		return "BYTE_IO"
	}
	return "TENSOR"
}

// TensorWriteData describes the chunk that an item writes and the tensor that
// it is a part of: torch's TensorWriteData.
type TensorWriteData struct {
	Chunk      metadata.ChunkStorageMetadata // elements
	Properties metadata.TensorProperties
	Size       []int64 // elements, the global shape
}

// WriteItem is one thing to store: torch's WriteItem.
type WriteItem struct {
	// Index names what is stored. Its Offset is Chunk's, nil for an object.
	Index metadata.MetadataIndex
	Type  WriteItemType

	// TensorData is nil for an object.
	TensorData *TensorWriteData

	// Sum is a checksum of the content, for CheckReplicas; 0 when nobody asked.
	Sum uint64
}

// SavePlan is what one rank writes: torch's SavePlan.
type SavePlan struct {
	Items []WriteItem

	// StorageData is for the storage writer's own use. To travel to another
	// process its type must be known to package gob (gob.Register).
	StorageData any

	// PlannerData has the path of every value of the rank's state dict; nil
	// when nothing was flattened.
	PlannerData []metadata.PathEntry
}

// SavePlanner is torch's SavePlanner. The methods are called in this order:
//
//	SetUpPlanner, CreateLocalPlan   on every rank
//	CreateGlobalPlan                on the coordinator
//	FinishPlan                      on every rank
//	ResolveData                     for each item of the finished plan
//
// Only calls of ResolveData may run at the same time. After an error nothing
// more is called.
type SavePlanner interface {
	// SetUpPlanner takes the state dict to save. Neither it nor its tensors
	// change until the save is over.
	SetUpPlanner(state map[string]any, storageMeta *metadata.StorageMeta, isCoordinator bool) error

	// CreateLocalPlan says what this rank has.
	CreateLocalPlan() (*SavePlan, error)

	// CreateGlobalPlan decides who writes what, from the plans of all ranks in
	// rank order, which it does not change. It returns as many plans, and
	// metadata without storage data.
	CreateGlobalPlan(all []*SavePlan) ([]*SavePlan, *metadata.Metadata, error)

	// FinishPlan takes the coordinator's version of this rank's plan.
	FinishPlan(plan *SavePlan) (*SavePlan, error)

	// ResolveData returns what item stores: a *tensor.Tensor of the chunk's
	// size, or for WriteByteIO a plain Go value. It is not written to. It may
	// take its time, but not when ctx is done.
	ResolveData(ctx context.Context, item WriteItem) (any, error)
}

// ItemSize is what an item weighs when files and ranks are balanced: torch's
// _item_size, which is the bytes of the whole tensor even if the item is one
// shard of it. It is 0 for an object and at most 2^63-1.
func ItemSize(item WriteItem) int64 {
	if item.TensorData == nil {
		return 0
	}
	return bytesOf(item, item.TensorData.Size)
}

// ChunkBytes is the bytes that an item has in memory: 0 for an object, at most
// 2^63-1.
func ChunkBytes(item WriteItem) int64 {
	if item.TensorData == nil {
		return 0
	}
	return bytesOf(item, item.TensorData.Chunk.Sizes)
}

func bytesOf(item WriteItem, shape []int64) int64 {
	n, ok := tensor.NumBytes(item.TensorData.Properties.DType, shape)
	if !ok {
		return maxInt64
	}
	return n
}
