package planner

import (
	"context"
	"fmt"
	"slices"

	"github.com/godcp/godcp/tensor"
)

// Resolver stands in a state dict, or in a Shard, for a tensor whose data is not
// in memory: it is on a device, with another process, or still to be computed.
// A save asks for the data when it is about to write it and then lets go of it,
// so that it never holds more of it than WriterOptions.PerThreadCopyAhead bytes
// a file, or one tensor. Loads cannot fill it.
type Resolver interface {
	DType() tensor.DType
	Shape() []int64 // elements

	// Resolve returns the data, of that dtype and shape, which stays unchanged
	// until the save is over. Several Resolvers may be asked at once, and one
	// again if a file has to be written anew. It returns soon when ctx is done.
	Resolve(ctx context.Context) (*tensor.Tensor, error)
}

// tensorLike is a tensor or what stands for one.
type tensorLike interface {
	DType() tensor.DType
	Shape() []int64
}

// Resolve asks r for its data and holds it to what it promised.
func Resolve(ctx context.Context, r Resolver) (*tensor.Tensor, error) {
	t, err := r.Resolve(ctx)
	if err != nil {
		return nil, err
	}
	if t == nil || t.DType() != r.DType() || !slices.Equal(t.Shape(), r.Shape()) {
		return nil, fmt.Errorf("%T promised %v %v and gave %v", r, r.DType(), r.Shape(), describe(t))
	}
	return t, nil
}

func describe(t *tensor.Tensor) string {
	if t == nil {
		return "nothing"
	}
	return fmt.Sprint(t.DType(), " ", t.Shape())
}
