package planner

import (
	"cmp"
	"math"
	"slices"
)

const maxInt64 = math.MaxInt64

// SplitBySizeAndType deals items out to bins files of about equal size: torch's
// _split_by_size_and_type, item for item. Objects are dealt in turn, in order;
// then tensors, largest [ItemSize] first, each to the file with the fewest
// tensor bytes so far. One bin keeps the order of items. Bins may be empty.
func SplitBySizeAndType(bins int, items []WriteItem) [][]WriteItem {
	if bins <= 1 {
		return [][]WriteItem{items}
	}
	buckets := make([][]WriteItem, bins)
	type weighed struct {
		item WriteItem
		size int64
	}
	var tensors []weighed
	objects := 0
	for _, it := range items {
		if it.Type != WriteByteIO {
			tensors = append(tensors, weighed{it, ItemSize(it)})
			continue
		}
		buckets[objects%bins] = append(buckets[objects%bins], it)
		objects++
	}
	slices.SortStableFunc(tensors, func(a, b weighed) int { return cmp.Compare(b.size, a.size) })
	loads := make([]int64, bins)
	for _, w := range tensors {
		lightest := 0
		for i, load := range loads {
			if load < loads[lightest] {
				lightest = i
			}
		}
		buckets[lightest] = append(buckets[lightest], w.item)
		loads[lightest] = addSizes(loads[lightest], w.size)
	}
	return buckets
}

// addSizes adds two sizes that are not negative; the sum is at most 2^63-1.
func addSizes(a, b int64) int64 { return a + min(b, maxInt64-a) }
