package planner

import (
	"slices"

	"github.com/godcp/godcp/dcp/metadata"
)

// CreateGlobalPlan keeps each value on one rank, numbers the chunks of each
// tensor, and makes the metadata: names and chunks in the order of the ranks
// and of their plans, and the path of every name. The plans that come back have
// no PlannerData: it is in the metadata.
//
// It returns a [*PlanError] if the ranks do not agree on the dtype, size or
// kind of a name or on the size of a chunk, if chunks of a tensor overlap or do
// not cover it, or if nobody has any part of a name.
func (p *DefaultSavePlanner) CreateGlobalPlan(all []*SavePlan) ([]*SavePlan, *metadata.Metadata, error) {
	return p.globalPlan(all, true)
}

// RankLocalPlanner is a SavePlanner that can plan for one rank that does not
// know what the others have, in place of CreateGlobalPlan. One that embeds
// DefaultSavePlanner and has a CreateGlobalPlan of its own needs its own of this,
// too.
type RankLocalPlanner interface {
	CreateRankLocalPlan(plan *SavePlan) (*SavePlan, *metadata.Metadata, error)
}

var _ RankLocalPlanner = (*DefaultSavePlanner)(nil)

// CreateRankLocalPlan is CreateGlobalPlan for a rank of a set that is saved
// without collectives. What this rank lacks others may have, so chunks need not
// cover their tensor.
func (p *DefaultSavePlanner) CreateRankLocalPlan(plan *SavePlan) (*SavePlan, *metadata.Metadata, error) {
	plans, md, err := p.globalPlan([]*SavePlan{plan}, false)
	if err != nil {
		return nil, nil, err
	}
	return plans[0], md, nil
}

// globalPlan makes a plan of those of all ranks, or of some that are not the
// whole.
func (p *DefaultSavePlanner) globalPlan(all []*SavePlan, whole bool) ([]*SavePlan, *metadata.Metadata, error) {
	var bad PlanError
	checkItems(all, &bad)
	if err := bad.orNil(); err != nil {
		return nil, nil, err
	}
	found := collectEntries(all, &bad)
	checkAgreement(found, all, &bad)
	if err := bad.orNil(); err != nil {
		return nil, nil, err
	}
	owner := found.owners(p.DedupSaveToLowestRank)
	plans := make([]*SavePlan, len(all))
	md := &metadata.Metadata{PlannerData: mergePaths(all)}
	at := make(map[string]int, longest(all))
	for rank, plan := range all {
		plans[rank] = &SavePlan{StorageData: plan.StorageData}
		for i, it := range plan.Items {
			if n := found.of[rank][i]; owner[n] == int32(rank) {
				plans[rank].Items = append(plans[rank].Items, place(md, at, it))
			}
		}
	}
	checkTiling(md, whole, &bad)
	checkPaths(md, &bad)
	if whole {
		checkParts(md, at, &bad)
	}
	if err := bad.orNil(); err != nil {
		return nil, nil, err
	}
	return plans, md, nil
}

// place enters an item into the metadata and returns it with its chunk's
// position as hint. at has the position of every name.
func place(md *metadata.Metadata, at map[string]int, it WriteItem) WriteItem {
	fqn := it.Index.FQN
	it.Sum = 0 // has done its work
	n, known := at[fqn]
	if !known {
		n = len(md.StateDictMetadata)
		at[fqn] = n
		entry := metadata.Item{FQN: fqn}
		if d := it.TensorData; d != nil {
			entry.Tensor = &metadata.TensorStorageMetadata{Properties: d.Properties, Size: d.Size}
		}
		md.StateDictMetadata = append(md.StateDictMetadata, entry)
	}
	if t := md.StateDictMetadata[n].Tensor; t != nil {
		it.Index.Index = len(t.Chunks)
		t.Chunks = append(t.Chunks, it.TensorData.Chunk)
	}
	return it
}

// mergePaths keeps the path of every name that any rank has. The order is that
// of torch's ChainMap: names of the last rank first; the first rank that has a
// name says its path.
func mergePaths(plans []*SavePlan) metadata.PlannerData {
	flattened := func(p *SavePlan) bool { return p.PlannerData != nil }
	if !slices.ContainsFunc(plans, flattened) {
		return metadata.PlannerData{None: true}
	}
	paths := []metadata.PathEntry{}
	at := make(map[string]int, longest(plans))
	for _, plan := range slices.Backward(plans) {
		for _, e := range plan.PlannerData {
			if n, known := at[e.FQN]; known {
				paths[n] = e
				continue
			}
			at[e.FQN] = len(paths)
			paths = append(paths, e)
		}
	}
	return metadata.PlannerData{Paths: paths}
}
