package planner

import (
	"encoding/binary"

	"github.com/godcp/godcp/dcp/metadata"
)

// entry is what several plans may have: everything under one (fqn, offset).
type entry struct {
	rank     int // of its first item
	item     *WriteItem
	lastRank int // that has it
	ranks    int // how many have it
}

// entries are those of all plans in order of first appearance, which is torch's
// order for choosing who writes what.
type entries struct {
	list []entry
	of   [][]int32 // of[rank][i] is the entry of item i of that rank's plan
}

func collectEntries(plans []*SavePlan, bad *PlanError) *entries {
	e := &entries{of: make([][]int32, len(plans))}
	seen := make(map[string]int32, longest(plans))
	var key []byte
	for rank, plan := range plans {
		e.of[rank] = make([]int32, len(plan.Items))
		for i := range plan.Items {
			it := &plan.Items[i]
			key = appendIndexKey(key[:0], it.Index)
			n, known := seen[string(key)]
			if !known {
				n = int32(len(e.list))
				seen[string(key)] = n
				e.list = append(e.list, entry{rank: rank, item: it, lastRank: -1})
			}
			e.of[rank][i] = n
			x := &e.list[n]
			if x.lastRank == rank {
				bad.add(it.Index.FQN, ErrDuplicateItem, "rank %d, offset %v", rank, it.Index.Offset)
				continue
			}
			x.lastRank = rank
			x.ranks++
		}
	}
	return e
}

// longest is the items of the longest plan: at least so many names there are.
func longest(plans []*SavePlan) int {
	n := 0
	for _, p := range plans {
		n = max(n, len(p.Items))
	}
	return n
}

// owners chooses the rank that writes each entry: torch's dedup_save_plans. It
// is the one with the fewest bytes so far, or just the lowest. Every entry
// counts for its owner with the bytes of its *whole* tensor, an object or an
// empty tensor with 1.
//
// Of ranks with equally few bytes the lowest is chosen. torch takes the first
// in the order of a set of CPython, which is the same for ranks 0…n but not,
// for example, for {1, 8}, where it takes 8.
func (e *entries) owners(lowest bool) []int32 {
	owner := make([]int32, len(e.list))
	if lowest {
		for i, x := range e.list {
			owner[i] = int32(x.rank)
		}
		return owner
	}
	candidates := e.candidates()
	load := make([]int64, len(e.of))
	for i, x := range e.list {
		ranks := candidates[:x.ranks]
		candidates = candidates[x.ranks:]
		best := ranks[0]
		for _, r := range ranks {
			if load[r] < load[best] {
				best = r
			}
		}
		owner[i] = best
		load[best] = addSizes(load[best], max(1, ItemSize(*x.item)))
	}
	return owner
}

// candidates are the ranks of every entry, ascending, one entry after the
// other.
func (e *entries) candidates() []int32 {
	at := make([]int, len(e.list))
	total := 0
	for i, x := range e.list {
		at[i] = total
		total += x.ranks
	}
	ranks := make([]int32, total)
	for rank, of := range e.of {
		for _, n := range of {
			ranks[at[n]] = int32(rank)
			at[n]++
		}
	}
	return ranks
}

// indexKey is equal for two indexes that name the same thing: the hint does not
// count, and a nil offset, which is an object, differs from an empty one.
func indexKey(x metadata.MetadataIndex) string { return string(appendIndexKey(nil, x)) }

func appendIndexKey(b []byte, x metadata.MetadataIndex) []byte {
	b = binary.AppendUvarint(b, uint64(len(x.FQN)))
	b = append(b, x.FQN...)
	if x.Offset == nil {
		return b
	}
	b = append(b, 1)
	for _, n := range x.Offset {
		b = binary.AppendVarint(b, n)
	}
	return b
}
