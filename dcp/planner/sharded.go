package planner

import (
	"errors"
	"fmt"
	"slices"

	"github.com/godcp/godcp/tensor"
)

// ShardedTensor is this rank's part of a tensor that is spread over ranks: any
// number of boxes of it, none included. It stands for torch's DTensor,
// ShardedTensor and CheckpointableTensor.
type ShardedTensor struct {
	DType  tensor.DType
	Size   []int64 // elements, the global shape
	Shards []Shard
}

// Shard is one local box.
type Shard struct {
	Offsets []int64 // elements, where the box begins in the global tensor
	Tensor  *tensor.Tensor

	// Resolver, if Tensor is nil, brings the data when the shard is saved.
	Resolver Resolver
}

// Box is the shard's place in the global tensor.
func (s Shard) Box() tensor.Box {
	return tensor.Box{Offsets: s.Offsets, Sizes: s.like().Shape()}
}

// like is the tensor or what stands for it; nil if there is neither.
func (s Shard) like() tensorLike {
	if s.Tensor != nil {
		return s.Tensor
	}
	if s.Resolver != nil {
		return s.Resolver
	}
	return nil
}

// Validate refuses shards of another dtype, or outside the global shape.
func (s *ShardedTensor) Validate() error {
	for i, sh := range s.Shards {
		t := sh.like()
		if t == nil {
			return fmt.Errorf("shard %d has no tensor", i)
		}
		switch shape := t.Shape(); {
		case t.DType() != s.DType:
			return fmt.Errorf("shard %d is %v, the sharded tensor %v", i, t.DType(), s.DType)
		case len(sh.Offsets) != len(s.Size) || len(shape) != len(s.Size):
			return fmt.Errorf("shard %d has %d offsets and %d dimensions, the sharded tensor %d",
				i, len(sh.Offsets), len(shape), len(s.Size))
		case !sh.Box().Within(s.Size):
			return fmt.Errorf("shard %d, %v, reaches outside %v", i, sh.Box(), s.Size)
		}
	}
	return nil
}

// local is a leaf of a state dict as planning sees it.
type local struct {
	dtype  tensor.DType
	size   []int64
	shards []Shard
}

// isTensor tells the values that are tensors, or stand for one.
func isTensor(v any) bool {
	switch v.(type) {
	case *tensor.Tensor, *ShardedTensor, Resolver:
		return true
	}
	return false
}

// localOf describes a tensor leaf; false for any other value.
func localOf(v any) (local, bool, error) {
	switch t := v.(type) {
	case *tensor.Tensor:
		if t == nil {
			return local{}, false, nil
		}
		sh := Shard{Offsets: make([]int64, t.Rank()), Tensor: t}
		return local{t.DType(), t.Shape(), []Shard{sh}}, true, nil
	case *ShardedTensor:
		if t == nil {
			return local{}, false, nil
		}
		if err := t.Validate(); err != nil {
			return local{}, true, err
		}
		return local{t.DType, t.Size, t.Shards}, true, nil
	case Resolver:
		size := t.Shape()
		for _, n := range size {
			if n < 0 {
				return local{}, true, fmt.Errorf("%T has shape %v", t, size)
			}
		}
		sh := Shard{Offsets: make([]int64, len(size)), Resolver: t}
		return local{t.DType(), size, []Shard{sh}}, true, nil
	}
	return local{}, false, nil
}

var errResolverTemplate = errors.New("a Resolver cannot be loaded into")

// writable refuses shards that have no memory.
func (l local) writable() error {
	for _, s := range l.shards {
		if s.Tensor == nil {
			return errResolverTemplate
		}
	}
	return nil
}

// shard finds the shard at offset, trying the hint first.
func (l local) shard(offset []int64, hint int) (Shard, bool) {
	if hint >= 0 && hint < len(l.shards) && slices.Equal(l.shards[hint].Offsets, offset) {
		return l.shards[hint], true
	}
	for _, s := range l.shards {
		if slices.Equal(s.Offsets, offset) {
			return s, true
		}
	}
	return Shard{}, false
}
