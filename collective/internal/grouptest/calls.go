package grouptest

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"testing"

	"github.com/godcp/godcp/collective"
)

// round makes every call once, with one root, and checks what comes out.
func round(ctx context.Context, g collective.Group, root, n int) error {
	mine := word(g.Rank(), n)
	got, err := g.Gather(ctx, root, mine)
	if err != nil {
		return err
	}
	if g.Rank() != root && got != nil {
		return fmt.Errorf("gather gave %q to a rank that is not root", got)
	}
	var parts [][]byte
	if g.Rank() == root {
		if err := same(got, words(g.Size(), n)); err != nil {
			return fmt.Errorf("gather: %w", err)
		}
		for rank := range g.Size() {
			parts = append(parts, word(rank, -n))
		}
	}
	part, err := g.Scatter(ctx, root, parts)
	if err != nil {
		return err
	}
	if want := word(g.Rank(), -n); !bytes.Equal(part, want) {
		return fmt.Errorf("scatter: got %q, want %q", part, want)
	}
	said, err := g.Broadcast(ctx, root, mine)
	if err != nil {
		return err
	}
	if want := word(root, n); !bytes.Equal(said, want) {
		return fmt.Errorf("broadcast: got %q, want %q", said, want)
	}
	if got, err = g.AllGather(ctx, mine); err != nil {
		return err
	}
	if err := same(got, words(g.Size(), n)); err != nil {
		return fmt.Errorf("all gather: %w", err)
	}
	return g.Barrier(ctx)
}

func testCalls(t *testing.T, open Open) {
	for _, n := range []int{1, 2, 3, 8} {
		groups := open(t, n)
		for rank, g := range groups {
			if g.Rank() != rank || g.Size() != n {
				t.Fatalf("rank %d of %d says it is %d of %d", rank, n, g.Rank(), g.Size())
			}
		}
		all(t, groups, func(ctx context.Context, g collective.Group) error { return round(ctx, g, 0, 1) })
	}
}

func testRoots(t *testing.T, open Open) {
	all(t, open(t, 3), func(ctx context.Context, g collective.Group) error {
		for root := range g.Size() {
			if err := round(ctx, g, root, root); err != nil {
				return fmt.Errorf("root %d: %w", root, err)
			}
		}
		return nil
	})
}

// Rule 3: a fast rank may be a call ahead, and must not be taken for its past.
func testMany(t *testing.T, open Open) {
	all(t, open(t, 4), func(ctx context.Context, g collective.Group) error {
		for n := range 200 {
			if err := round(ctx, g, n%g.Size(), n); err != nil {
				return fmt.Errorf("round %d: %w", n, err)
			}
		}
		return nil
	})
}

// Rule 2: bytes of any length.
func testPayloads(t *testing.T, open Open) {
	all(t, open(t, 3), func(ctx context.Context, g collective.Group) error {
		for _, size := range []int{0, 1, 5 << 20} {
			mine := bytes.Repeat([]byte{byte(g.Rank() + 1)}, size)
			got, err := g.AllGather(ctx, mine)
			if err != nil {
				return err
			}
			for rank, data := range got {
				if !bytes.Equal(data, bytes.Repeat([]byte{byte(rank + 1)}, size)) {
					return fmt.Errorf("%d bytes of rank %d came as %d others", size, rank, len(data))
				}
			}
			if data, err := g.Broadcast(ctx, 1, nil); err != nil || len(data) > 0 {
				return errors.Join(fmt.Errorf("nothing came as %q", data), err)
			}
		}
		return nil
	})
}
