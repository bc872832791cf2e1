package collective

import (
	"context"
	"fmt"
)

// Single is a world of one rank. A context that is done fails a call, but
// nobody is left behind by it: later calls work.
func Single() Group { return single{newShelf(1)} }

type single struct{ *shelf }

func (single) Rank() int { return 0 }
func (single) Size() int { return 1 }

func (single) Gather(ctx context.Context, root int, data []byte) ([][]byte, error) {
	if err := alone(ctx, root); err != nil {
		return nil, err
	}
	return [][]byte{data}, nil
}

func (single) Scatter(ctx context.Context, root int, data [][]byte) ([]byte, error) {
	if err := alone(ctx, root); err != nil {
		return nil, err
	}
	if len(data) != 1 {
		return nil, &RankError{0, fmt.Errorf("scatter of %d payloads to 1 rank", len(data))}
	}
	return data[0], nil
}

func (single) Broadcast(ctx context.Context, root int, data []byte) ([]byte, error) {
	return data, alone(ctx, root)
}

func (g single) AllGather(ctx context.Context, data []byte) ([][]byte, error) {
	return g.Gather(ctx, 0, data)
}

func (single) Barrier(ctx context.Context) error { return alone(ctx, 0) }

func (single) Close() error { return nil }

func alone(ctx context.Context, root int) error {
	if root != 0 {
		return &RankError{0, fmt.Errorf("root %d of 1 rank", root)}
	}
	if err := ctx.Err(); err != nil {
		return &RankError{0, err}
	}
	return nil
}
