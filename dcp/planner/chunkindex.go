package planner

import (
	"cmp"
	"slices"
	"sort"

	"github.com/godcp/godcp/tensor"
)

// chunkIndex finds the saved chunks that meet a box, in time that grows with
// the answer and not with the number of chunks.
//
// It is a tree with one level per dimension: a node holds the distinct
// intervals of its chunks along its dimension, sorted by start, each with the
// node of the next dimension for the chunks that have that interval. A grid of
// chunks, the usual case, gives one node per row, column, …; any other set of
// boxes works too.
type chunkIndex struct {
	chunks []tensor.Box
	root   *node
}

type node struct {
	starts, ends []int64
	maxEnd       []int64 // largest end so far: where a search may begin
	next         []*node // nil at the last dimension
	leaf         [][]int // positions of chunks, at the last dimension
}

// fewChunks is where looking at every chunk is as good as a tree.
const fewChunks = 8

func newChunkIndex(chunks []tensor.Box) *chunkIndex {
	x := &chunkIndex{chunks: chunks}
	if len(chunks) <= fewChunks || len(chunks[0].Sizes) == 0 {
		return x
	}
	all := make([]int, 0, len(chunks))
	for i, c := range chunks {
		if !c.Empty() {
			all = append(all, i)
		}
	}
	if len(all) > 0 {
		x.root = x.build(all, 0)
	}
	return x
}

func (x *chunkIndex) build(ids []int, dim int) *node {
	start := func(i int) int64 { return x.chunks[i].Offsets[dim] }
	end := func(i int) int64 { return x.chunks[i].Offsets[dim] + x.chunks[i].Sizes[dim] }
	slices.SortStableFunc(ids, func(a, b int) int {
		return cmp.Or(cmp.Compare(start(a), start(b)), cmp.Compare(end(a), end(b)))
	})
	n := &node{}
	last := dim == len(x.chunks[ids[0]].Sizes)-1
	for len(ids) > 0 {
		s, e := start(ids[0]), end(ids[0])
		k := 1
		for k < len(ids) && start(ids[k]) == s && end(ids[k]) == e {
			k++
		}
		m := e
		if len(n.maxEnd) > 0 {
			m = max(m, n.maxEnd[len(n.maxEnd)-1])
		}
		n.starts, n.ends, n.maxEnd = append(n.starts, s), append(n.ends, e), append(n.maxEnd, m)
		if last {
			n.leaf = append(n.leaf, ids[:k:k])
		} else {
			n.next = append(n.next, x.build(ids[:k:k], dim+1))
		}
		ids = ids[k:]
	}
	return n
}

// meeting returns the positions of the chunks that share an element with box,
// ascending.
func (x *chunkIndex) meeting(box tensor.Box) []int {
	var found []int
	if x.root == nil {
		for i, c := range x.chunks {
			if _, ok := c.Intersect(box); ok {
				found = append(found, i)
			}
		}
		return found
	}
	if box.Empty() {
		return nil
	}
	found = x.root.search(box, 0, nil)
	slices.Sort(found)
	return found
}

func (n *node) search(box tensor.Box, dim int, found []int) []int {
	lo, hi := box.Offsets[dim], box.Offsets[dim]+box.Sizes[dim]
	first := sort.Search(len(n.maxEnd), func(i int) bool { return n.maxEnd[i] > lo })
	for i := first; i < len(n.starts) && n.starts[i] < hi; i++ {
		switch {
		case n.ends[i] <= lo:
		case n.leaf != nil:
			found = append(found, n.leaf[i]...)
		default:
			found = n.next[i].search(box, dim+1, found)
		}
	}
	return found
}
