package metadata

import (
	"cmp"
	"math"
	"slices"

	"github.com/godcp/godcp/ckpterr"
	"github.com/godcp/godcp/tensor"
)

// ValidateChunks returns the first fault of the sizes and of how the chunks tile
// the tensor, a *ckpterr.Error.
func (t *TensorStorageMetadata) ValidateChunks() error {
	if e := t.validateChunks(); e != nil {
		return e
	}
	return nil
}

// validateChunks finds the first fault of the sizes and of how the chunks tile
// the tensor.
func (t *TensorStorageMetadata) validateChunks() *ckpterr.Error {
	for _, n := range t.Size {
		if n < 0 {
			return ckpterr.New(ckpterr.BadMetadata, "its size is %s", shape(t.Size))
		}
	}
	numel, ok := tensor.NumElements(t.Size)
	if size := int64(max(t.Properties.DType.Size(), 1)); !ok || numel > math.MaxInt64/size {
		return ckpterr.New(ckpterr.BadMetadata, "its size %s overflows", shape(t.Size))
	}
	covered := int64(0)
	solid := make([]int32, 0, len(t.Chunks)) // zero-size chunks may lie anywhere
	for i, c := range t.Chunks {
		if len(c.Offsets) != len(t.Size) || len(c.Sizes) != len(t.Size) {
			return ckpterr.New(ckpterr.BadMetadata, "chunk %d has %d offsets and %d sizes for %d dimensions",
				i, len(c.Offsets), len(c.Sizes), len(t.Size))
		}
		for d, n := range t.Size {
			if c.Offsets[d] < 0 || c.Sizes[d] < 0 || c.Offsets[d] > n || c.Sizes[d] > n-c.Offsets[d] {
				return ckpterr.New(ckpterr.ChunkBounds, "chunk %d of %s at %s is outside of %s", i,
					shape(c.Sizes), shape(c.Offsets), shape(t.Size))
			}
		}
		if n := c.NumElements(); n > 0 {
			covered += min(n, math.MaxInt64-covered)
			solid = append(solid, int32(i))
		}
	}
	a, b, err := findOverlap(t.Chunks, solid)
	if err != nil {
		return err
	}
	if a != b {
		x, y := t.Chunks[a], t.Chunks[b]
		return ckpterr.New(ckpterr.ChunkOverlap, "chunks %d (%s at %s) and %d (%s at %s) overlap",
			a, shape(x.Sizes), shape(x.Offsets),
			b, shape(y.Sizes), shape(y.Offsets))
	}
	if covered != numel {
		return ckpterr.New(ckpterr.ChunkGap, "its chunks hold %d of %d elements", covered, numel)
	}
	return nil
}

// findOverlap returns two of the boxes that overlap, or equal numbers. It cuts
// the set along planes that no box crosses until single boxes are left; real
// shardings always can be cut so. What cannot is compared pairwise, under a
// budget that keeps the whole near-linear.
func findOverlap(boxes []tensor.Box, ids []int32) (a, b int32, _ *ckpterr.Error) {
	budget := 1<<17 + 1024*len(ids)
	todo := [][]int32{ids}
	for len(todo) > 0 {
		ids := todo[len(todo)-1]
		todo = todo[:len(todo)-1]
		if len(ids) < 2 {
			continue
		}
		parts := cut(boxes, ids, &budget)
		if parts != nil {
			todo = append(todo, parts...)
		} else if a, b := overlapIn(boxes, ids, &budget); a != b {
			return a, b, nil
		}
		if budget < 0 {
			return 0, 0, ckpterr.New(ckpterr.LimitExceeded, "its %d chunks are too tangled to check", len(boxes))
		}
	}
	return 0, 0, nil
}

// cut sorts ids along the first dimension in which they fall apart and returns
// the parts; nil if there is none.
func cut(boxes []tensor.Box, ids []int32, budget *int) (parts [][]int32) {
	for d := range boxes[ids[0]].Sizes {
		if *budget -= len(ids); *budget < 0 {
			return nil
		}
		slices.SortFunc(ids, func(i, j int32) int { return cmp.Compare(boxes[i].Offsets[d], boxes[j].Offsets[d]) })
		start, end := 0, int64(0)
		for k, i := range ids {
			if k > start && boxes[i].Offsets[d] >= end {
				parts = append(parts, ids[start:k])
				start = k
			}
			end = max(end, boxes[i].Offsets[d]+boxes[i].Sizes[d])
		}
		if parts != nil {
			return append(parts, ids[start:])
		}
	}
	return nil
}

// overlapIn compares boxes that overlap in the first dimension.
func overlapIn(boxes []tensor.Box, ids []int32, budget *int) (a, b int32) {
	if len(boxes[ids[0]].Sizes) == 0 {
		return ids[0], ids[1]
	}
	slices.SortFunc(ids, func(i, j int32) int { return cmp.Compare(boxes[i].Offsets[0], boxes[j].Offsets[0]) })
	for k, i := range ids {
		end := boxes[i].Offsets[0] + boxes[i].Sizes[0]
		for _, j := range ids[k+1:] {
			if boxes[j].Offsets[0] >= end {
				break
			}
			if *budget--; *budget < 0 {
				return 0, 0
			}
			if meet(boxes[i], boxes[j]) {
				return i, j
			}
		}
	}
	return 0, 0
}

func meet(a, b tensor.Box) bool {
	for d := range a.Sizes {
		if a.Offsets[d] >= b.Offsets[d]+b.Sizes[d] || b.Offsets[d] >= a.Offsets[d]+a.Sizes[d] {
			return false
		}
	}
	return true
}
