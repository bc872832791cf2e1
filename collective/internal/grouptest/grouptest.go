// Package grouptest tests an implementation of collective.Group against the
// contract in that package.
package grouptest

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"sync"
	"testing"
	"time"

	"github.com/godcp/godcp/collective"
)

// patience is far more than any call takes; what hangs longer has failed.
const patience = 30 * time.Second

// sizes of groups.
var sizes = []int{1, 2, 3, 4, 7}

// Open makes a group of n ranks for one test, and closes it with the test.
type Open func(t *testing.T, n int) []collective.Group

// Run runs all tests. Their names say what they test, their comments the number
// of the rule.
func Run(t *testing.T, open Open) {
	for _, c := range []struct {
		name string
		test func(*testing.T, Open)
	}{
		{"calls", testCalls},
		{"many calls", testMany},
		{"large and empty payloads", testPayloads},
		{"two groups", testTwoGroups},
		{"mismatch", testMismatch},
		{"cancelled before", testCancelledBefore},
		{"cancelled while waiting", testCancelledWaiting},
		{"deadline", testDeadline},
		{"close", testClose},
		{"close during a call", testCloseInside},
		{"gives up at every step", testGivesUp},
		{"finished calls stay good", testFinished},
		{"bad arguments", testArguments},
		{"nothing is left", testLeaks},
	} {
		t.Run(c.name, func(t *testing.T) { c.test(t, open) })
	}
}

// each runs f for every rank at the same time and returns the errors by rank.
// A rank that hangs fails the test.
func each(t *testing.T, groups []collective.Group, f func(ctx context.Context, g collective.Group) error) []error {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), patience)
	defer cancel()
	errs := make([]error, len(groups))
	var wg sync.WaitGroup
	for rank, g := range groups {
		wg.Go(func() { errs[rank] = f(ctx, g) })
	}
	wg.Wait()
	if ctx.Err() != nil {
		t.Errorf("some call hung: %v", errs)
	}
	return errs
}

// all wants no rank to fail.
func all(t *testing.T, groups []collective.Group, f func(ctx context.Context, g collective.Group) error) {
	t.Helper()
	for rank, err := range each(t, groups, f) {
		if err != nil {
			t.Errorf("rank %d: %v", rank, err)
		}
	}
}

// blames wants every rank but the culprit to name it, with the same words.
func blames(t *testing.T, errs []error, culprit int, reason error) {
	t.Helper()
	text := ""
	for rank, err := range errs {
		if rank == culprit {
			continue
		}
		var e *collective.RankError
		if !errors.As(err, &e) {
			t.Errorf("rank %d got %v, not a RankError", rank, err)
			continue
		}
		if text == "" {
			text = e.Error()
		}
		switch {
		case e.Rank != culprit:
			t.Errorf("rank %d blames rank %d: %v", rank, e.Rank, err)
		case reason != nil && !errors.Is(err, reason):
			t.Errorf("rank %d got %v, want %v", rank, err, reason)
		case e.Error() != text:
			t.Errorf("rank %d got %q, another rank %q", rank, e, text)
		}
	}
}

// word is what a rank says in a round.
func word(rank, round int) []byte { return fmt.Appendf(nil, "rank %d, round %d", rank, round) }

func words(n, round int) []string {
	var w []string
	for rank := range n {
		w = append(w, string(word(rank, round)))
	}
	return w
}

// same compares payloads with words.
func same(got [][]byte, want []string) error {
	if !slices.EqualFunc(got, want, func(g []byte, w string) bool { return string(g) == w }) {
		return fmt.Errorf("got %q, want %q", got, want)
	}
	return nil
}
