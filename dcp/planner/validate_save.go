package planner

import (
	"errors"
	"fmt"
	"slices"

	"github.com/godcp/godcp/ckpterr"
	"github.com/godcp/godcp/dcp/metadata"
	"github.com/godcp/godcp/tensor"
)

// checkItems finds items that no default planner makes.
func checkItems(plans []*SavePlan, bad *PlanError) {
	for rank, plan := range plans {
		if plan == nil {
			bad.add("", ErrBadItem, "rank %d has no plan", rank)
			continue
		}
		for i := range plan.Items {
			if err := plan.Items[i].check(); err != nil {
				bad.add(plan.Items[i].Index.FQN, ErrBadItem, "rank %d: %v", rank, err)
			}
		}
	}
}

// check judges an item by itself, but for its chunk's place in the tensor.
func (it *WriteItem) check() error {
	d := it.TensorData
	switch {
	case it.Type > WriteByteIO:
		return fmt.Errorf("item type %d", it.Type)
	case it.Type == WriteByteIO && (d != nil || it.Index.Offset != nil):
		return errors.New("an object with an offset or a size")
	case it.Type == WriteByteIO:
		return nil
	case d == nil || it.Index.Offset == nil:
		return errors.New("a tensor without an offset or a size")
	case !slices.Equal(it.Index.Offset, d.Chunk.Offsets):
		return fmt.Errorf("the index says offset %v, the chunk %v", it.Index.Offset, d.Chunk.Offsets)
	case it.Type == WriteTensor && !d.Chunk.Equal(tensor.FullBox(d.Size)):
		return fmt.Errorf("a whole tensor of %v in a chunk %v", d.Size, d.Chunk)
	}
	if _, ok := tensor.NumBytes(d.Properties.DType, d.Size); !ok {
		return fmt.Errorf("impossible %v tensor of %v", d.Properties.DType, d.Size)
	}
	return nil
}

// checkAgreement finds names that are not the same thing on all ranks, and
// reports each kind of disagreement once per name. torch keeps what one of the
// ranks has.
func checkAgreement(found *entries, plans []*SavePlan, bad *PlanError) {
	type subject struct {
		rank int // that has the name first
		item *WriteItem
		told []string
	}
	subjects := make(map[string]*subject, longest(plans))
	for rank, plan := range plans {
		for i := range plan.Items {
			it := &plan.Items[i]
			s, known := subjects[it.Index.FQN]
			if !known {
				subjects[it.Index.FQN] = &subject{rank: rank, item: it}
				continue
			}
			other := s.rank
			what, here, there := disagreement(it, s.item)
			if what == "" {
				x := found.list[found.of[rank][i]]
				other = x.rank
				what, here, there = chunkDisagreement(it, x.item)
				if what == "" && it.Sum != x.item.Sum {
					what, here, there = "content", fmt.Sprintf("%016x", it.Sum), fmt.Sprintf("%016x", x.item.Sum)
				}
			}
			if what != "" && !slices.Contains(s.told, what) {
				s.told = append(s.told, what)
				bad.add(it.Index.FQN, ErrRanksDisagree, "its %s is %v on rank %d, %v on rank %d", what, there, other, here, rank)
			}
		}
	}
}

// disagreement tells in what two items of one name differ, though they may not,
// and what they say of it; "" if in nothing.
func disagreement(a, b *WriteItem) (what string, ofA, ofB any) {
	if a.Type != b.Type {
		return "kind", a.Type, b.Type
	}
	if a.TensorData == nil {
		return "", nil, nil
	}
	if x, y := a.TensorData.Properties.DType, b.TensorData.Properties.DType; x != y {
		return "dtype", x, y
	}
	if x, y := a.TensorData.Size, b.TensorData.Size; !slices.Equal(x, y) {
		return "size", x, y
	}
	return "", nil, nil
}

func chunkDisagreement(a, b *WriteItem) (what string, ofA, ofB any) {
	if a.TensorData == nil || a.TensorData.Chunk.Equal(b.TensorData.Chunk) {
		return "", nil, nil
	}
	return fmt.Sprintf("chunk at %v", a.Index.Offset), a.TensorData.Chunk, b.TensorData.Chunk
}

// checkTiling finds tensors whose chunks reach outside, overlap, or, if they
// are the whole, leave something out.
func checkTiling(md *metadata.Metadata, whole bool, bad *PlanError) {
	for i := range md.StateDictMetadata {
		it := &md.StateDictMetadata[i]
		var e *ckpterr.Error
		if it.Tensor == nil || !errors.As(it.Tensor.ValidateChunks(), &e) {
			continue
		}
		if whole || e.Class != ckpterr.ChunkGap { // a gap is looked for last
			bad.add(it.FQN, e.Class, "%v", e.Err)
		}
	}
}

// checkPaths finds paths of different ranks that cannot be in one state dict.
func checkPaths(md *metadata.Metadata, bad *PlanError) {
	for e := range md.PlannerData.Conflicts() {
		bad.add(e.FQN, ErrRanksDisagree, "%v", e.Err)
	}
}

// checkParts finds names of which nobody has any part: sharded tensors without
// a shard.
func checkParts(md *metadata.Metadata, at map[string]int, bad *PlanError) {
	for _, e := range md.PlannerData.Paths {
		if _, planned := at[e.FQN]; !planned {
			bad.add(e.FQN, ckpterr.ChunkGap, "no rank has a part of it")
		}
	}
}
