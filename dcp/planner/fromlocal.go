package planner

import (
	"fmt"
	"slices"

	"github.com/godcp/godcp/tensor"
)

// FromLocal is this rank's part of a tensor of the given size, from its local
// tensor, as one with those placements on the mesh has it: torch's
// DTensor.from_local. The memory stays that of t. A rank outside of the mesh has
// no part, and its t is not looked at but for the dtype.
//
// Where a StridedShard leaves a rank with several pieces that do not adjoin,
// there are as many shards; torch saves them as one, in the wrong place.
func FromLocal(t *tensor.Tensor, size []int64, mesh tensor.Mesh, rank int, placements ...tensor.Placement) (*ShardedTensor, error) {
	l, err := mesh.Local(rank, size, placements...)
	if err != nil {
		return nil, err
	}
	s := &ShardedTensor{DType: t.DType(), Size: slices.Clone(size)}
	if l.Parts == nil {
		return s, nil
	}
	if !slices.Equal(t.Shape(), l.Shape) {
		return nil, fmt.Errorf("the local tensor of rank %d is %v, its part of %v by %v is %v", rank, t.Shape(), size, placements, l.Shape)
	}
	for _, p := range l.Parts {
		sub, err := t.Sub(p.Local)
		if err != nil {
			return nil, err
		}
		s.Shards = append(s.Shards, Shard{Offsets: p.Global.Offsets, Tensor: sub})
	}
	return s, nil
}
