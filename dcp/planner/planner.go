// Package planner decides which bytes of which chunk go where: torch's
// planner.py, default_planner.py and planner_helpers.py.
//
// A [LoadPlanner] turns a state dict and a checkpoint's metadata into a
// [LoadPlan]; a StorageReader of package dcp carries the plan out and calls the
// planner back for every item. [DefaultLoadPlanner] fills any sharding from any
// other; [EmptyStateDictLoadPlanner] needs no template.
package planner

import (
	"github.com/godcp/godcp/dcp/metadata"
	"github.com/godcp/godcp/tensor"
)

// LoadItemType tells tensors from pickled objects: torch's LoadItemType.
type LoadItemType uint8

// The kinds of read items.
const (
	LoadTensor LoadItemType = iota
	LoadByteIO
)

// String gives torch's name.
func (t LoadItemType) String() string {
	if t == LoadByteIO {
		return "BYTE_IO"
	}
	return "TENSOR"
}

// ReadItem moves one box of a saved chunk into a box of a local one: torch's
// ReadItem. Offsets and lengths are in elements, one per dimension.
type ReadItem struct {
	Type LoadItemType

	// DestIndex names the local shard that receives the elements.
	DestIndex metadata.MetadataIndex
	// DestOffsets is relative to that shard.
	DestOffsets []int64

	// StorageIndex names the saved chunk.
	StorageIndex metadata.MetadataIndex
	// StorageOffsets is relative to that chunk.
	StorageOffsets []int64

	// Lengths is the size of the box; nil for a bytes item.
	Lengths []int64
}

// StorageBox is the part of the saved chunk that is read.
func (r ReadItem) StorageBox() tensor.Box {
	return tensor.Box{Offsets: r.StorageOffsets, Sizes: r.Lengths}
}

// DestBox is the part of the local shard that is written.
func (r ReadItem) DestBox() tensor.Box {
	return tensor.Box{Offsets: r.DestOffsets, Sizes: r.Lengths}
}

// LoadPlan is what one rank reads: torch's LoadPlan.
type LoadPlan struct {
	Items []ReadItem

	// StorageData and PlannerData are for the storage reader's and the
	// planner's own use.
	StorageData any
	PlannerData any
}

// LoadPlanner is torch's LoadPlanner. The methods are called in this order,
// never two at once:
//
//	SetUpPlanner, CreateLocalPlan      on every rank
//	CreateGlobalPlan                   on the coordinator
//	FinishPlan                         on every rank
//	LoadBytes                          once for each bytes item
//	ResolveTensor … CommitTensor       once for each tensor item; many items may
//	                                   be between the two
//
// After an error nothing more is called.
type LoadPlanner interface {
	// SetUpPlanner takes the state dict to fill and the checkpoint's metadata.
	SetUpPlanner(state map[string]any, md *metadata.Metadata, isCoordinator bool) error

	// CreateLocalPlan says what this rank needs.
	CreateLocalPlan() (*LoadPlan, error)

	// CreateGlobalPlan may change the plans of all ranks, given in rank order.
	CreateGlobalPlan(plans []*LoadPlan) ([]*LoadPlan, error)

	// FinishPlan takes the coordinator's version of this rank's plan.
	FinishPlan(plan *LoadPlan) (*LoadPlan, error)

	// LoadBytes receives a pickled object: value holds what the reader decoded.
	LoadBytes(item ReadItem, value BytesValue) error

	// ResolveTensor returns the memory for item: a tensor whose shape is
	// item.Lengths. The reader writes into it.
	ResolveTensor(item ReadItem) (*tensor.Tensor, error)

	// CommitTensor tells that the tensor from ResolveTensor is filled.
	CommitTensor(item ReadItem, t *tensor.Tensor) error
}

// BytesValue is a pickled object that a storage reader hands to LoadBytes. No
// code of it was run.
type BytesValue struct {
	// Raw is the item with stream transforms undone: a torch.save archive.
	Raw []byte

	// Decode gives the object as plain Go values (see dcp.Value).
	Decode func() (any, error)
}
