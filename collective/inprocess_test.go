package collective_test

import (
	"context"
	"errors"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"go.uber.org/goleak"

	"github.com/godcp/godcp/collective"
	"github.com/godcp/godcp/collective/internal/grouptest"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

func TestInProcess(t *testing.T) {
	grouptest.Run(t, func(t *testing.T, n int) []collective.Group { return collective.InProcess(n) })
}

// TestDeadlineNames: the error says who gave up, when, and for whom it waited.
func TestDeadlineNames(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		groups := collective.InProcess(4)
		start := time.Now()
		errs := make([]error, 4)
		var wg sync.WaitGroup
		for _, rank := range []int{0, 2} {
			wg.Go(func() {
				ctx, cancel := context.WithTimeout(t.Context(), time.Duration(rank+1)*time.Minute)
				defer cancel()
				errs[rank] = groups[rank].Barrier(ctx)
			})
		}
		wg.Wait()
		if d := time.Since(start); d != time.Minute {
			t.Errorf("gave up after %v", d)
		}
		const want = "rank 0 gave up: Barrier waiting for ranks [1 3]: context deadline exceeded"
		for _, rank := range []int{0, 2} {
			if err := errs[rank]; err == nil || err.Error() != want || !errors.Is(err, context.DeadlineExceeded) {
				t.Errorf("rank %d: got %v, want %s", rank, err, want)
			}
		}
	})
}

// TestWaitsForSlow: without a deadline a slow rank is waited for.
func TestWaitsForSlow(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		groups := collective.InProcess(2)
		go func() {
			time.Sleep(100 * time.Hour)
			groups[1].Barrier(t.Context())
		}()
		if err := groups[0].Barrier(t.Context()); err != nil {
			t.Error(err)
		}
	})
}

// TestOneCallAtATime: the same rank in two goroutines is a mistake, not a rank.
func TestOneCallAtATime(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		groups := collective.InProcess(2)
		var wg sync.WaitGroup
		var first error
		wg.Go(func() { first = groups[0].Barrier(t.Context()) })
		synctest.Wait()
		second := groups[0].Barrier(t.Context())
		wg.Wait()
		for _, err := range []error{first, second} {
			if !errors.Is(err, collective.ErrMismatch) {
				t.Errorf("got %v", err)
			}
		}
	})
}

func TestMismatchText(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		groups := collective.InProcess(2)
		var wg sync.WaitGroup
		wg.Go(func() { groups[0].Barrier(t.Context()) })
		synctest.Wait()
		_, err := groups[1].Gather(t.Context(), 1, nil)
		wg.Wait()
		if !strings.Contains(err.Error(), "Gather(root 1) where rank 0 called Barrier") {
			t.Error(err)
		}
	})
}

func TestSingle(t *testing.T) {
	g := collective.Single()
	gone, cancel := context.WithCancel(t.Context())
	cancel()
	if err := g.Barrier(gone); !errors.Is(err, context.Canceled) {
		t.Errorf("cancelled: %v", err)
	}
	// Nobody was left behind, so the group goes on.
	if got, err := g.Gather(t.Context(), 0, []byte("x")); err != nil || len(got) != 1 || string(got[0]) != "x" {
		t.Errorf("gather: %q, %v", got, err)
	}
	if got, err := g.AllGather(t.Context(), []byte("x")); err != nil || len(got) != 1 || string(got[0]) != "x" {
		t.Errorf("all gather: %q, %v", got, err)
	}
	if got, err := g.Scatter(t.Context(), 0, [][]byte{[]byte("y")}); err != nil || string(got) != "y" {
		t.Errorf("scatter: %q, %v", got, err)
	}
	if got, err := g.Broadcast(t.Context(), 0, []byte("z")); err != nil || string(got) != "z" {
		t.Errorf("broadcast: %q, %v", got, err)
	}
	if _, err := g.Scatter(t.Context(), 0, nil); err == nil {
		t.Error("scatter of nothing")
	}
	if _, err := g.Gather(t.Context(), 1, nil); err == nil {
		t.Error("gather at rank 1")
	}
}

func TestInProcessRefuses(t *testing.T) {
	defer func() {
		if recover() == nil {
			t.Error("a group of no ranks was made")
		}
	}()
	collective.InProcess(0)
}
