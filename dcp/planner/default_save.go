package planner

import (
	"context"
	"fmt"
	"maps"
	"slices"

	"github.com/godcp/godcp/dcp/metadata"
	"github.com/godcp/godcp/tensor"
)

// DefaultSavePlanner saves every value of a state dict once: torch's
// DefaultSavePlanner. The zero value is torch's default.
//
// The state dict is flattened as [Flatten] does. A plain tensor or object that
// several ranks have is written by one of them, and so is a box of a sharded
// tensor: values under one name are taken to be the same on all ranks. Unlike
// torch it refuses what the ranks do not agree on, and checks that chunks hold
// every element exactly once even when there is one rank only.
type DefaultSavePlanner struct {
	// DedupSaveToLowestRank lets the lowest rank that has a value write it, in
	// place of the one with the least to write so far.
	DedupSaveToLowestRank bool

	// KeepNesting is torch's flatten_state_dict=False: what nested maps and
	// lists hold is stored as one object, tensors included.
	KeepNesting bool

	leaves   []Leaf
	values   map[string]any // what ResolveData returns or resolves, by indexKey
	resident bool
}

var _ SavePlanner = (*DefaultSavePlanner)(nil)

// SetUpPlanner flattens the state dict.
func (p *DefaultSavePlanner) SetUpPlanner(state map[string]any, _ *metadata.StorageMeta, _ bool) error {
	p.leaves, p.values = nil, nil
	if !p.KeepNesting {
		var err error
		p.leaves, err = Flatten(state)
		return err
	}
	for _, key := range slices.Sorted(maps.Keys(state)) {
		p.leaves = append(p.leaves, Leaf{FQN: key, Value: state[key]})
	}
	return nil
}

// CreateLocalPlan has the items of every value in the order of the names at
// every level, or returns a [*PlanError] that lists all bad ones.
func (p *DefaultSavePlanner) CreateLocalPlan() (*SavePlan, error) {
	plan := &SavePlan{Items: make([]WriteItem, 0, len(p.leaves))}
	if !p.KeepNesting {
		plan.PlannerData = make([]metadata.PathEntry, 0, len(p.leaves))
	}
	p.values, p.resident = make(map[string]any, len(p.leaves)), true
	var bad PlanError
	for _, leaf := range p.leaves {
		if !p.KeepNesting {
			plan.PlannerData = append(plan.PlannerData, metadata.PathEntry{FQN: leaf.FQN, Path: leaf.Path})
		}
		t, isTensor, err := localOf(leaf.Value)
		switch {
		case err != nil:
			bad.add(leaf.FQN, ErrBadValue, "%v", err)
		case isNilTensor(leaf.Value):
			bad.add(leaf.FQN, ErrBadValue, "nil %T", leaf.Value)
		case isTensor:
			p.planTensor(plan, leaf, t)
		default:
			index := metadata.MetadataIndex{FQN: leaf.FQN, Index: -1}
			plan.Items = append(plan.Items, WriteItem{Index: index, Type: WriteByteIO})
			p.values[indexKey(index)] = leaf.Value
		}
	}
	if err := bad.orNil(); err != nil {
		return nil, err
	}
	return plan, nil
}

func (p *DefaultSavePlanner) planTensor(plan *SavePlan, leaf Leaf, t local) {
	kind := WriteTensor
	if _, sharded := leaf.Value.(*ShardedTensor); sharded {
		kind = WriteShard
	}
	for _, s := range t.shards {
		it := WriteItem{
			Index:      metadata.MetadataIndex{FQN: leaf.FQN, Offset: offsetOf(s), Index: -1},
			Type:       kind,
			TensorData: &TensorWriteData{Chunk: s.Box(), Properties: propertiesOf(t), Size: t.size},
		}
		it.TensorData.Chunk.Offsets = it.Index.Offset
		plan.Items = append(plan.Items, it)
		if s.Tensor != nil {
			p.values[indexKey(it.Index)] = s.Tensor
		} else {
			p.values[indexKey(it.Index)], p.resident = s.Resolver, false
		}
	}
}

// offsetOf is never nil, which would name an object.
func offsetOf(s Shard) []int64 {
	if s.Offsets == nil {
		return []int64{}
	}
	return s.Offsets
}

func propertiesOf(t local) metadata.TensorProperties {
	return metadata.TensorProperties{
		DType:        t.dtype,
		Layout:       usualLayout,
		MemoryFormat: metadata.ContiguousFormat,
	}
}

func isNilTensor(v any) bool {
	switch t := v.(type) {
	case *tensor.Tensor:
		return t == nil
	case *ShardedTensor:
		return t == nil
	}
	return false
}

// FinishPlan returns the plan as it is.
func (p *DefaultSavePlanner) FinishPlan(plan *SavePlan) (*SavePlan, error) { return plan, nil }

// Resident tells that ResolveData costs nothing: everything in the state dict
// lies in memory. A storage writer can then lay a file out before it writes it.
func (p *DefaultSavePlanner) Resident() bool { return p.resident }

// ResolveData returns the value in the state dict: the tensor itself, not a
// copy, or what a Resolver makes now.
func (p *DefaultSavePlanner) ResolveData(ctx context.Context, item WriteItem) (any, error) {
	v, ok := p.values[indexKey(item.Index)]
	if !ok {
		return nil, fmt.Errorf("%q at %v: not in the state dict of this planner", item.Index.FQN, item.Index.Offset)
	}
	r, ok := v.(Resolver)
	if !ok {
		return v, nil
	}
	t, err := Resolve(ctx, r)
	if err != nil {
		return nil, fmt.Errorf("resolving %q at %v: %w", item.Index.FQN, item.Index.Offset, err)
	}
	return t, nil
}
