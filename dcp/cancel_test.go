package dcp_test

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"sync/atomic"
	"testing"
	"testing/synctest"

	"golang.org/x/sync/errgroup"

	"github.com/godcp/godcp/backends/memfs"
	"github.com/godcp/godcp/collective"
	"github.com/godcp/godcp/dcp"
	"github.com/godcp/godcp/fsbase"
)

// TestOneRankCancelled cancels one of three ranks at each step of the job: all
// ranks fail for the same reason, or all are told the same success; the old or
// the new checkpoint is whole, and nothing of the old one is gone.
func TestOneRankCancelled(t *testing.T) {
	for rank := range 3 {
		for n, ended := int64(0), false; !ended; n++ {
			synctest.Test(t, func(t *testing.T) { ended = cancelRank(t, rank, n) })
		}
	}
}

func cancelRank(t *testing.T, cancelled int, n int64) (ended bool) {
	fsys := memfs.New()
	if err := saveJob(t.Context(), fsys, 1, 3, dcp.SaveOptions{}); err != nil {
		t.Fatal(err)
	}
	old := names(t, fsys)
	ctx, cancel := context.WithCancel(t.Context())
	defer cancel()
	var calls atomic.Int64
	fsys.SetHook(func(context.Context, memfs.Op) error {
		if calls.Add(1) == n+1 {
			cancel()
		}
		return nil
	})
	errs := make([]error, 3)
	var eg errgroup.Group
	for rank, g := range collective.InProcess(3) {
		own := t.Context()
		if rank == cancelled {
			own = ctx
		}
		eg.Go(func() error {
			o := dcp.SaveOptions{Group: g, WriterOptions: dcp.WriterOptions{Overwrite: true}}
			_, errs[rank] = dcp.SaveFS(own, fsys, jobState(2, rank, 3), o)
			return nil
		})
	}
	eg.Wait() //nolint:errcheck // the errors are in errs
	fsys.SetHook(nil)
	when := fmt.Sprintf("rank %d, call %d", cancelled, n)
	step := stepOf(t, fsys)
	for _, err := range errs {
		switch {
		case reason(err) != reason(errs[0]):
			t.Fatalf("%s: ranks differ: %v", when, errs)
		case err == nil && step != 2:
			t.Fatalf("%s: success, and step %d is there", when, step)
		case err != nil && !errors.Is(err, context.Canceled):
			t.Fatalf("%s: %v", when, err)
		case err != nil && step == 2 && !errors.Is(err, fsbase.ErrCommitUnknown):
			t.Fatalf("%s: published, and the error does not say so: %v", when, err)
		}
	}
	there := names(t, fsys)
	for _, name := range old {
		if !slices.Contains(there, name) {
			t.Fatalf("%s: %s of the old checkpoint is gone", when, name)
		}
	}
	return calls.Load() <= n
}

// reason is what the ranks of a failed job have in common.
func reason(err error) string {
	var broken *collective.RankError
	var failed *dcp.CheckpointError
	switch {
	case errors.As(err, &broken):
		return broken.Error()
	case errors.As(err, &failed):
		return failed.Error()
	case err != nil:
		return "alone: " + err.Error()
	}
	return ""
}
