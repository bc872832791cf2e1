package collective_test

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"sync"
	"testing"

	"github.com/godcp/godcp/collective"
)

// remote hides that the ranks share memory, as if they were processes.
type remote struct{ collective.Group }

// kinds are groups whose errors travel in each way.
var kinds = map[string]func(n int) []collective.Group{
	"in process": collective.InProcess,
	"remote": func(n int) []collective.Group {
		groups := collective.InProcess(n)
		for i, g := range groups {
			groups[i] = remote{g}
		}
		return groups
	},
}

// onAll runs f on every rank at once.
func onAll(groups []collective.Group, f func(g collective.Group) error) []error {
	errs := make([]error, len(groups))
	var wg sync.WaitGroup
	for rank, g := range groups {
		wg.Go(func() { errs[rank] = f(g) })
	}
	wg.Wait()
	return errs
}

type offer struct {
	Rank  int
	Items []string
}

// shout is a value with an encoding of its own.
type shout struct{ s string }

func (s *shout) MarshalBinary() ([]byte, error) { return []byte(strings.ToUpper(s.s)), nil }
func (s *shout) UnmarshalBinary(b []byte) error { s.s = string(b); return nil }

func TestSteps(t *testing.T) {
	ctx := t.Context()
	for kind, open := range kinds {
		t.Run(kind, func(t *testing.T) {
			for _, err := range onAll(open(3), func(g collective.Group) error {
				rank := g.Rank()
				local := func() (offer, error) { return offer{rank, []string{fmt.Sprint("item ", rank)}}, nil }
				got, err := collective.ReduceScatter(ctx, g, "plan", 1, local, func(all []offer) ([]*shout, error) {
					var replies []*shout
					for i, o := range all {
						if o.Rank != i || rank != 1 {
							return nil, fmt.Errorf("rank %d has %+v for rank %d", rank, o, i)
						}
						replies = append(replies, &shout{"to " + o.Items[0]})
					}
					return replies, nil
				})
				if err != nil || got.s != fmt.Sprint("TO ITEM ", rank) {
					return fmt.Errorf("reduce-scatter: %v, %w", got, err)
				}
				sum, err := collective.AllReduce(ctx, g, "write", 2, func() (int, error) { return rank, nil },
					func(all []int) (string, error) { return fmt.Sprint(all), nil })
				if err != nil || sum != "[0 1 2]" {
					return fmt.Errorf("all-reduce: %v, %w", sum, err)
				}
				said, err := collective.Broadcast(ctx, g, "say", 1, func() (map[string]int, error) {
					return map[string]int{"rank": rank}, nil
				})
				if err != nil || said["rank"] != 1 {
					return fmt.Errorf("broadcast: %v, %w", said, err)
				}
				return nil
			}) {
				if err != nil {
					t.Error(err)
				}
			}
		})
	}
}

// TestZeroValues travel whatever their type: gob alone refuses some.
func TestZeroValues(t *testing.T) {
	for _, err := range onAll(collective.InProcess(2), func(g collective.Group) error {
		_, err := collective.AllReduce(t.Context(), g, "x", 0,
			func() (*offer, error) { return nil, nil },
			func(all []*offer) (struct{}, error) {
				if !slices.Equal(all, []*offer{nil, nil}) {
					return struct{}{}, fmt.Errorf("got %v", all)
				}
				return struct{}{}, nil
			})
		return err
	}) {
		if err != nil {
			t.Error(err)
		}
	}
}

// TestPanickingRank leaves the group instead of letting the others wait.
func TestPanickingRank(t *testing.T) {
	errs := onAll(collective.InProcess(3), func(g collective.Group) (err error) {
		defer func() {
			if r := recover(); r != nil {
				err = fmt.Errorf("panic: %v", r)
			}
		}()
		_, err = collective.AllReduce(t.Context(), g, "s", 0, func() (int, error) {
			if g.Rank() == 1 {
				panic("boom")
			}
			return 1, nil
		}, func([]int) (int, error) { return 1, nil })
		return err
	})
	for rank, err := range errs {
		var e *collective.RankError
		if rank != 1 && (!errors.As(err, &e) || e.Rank != 1 || !errors.Is(err, collective.ErrClosed)) {
			t.Errorf("rank %d got %v", rank, err)
		}
	}
	if fmt.Sprint(errs[1]) != "panic: boom" {
		t.Errorf("rank 1 got %v", errs[1])
	}
}

// TestGroupFailureIsNoVerdict: when the group itself fails, nobody says that
// the step failed.
func TestGroupFailureIsNoVerdict(t *testing.T) {
	for rank, err := range onAll(collective.InProcess(2), func(g collective.Group) error {
		ctx, cancel := context.WithCancel(t.Context())
		defer cancel()
		_, err := collective.AllReduce(ctx, g, "s", 0, func() (int, error) { return 1, nil },
			func([]int) (int, error) { cancel(); return 1, nil })
		return err
	}) {
		var e *collective.StepError
		if errors.As(err, &e) || !errors.Is(err, context.Canceled) {
			t.Errorf("rank %d got %v", rank, err)
		}
	}
}

func TestSingleKeepsErrors(t *testing.T) {
	_, err := collective.Broadcast(t.Context(), collective.Single(), "s", 0, func() (int, error) { return 0, errOwn })
	checkStepError(t, "single", err, map[int]error{0: errOwn}, true)
}

// TestManyFailedSteps: failures of long ago are not kept, those of now are.
func TestManyFailedSteps(t *testing.T) {
	groups := collective.InProcess(3)
	for i := range 100 {
		want := fmt.Errorf("failure %d", i)
		for _, err := range onAll(groups, func(g collective.Group) error {
			_, err := collective.ReduceScatter(t.Context(), g, "s", 0, func() (int, error) { return 0, want },
				func([]int) ([]int, error) { return nil, nil })
			return err
		}) {
			if !errors.Is(err, want) {
				t.Fatalf("step %d: %v", i, err)
			}
		}
	}
}
