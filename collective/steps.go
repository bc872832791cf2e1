package collective

import (
	"context"
	"fmt"
)

// ReduceScatter runs local on every rank, gives root what they returned, and
// hands element i of what reduce returns there to rank i: torch's
// _DistWrapper.reduce_scatter.
//
// In this and the other steps, if a callback fails on any rank, root goes no
// further, and every rank returns the same [*StepError]. Any other error comes
// from the group itself, and leaves unknown how the step ended for the others.
//
// Values are of concrete types that encoding/gob can carry, which honours
// encoding.BinaryMarshaler; the zero value of any type travels too. A callback that panics or ends its
// goroutine makes its rank leave the group, so that nobody waits for it.
func ReduceScatter[L, R any](ctx context.Context, g Group, step string, root int,
	local func() (L, error), reduce func([]L) ([]R, error),
) (R, error) {
	if g.Size() == 1 {
		return solo(ctx, g, step, root, local, func(l L) (r R, err error) {
			rs, err := reduce([]L{l})
			if err == nil && len(rs) != 1 {
				err = fmt.Errorf("%d replies for 1 rank", len(rs))
			}
			if err != nil {
				return r, err
			}
			return rs[0], nil
		})
	}
	var none R
	all, err := gather(ctx, g, step, root, local)
	if err != nil {
		return none, err
	}
	var replies [][]byte
	if g.Rank() == root {
		replies = guarded(g, func() [][]byte {
			values, failures := openParts[L](g, all)
			if failures == nil {
				rs, err := reduce(values)
				if err == nil {
					if replies, err = packEach(rs, g.Size()); err == nil {
						return replies
					}
				}
				failures = map[int]error{root: err}
			}
			return repeat(packFailures(g, failures), g.Size())
		})
	}
	reply, err := g.Scatter(ctx, root, replies)
	if err != nil {
		return none, fmt.Errorf("%s: %w", step, err)
	}
	return openReply[R](g, step, reply)
}

// AllReduce runs local on every rank, gives root what they returned, and hands
// what reduce returns there to every rank: torch's _DistWrapper.all_reduce.
func AllReduce[L, R any](ctx context.Context, g Group, step string, root int,
	local func() (L, error), reduce func([]L) (R, error),
) (R, error) {
	if g.Size() == 1 {
		return solo(ctx, g, step, root, local, func(l L) (R, error) { return reduce([]L{l}) })
	}
	all, err := gather(ctx, g, step, root, local)
	if err != nil {
		var none R
		return none, err
	}
	var reply []byte
	if g.Rank() == root {
		reply = guarded(g, func() []byte {
			values, failures := openParts[L](g, all)
			if failures != nil {
				return packFailures(g, failures)
			}
			r, err := reduce(values)
			return packed(g, r, err)
		})
	}
	return broadcast[R](ctx, g, step, root, reply)
}

// Broadcast runs f on root and hands what it returns to every rank: torch's
// _DistWrapper.broadcast.
func Broadcast[R any](ctx context.Context, g Group, step string, root int, f func() (R, error)) (R, error) {
	var reply []byte
	if g.Rank() == root {
		reply = guarded(g, func() []byte {
			r, err := f()
			return packed(g, r, err)
		})
	}
	return broadcast[R](ctx, g, step, root, reply)
}

// solo is a step of a group of one: nothing travels, so nothing is encoded, and
// what reduce did is known whatever becomes of the context.
func solo[L, R any](ctx context.Context, g Group, step string, root int, local func() (L, error), reduce func(L) (R, error)) (r R, err error) {
	l := guarded(g, func() L {
		var l L
		l, err = local()
		return l
	})
	if _, groupErr := g.Broadcast(ctx, root, nil); groupErr != nil {
		return r, fmt.Errorf("%s: %w", step, groupErr)
	}
	if err == nil {
		r = guarded(g, func() R {
			var r R
			r, err = reduce(l)
			return r
		})
	}
	if err != nil {
		var none R
		return none, &StepError{step, map[int]error{root: err}}
	}
	return r, nil
}

// gather brings what local returns, an error included, to root.
func gather[L any](ctx context.Context, g Group, step string, root int, local func() (L, error)) ([][]byte, error) {
	part := guarded(g, func() []byte {
		v, err := local()
		return packed(g, v, err)
	})
	all, err := g.Gather(ctx, root, part)
	if err != nil {
		return nil, fmt.Errorf("%s: %w", step, err)
	}
	return all, nil
}

func broadcast[R any](ctx context.Context, g Group, step string, root int, reply []byte) (R, error) {
	reply, err := g.Broadcast(ctx, root, reply)
	if err != nil {
		var none R
		return none, fmt.Errorf("%s: %w", step, err)
	}
	return openReply[R](g, step, reply)
}

// guarded leaves the group if f does not return.
func guarded[T any](g Group, f func() T) T {
	returned := false
	defer func() {
		if !returned {
			g.Close()
		}
	}()
	v := f()
	returned = true
	return v
}
