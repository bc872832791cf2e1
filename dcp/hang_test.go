package dcp_test

import (
	"context"
	"errors"
	"fmt"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/godcp/godcp/backends/memfs"
	"github.com/godcp/godcp/dcp"
	"github.com/godcp/godcp/fsbase"
)

// TestSaveHangs makes a storage call of a save, or that one and all after it,
// hang until its context is done. Save returns with the context's error, or
// with success if only the sweep was concerned; nothing of it runs on, which
// the bubble checks; the old or the new checkpoint is whole.
func TestSaveHangs(t *testing.T) {
	for _, world := range []int{1, 2} {
		for _, overwrite := range []bool{false, true} {
			for _, phase := range []memfs.Phase{memfs.Before, memfs.After} {
				for _, all := range []bool{false, true} {
					t.Run(fmt.Sprintf("%d ranks, overwrite %v, %s, all %v", world, overwrite, phase, all), func(t *testing.T) {
						for n, ended := int64(0), false; !ended; n++ {
							synctest.Test(t, func(t *testing.T) { ended = hang(t, world, n, overwrite, phase, all) })
						}
					})
				}
			}
		}
	}
}

func hang(t *testing.T, world int, n int64, over bool, phase memfs.Phase, all bool) (ended bool) {
	fsys := memfs.New()
	if over {
		for step := int64(0); step < 2; step++ { // two, so that there is something to sweep
			overwrite(t, fsys, step, dcp.WriterOptions{})
		}
	}
	var calls atomic.Int64
	fsys.SetHook(func(ctx context.Context, op memfs.Op) error {
		if op.Phase != phase {
			return nil
		}
		if c := calls.Add(1); c == n+1 || all && c > n {
			<-ctx.Done()
			return ctx.Err()
		}
		return nil
	})
	ctx, cancel := context.WithTimeout(t.Context(), time.Hour)
	defer cancel()
	began := time.Now()
	err := saveJob(ctx, fsys, 2, world, dcp.SaveOptions{WriterOptions: dcp.WriterOptions{Overwrite: over}})
	took := time.Since(began)
	fsys.SetHook(nil)
	when := fmt.Sprintf("call %d", n)
	if calls.Load() <= n {
		if err != nil {
			t.Fatalf("%s: nothing hung: %v", when, err)
		}
		ended = true
	} else if err != nil && !errors.Is(err, context.DeadlineExceeded) {
		t.Fatalf("%s: %v", when, err)
	}
	if took > time.Hour+time.Minute { // of the bubble's clock
		t.Fatalf("%s: Save went on for %v after its deadline", when, took-time.Hour)
	}
	step, openErr := wholeStep(t.Context(), fsys)
	switch {
	case err == nil && step != 2:
		t.Fatalf("%s: success, and step %d is there (%v)", when, step, openErr)
	case openErr != nil && (over || !isAbsent(openErr)), openErr == nil && step != 1 && step != 2:
		t.Fatalf("%s: step %d, %v", when, step, openErr)
	case err != nil && step == 2 && !errors.Is(err, fsbase.ErrCommitUnknown):
		t.Fatalf("%s: published, and the error does not say so: %v", when, err)
	}
	return ended
}

// TestCancelledBeforePublishing: a save that ends before it has begun to
// publish knows that nothing was published, and removes what it wrote.
func TestCancelledBeforePublishing(t *testing.T) {
	fsys := memfs.New()
	overwrite(t, fsys, 1, dcp.WriterOptions{})
	before := names(t, fsys)
	ctx, cancel := context.WithCancel(t.Context())
	defer cancel()
	fsys.SetHook(func(_ context.Context, op memfs.Op) error {
		if op.Kind == memfs.OpSync && isData(op.Path) && op.Phase == memfs.After {
			cancel()
		}
		return nil
	})
	err := saveJob(ctx, fsys, 2, 1, dcp.SaveOptions{WriterOptions: dcp.WriterOptions{Overwrite: true}})
	fsys.SetHook(nil)
	if !errors.Is(err, context.Canceled) || errors.Is(err, fsbase.ErrCommitUnknown) {
		t.Errorf("got %v", err)
	}
	if got := stepOf(t, fsys); got != 1 || len(names(t, fsys)) != len(before) {
		t.Errorf("step %d, files %v, before %v", got, names(t, fsys), before)
	}
}
