package tensor

import (
	"fmt"
	"slices"
)

// Placement says what becomes of a tensor along one dimension of a mesh. Make
// one with Shard, StridedShard or Replicate; the zero value replicates.
type Placement struct {
	dim   int
	split int // the split factor; 1 for Shard, 0 for Replicate
}

// Shard cuts dimension dim of the tensor as torch.chunk does: pieces of equal
// size, rounded up, so that the last ranks may get less or nothing. A negative
// dim counts from the end.
func Shard(dim int) Placement { return Placement{dim, 1} }

// StridedShard is torch's _StridedShard: it first cuts the dimension into
// splitFactor pieces, then each of them among the ranks, of which each has its
// part of every piece. FSDP on top of tensor parallelism over n ranks is
// StridedShard(0, n) on the outer dimension of the mesh and Shard(0) on the
// inner. A splitFactor below 1, or beyond all meshes, is an error where the
// placement is used.
func StridedShard(dim, splitFactor int) Placement {
	if splitFactor < 1 || splitFactor > maxMesh {
		splitFactor = -1
	}
	return Placement{dim, splitFactor}
}

// Replicate gives all of it to every rank.
func Replicate() Placement { return Placement{} }

// String is torch's short form.
func (p Placement) String() string {
	switch p.split {
	case 0:
		return "R"
	case 1:
		return fmt.Sprintf("S(%d)", p.dim)
	}
	return fmt.Sprintf("_S(%d, %d)", p.dim, p.split)
}

// Part is a box that a rank has: where it lies in the whole tensor, and where in
// the rank's local one.
type Part struct {
	Global, Local Box
}

// Local is what one rank has of a tensor.
type Local struct {
	// Shape is that of the local tensor. Offset is where its first element lies
	// in the whole; along a dimension of which the rank has nothing it is that
	// dimension's size. Both are torch's compute_local_shape_and_global_offset.
	Shape, Offset []int64

	// Parts are the boxes that make up the local tensor: one, unless a
	// StridedShard gives the rank several pieces that do not adjoin. (torch
	// takes a local tensor for one box, and saves such ones wrongly.)
	Parts []Part
}

// Local is what rank has of a tensor of the given size, by one placement for
// each dimension of the mesh, applied from the first to the last. A rank outside
// of the mesh has nothing: the zero Local.
func (m Mesh) Local(rank int, size []int64, placements ...Placement) (Local, error) {
	if len(placements) != len(m.shape) {
		return Local{}, fmt.Errorf("%d placements for a mesh of %d dimensions", len(placements), len(m.shape))
	}
	if _, ok := NumElements(size); !ok {
		return Local{}, fmt.Errorf("impossible size %v", size)
	}
	runs := make([][]run, len(size))
	for d, n := range size {
		runs[d] = []run{{0, n}}
	}
	coordinate, inside := m.Coordinate(rank)
	for i, p := range placements {
		dim := p.dim
		if dim < 0 {
			dim += len(size)
		}
		switch {
		case p.split == 0:
			continue
		case p.split < 0:
			return Local{}, fmt.Errorf("impossible split factor of placement %d", i)
		case dim < 0 || dim >= len(size):
			return Local{}, fmt.Errorf("placement %v of a tensor of %d dimensions", p, len(size))
		case inside:
			runs[dim] = cut(runs[dim], int64(p.split), int64(m.shape[i]), int64(coordinate[i]))
		}
	}
	if !inside {
		return Local{}, nil
	}
	return localOf(runs, size), nil
}

// run is a half-open interval.
type run struct{ from, to int64 }

// cut takes from runs, one after the other, what rank i of n gets of each of
// split pieces.
func cut(runs []run, split, n, i int64) []run {
	length := int64(0)
	for _, r := range runs {
		length += r.to - r.from
	}
	var mine []run
	piece := ceilDiv(length, split)
	for from := int64(0); from < length; {
		whole := min(piece, length-from)
		part := ceilDiv(whole, n)
		lo := whole
		if i <= whole/part { // else i*part is beyond, and may overflow
			lo = i * part
		}
		mine = take(mine, runs, from+lo, from+lo+min(part, whole-lo))
		from += whole
	}
	return mine
}

func ceilDiv(a, b int64) int64 { return a/b + min(a%b, 1) }

// take appends to mine what lies at positions lo to hi of all runs together.
// Neighbours become one.
func take(mine, runs []run, lo, hi int64) []run {
	at := int64(0)
	for _, r := range runs {
		from, to := max(lo, at), min(hi, at+r.to-r.from)
		if from < to {
			x := run{r.from + from - at, r.from + to - at}
			if k := len(mine) - 1; k >= 0 && mine[k].to == x.from {
				mine[k].to = x.to
			} else {
				mine = append(mine, x)
			}
		}
		at += r.to - r.from
	}
	return mine
}

// localOf is the product of the runs of all dimensions.
func localOf(runs [][]run, size []int64) Local {
	l := Local{Shape: make([]int64, len(size)), Offset: make([]int64, len(size))}
	empty := false
	for d, rs := range runs {
		if len(rs) == 0 || rs[0].from == rs[0].to {
			l.Offset[d], empty = size[d], true
			continue
		}
		l.Offset[d] = rs[0].from
		for _, r := range rs {
			l.Shape[d] += r.to - r.from
		}
	}
	if empty {
		l.Parts = []Part{{Global: Box{Offsets: slices.Clone(l.Offset), Sizes: slices.Clone(l.Shape)}, Local: FullBox(l.Shape)}}
		return l
	}
	l.Parts = products(runs, nil, Part{}, l.Parts)
	return l
}

// products appends the parts that begin as p does along the first dimensions.
func products(runs [][]run, done []run, p Part, parts []Part) []Part {
	d := len(done)
	if d == len(runs) {
		return append(parts, Part{
			Global: Box{Offsets: clone(p.Global.Offsets), Sizes: clone(p.Global.Sizes)},
			Local:  Box{Offsets: clone(p.Local.Offsets), Sizes: clone(p.Global.Sizes)},
		})
	}
	at := int64(0)
	for _, r := range runs[d] {
		q := p
		q.Global.Offsets = append(p.Global.Offsets[:d:d], r.from)
		q.Global.Sizes = append(p.Global.Sizes[:d:d], r.to-r.from)
		q.Local.Offsets = append(p.Local.Offsets[:d:d], at)
		parts = products(runs, append(done[:d:d], r), q, parts)
		at += r.to - r.from
	}
	return parts
}

// clone is never nil.
func clone(dims []int64) []int64 { return append(make([]int64, 0, len(dims)), dims...) }
