package grouptest

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"sync"
	"testing"

	"github.com/godcp/godcp/collective"
)

// steps are all calls, each with a check of what comes out of it.
var steps = []struct {
	name string
	call func(ctx context.Context, g collective.Group, root, n int) error
}{
	{"gather", func(ctx context.Context, g collective.Group, root, n int) error {
		got, err := g.Gather(ctx, root, word(g.Rank(), n))
		switch {
		case err != nil:
			return err
		case g.Rank() == root:
			return same(got, words(g.Size(), n))
		case got != nil:
			return fmt.Errorf("%q for a rank that is not root", got)
		}
		return nil
	}},
	{"scatter", func(ctx context.Context, g collective.Group, root, n int) error {
		parts := [][]byte{[]byte("of no rank")} // does not count, but on root
		if g.Rank() == root {
			parts = nil
			for rank := range g.Size() {
				parts = append(parts, word(rank, -n))
			}
		}
		part, err := g.Scatter(ctx, root, parts)
		if err != nil {
			return err
		}
		return same([][]byte{part}, []string{string(word(g.Rank(), -n))})
	}},
	{"broadcast", func(ctx context.Context, g collective.Group, root, n int) error {
		said, err := g.Broadcast(ctx, root, word(g.Rank(), n))
		if err != nil {
			return err
		}
		return same([][]byte{said}, []string{string(word(root, n))})
	}},
	{"all gather", func(ctx context.Context, g collective.Group, _, n int) error {
		got, err := g.AllGather(ctx, word(g.Rank(), n))
		if err != nil {
			return err
		}
		return same(got, words(g.Size(), n))
	}},
	{"barrier", func(ctx context.Context, g collective.Group, _, _ int) error { return g.Barrier(ctx) }},
}

// round makes every call once, with one root, and checks what comes out.
func round(ctx context.Context, g collective.Group, root, n int) error {
	_, err := roundFrom(ctx, g, root, n, 0)
	return err
}

// roundFrom begins a round at a step, and tells which one failed.
func roundFrom(ctx context.Context, g collective.Group, root, n, first int) (step int, err error) {
	for i := first; i < len(steps); i++ {
		if err := steps[i].call(ctx, g, root, n); err != nil {
			return i, fmt.Errorf("%s: %w", steps[i].name, err)
		}
	}
	return len(steps), nil
}

func testCalls(t *testing.T, open Open) {
	for _, n := range sizes {
		groups := open(t, n)
		for rank, g := range groups {
			if g.Rank() != rank || g.Size() != n {
				t.Fatalf("rank %d of %d says it is %d of %d", rank, n, g.Rank(), g.Size())
			}
		}
		all(t, groups, func(ctx context.Context, g collective.Group) error {
			for root := range g.Size() {
				if err := round(ctx, g, root, root); err != nil {
					return fmt.Errorf("root %d: %w", root, err)
				}
			}
			return nil
		})
	}
}

// Rule 3: a fast rank may be a call ahead, and must not be taken for its past.
func testMany(t *testing.T, open Open) {
	all(t, open(t, 4), func(ctx context.Context, g collective.Group) error {
		for n := range 100 {
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
		for _, size := range []int{0, 1, 8 << 10, 3<<20 + 1} {
			if err := sized(ctx, g, size); err != nil {
				return fmt.Errorf("%d bytes: %w", size, err)
			}
		}
		return nil
	})
}

// sized makes calls with payloads of a size and with none, and looks at what
// comes out and at what went in.
func sized(ctx context.Context, g collective.Group, size int) error {
	of := func(rank int) []byte {
		if rank == 2 {
			return nil
		}
		return bytes.Repeat([]byte{byte(rank + 1)}, size)
	}
	const root = 1
	mine, parts := of(g.Rank()), [][]byte{of(0), of(1), of(2)}
	check := func(what string, rank int, got []byte, err error) error {
		if err == nil && !bytes.Equal(got, of(rank)) {
			err = fmt.Errorf("%d bytes of rank %d, not %d times %d", len(got), rank, len(of(rank)), rank+1)
		}
		if err != nil {
			return fmt.Errorf("%s: %w", what, err)
		}
		return nil
	}
	gathered, err := g.Gather(ctx, root, mine)
	for rank, got := range gathered {
		err = errors.Join(err, check("gather", rank, got, nil))
	}
	scattered, failed := g.Scatter(ctx, root, parts)
	err = errors.Join(err, check("scatter", g.Rank(), scattered, failed))
	said, failed := g.Broadcast(ctx, root, mine)
	err = errors.Join(err, check("broadcast", root, said, failed))
	said, failed = g.Broadcast(ctx, 2, mine)
	err = errors.Join(err, check("broadcast of nil", 2, said, failed))
	everything, failed := g.AllGather(ctx, mine)
	err = errors.Join(err, failed)
	for rank, got := range everything {
		err = errors.Join(err, check("all gather", rank, got, nil))
	}
	if len(everything) != 3 || (g.Rank() == root) != (len(gathered) == 3) {
		err = errors.Join(err, fmt.Errorf("%d and %d payloads", len(gathered), len(everything)))
	}
	err = errors.Join(err, check("what was given", g.Rank(), mine, nil))
	for rank, got := range parts {
		err = errors.Join(err, check("what was given", rank, got, nil))
	}
	return err
}

// Calls of two groups do not meet, and one fails without the other.
func testTwoGroups(t *testing.T, open Open) {
	pairs := [2][]collective.Group{open(t, 3), open(t, 3)}
	for broken := range 2 {
		errs := [2][]error{}
		var wg sync.WaitGroup
		for i, groups := range pairs {
			wg.Go(func() {
				errs[i] = each(t, groups, func(ctx context.Context, g collective.Group) error {
					for n := range 20 {
						if err := round(ctx, g, n%3, 1000*i+n); err != nil {
							return err
						}
						if n == 10 && broken == 1 && i == 1 && g.Rank() == 2 {
							return g.Close()
						}
					}
					return nil
				})
			})
		}
		wg.Wait()
		if err := errors.Join(errs[0]...); err != nil {
			t.Errorf("group 0: %v", err)
		}
		if broken == 1 {
			blames(t, errs[1], 2, collective.ErrClosed)
		} else if err := errors.Join(errs[1]...); err != nil {
			t.Errorf("group 1: %v", err)
		}
	}
}
