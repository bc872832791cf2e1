package dcp_test

import (
	"context"
	"errors"
	"fmt"
	"runtime"
	"sync"
	"testing"
	"testing/synctest"

	"golang.org/x/sync/errgroup"

	"github.com/godcp/godcp/backends/memfs"
	"github.com/godcp/godcp/collective"
	"github.com/godcp/godcp/dcp"
	"github.com/godcp/godcp/fsbase"
)

// asyncRanks are the ranks of a job that saves in the background.
type asyncRanks struct {
	t      *testing.T
	url    string
	groups []collective.Group
}

func newAsyncRanks(t *testing.T, name string, world int) *asyncRanks {
	return &asyncRanks{t, "mem://" + name, collective.InProcess(world)}
}

// save begins the save of a step on one rank.
func (a *asyncRanks) save(rank int, step int64, busy dcp.Busy) (*dcp.SaveHandle, error) {
	o := dcp.AsyncSaveOptions{Busy: busy}
	o.Group, o.Overwrite = a.groups[rank], true
	return dcp.AsyncSave(a.t.Context(), a.url, jobState(step, rank, len(a.groups)), o)
}

func (a *asyncRanks) step() int64 {
	fsys, err := fsbase.Open(a.t.Context(), a.url)
	if err != nil {
		a.t.Fatal(err)
	}
	return stepOf(a.t, fsys)
}

// TestAsyncSaveFromRanks saves many steps without waiting.
func TestAsyncSaveFromRanks(t *testing.T) {
	a := newAsyncRanks(t, "async-ranks", 3)
	var eg errgroup.Group
	for rank := range a.groups {
		eg.Go(func() error {
			for step := range int64(20) {
				h, err := a.save(rank, step, dcp.BusyWait)
				if err != nil {
					return fmt.Errorf("step %d: %w", step, err)
				}
				if step%7 == int64(rank) || step == 19 {
					if _, err := h.Wait(); err != nil {
						return err
					}
				}
			}
			return nil
		})
	}
	if err := eg.Wait(); err != nil {
		t.Fatal(err)
	}
	if got := a.step(); got != 19 {
		t.Errorf("step %d", got)
	}
}

// TestThousandAsyncSavesFromRanks looks for growth, and for what a rank writes
// into its tensors as soon as AsyncSave has returned; goleak watches the package.
func TestThousandAsyncSavesFromRanks(t *testing.T) {
	a := newAsyncRanks(t, "thousand-ranks", 3)
	stagers := make([]dcp.BlockingAsyncStager, len(a.groups))
	upTo := func(first, end int64) (heap int64, goroutines int) {
		var eg errgroup.Group
		for rank := range a.groups {
			stagers[rank].CacheStagedStateDict = true
			o := dcp.AsyncSaveOptions{Stager: &stagers[rank]}
			o.Group, o.Overwrite = a.groups[rank], true
			eg.Go(func() error {
				var last *dcp.SaveHandle
				for step := first; step < end; step++ {
					state := jobState(step, rank, len(a.groups))
					h, err := dcp.AsyncSave(t.Context(), a.url, state, o)
					if err != nil {
						return fmt.Errorf("step %d: %w", step, err)
					}
					data, _ := state["w"].(*dcp.ShardedTensor).Shards[0].Tensor.Bytes()
					for i := range data {
						data[i] = 0xff
					}
					last = h
				}
				_, err := last.Wait()
				return err
			})
		}
		if err := eg.Wait(); err != nil {
			t.Fatal(err)
		}
		if got := a.step(); got != end-1 {
			t.Errorf("step %d after %d saves", got, end)
		}
		var m runtime.MemStats
		collect()
		runtime.ReadMemStats(&m)
		return int64(m.HeapAlloc), runtime.NumGoroutine()
	}
	heap, goroutines := upTo(0, 100)
	heapAfter, goroutinesAfter := upTo(100, 1000)
	if grown := heapAfter - heap; grown > 4<<20 {
		t.Errorf("the heap grew by %d bytes in 900 saves", grown)
	}
	if goroutinesAfter > goroutines+2 {
		t.Errorf("%d goroutines, %d before", goroutinesAfter, goroutines)
	}
}

// TestAsyncSaveUnseenOnOneRank: a save has failed, one rank has seen why and the
// other has not. The next save fails on both; the one after that works.
func TestAsyncSaveUnseenOnOneRank(t *testing.T) {
	boom := errors.New("boom")
	a := newAsyncRanks(t, "async-unseen", 2)
	memfs.Named("async-unseen").SetHook(func(context.Context, memfs.Op) error { return boom })
	first := a.both(1, dcp.BusyWait)
	if _, err := first[0].Wait(); !errors.Is(err, boom) {
		t.Fatalf("rank 0: %v", err)
	}
	<-first[1].Done()
	memfs.Named("async-unseen").SetHook(nil)

	var second *dcp.SaveHandle
	var eg errgroup.Group
	eg.Go(func() (err error) {
		second, err = a.save(0, 2, dcp.BusyWait)
		return err
	})
	if _, err := a.save(1, 2, dcp.BusyWait); !errors.Is(err, boom) {
		t.Errorf("rank 1, which has not waited: %v", err)
	}
	if err := eg.Wait(); err != nil {
		t.Fatalf("rank 0: %v", err)
	}
	if _, err := second.Wait(); !errors.Is(err, boom) {
		t.Errorf("rank 0 of the second save: %v", err)
	}
	for _, h := range a.both(3, dcp.BusyWait) {
		if _, err := h.Wait(); err != nil {
			t.Error(err)
		}
	}
	if got := a.step(); got != 3 {
		t.Errorf("step %d", got)
	}
}

// both begins a save on two ranks, and fails if that fails.
func (a *asyncRanks) both(step int64, busy dcp.Busy) [2]*dcp.SaveHandle {
	a.t.Helper()
	var handles [2]*dcp.SaveHandle
	var wg sync.WaitGroup
	for rank := range handles {
		wg.Go(func() {
			var err error
			if handles[rank], err = a.save(rank, step, busy); err != nil {
				a.t.Errorf("rank %d: %v", rank, err)
			}
		})
	}
	wg.Wait()
	return handles
}

// TestAsyncSaveBusyOnOneRank: the first save has ended on rank 0 only when both
// begin another. It is skipped on both, or fails on both, and nobody waits for
// ever: that would be a deadlock of the bubble.
func TestAsyncSaveBusyOnOneRank(t *testing.T) {
	for _, busy := range []dcp.Busy{dcp.BusySkip, dcp.BusyFail} {
		synctest.Test(t, func(t *testing.T) {
			name := fmt.Sprintf("async-busy-%d", busy)
			a := newAsyncRanks(t, name, 2)
			release := make(chan struct{})
			memfs.Named(name).SetHook(func(_ context.Context, op memfs.Op) error {
				if op.Kind == memfs.OpCreate && op.Phase == memfs.Before {
					<-release
				}
				return nil
			})
			defer memfs.Named(name).SetHook(nil)
			first := a.both(1, dcp.BusyWait)
			synctest.Wait()
			// Rank 1 asks while the first save is held, rank 0 when it has ended.
			h1, err1 := a.save(1, 2, busy)
			close(release)
			if _, err := first[0].Wait(); err != nil {
				t.Fatal(err)
			}
			h0, err0 := a.save(0, 2, busy)
			if err0 != nil || h0 == nil {
				t.Fatalf("rank 0: %v, %v", h0, err0)
			}
			md, err := h0.Wait()
			switch busy {
			case dcp.BusySkip:
				if h1 != nil || err1 != nil || md != nil || err != nil {
					t.Errorf("rank 1: %v, %v; rank 0: %v, %v", h1, err1, md, err)
				}
			case dcp.BusyFail:
				if !errors.Is(err1, dcp.ErrSaveInFlight) || !errors.Is(err, dcp.ErrSaveInFlight) {
					t.Errorf("rank 1: %v; rank 0: %v", err1, err)
				}
			}
			for _, h := range a.both(3, dcp.BusyWait) {
				if _, err := h.Wait(); err != nil {
					t.Error(err)
				}
			}
			if got := a.step(); got != 3 {
				t.Errorf("step %d", got)
			}
		})
	}
}

// TestSkippedSavesLeaveNothing: skipping a thousand times while a save is under
// way starts nothing, and does not lose that save's error.
func TestSkippedSavesLeaveNothing(t *testing.T) {
	boom := errors.New("boom")
	synctest.Test(t, func(t *testing.T) {
		a := newAsyncRanks(t, "async-skip", 1)
		release := make(chan struct{})
		memfs.Named("async-skip").SetHook(func(context.Context, memfs.Op) error {
			<-release
			return boom
		})
		if _, err := a.save(0, 1, dcp.BusyWait); err != nil {
			t.Fatal(err)
		}
		for step := range int64(1000) {
			if h, err := a.save(0, step, dcp.BusySkip); h != nil || err != nil {
				t.Fatalf("%v, %v", h, err)
			}
		}
		close(release)
		synctest.Wait()
		memfs.Named("async-skip").SetHook(nil)
		if _, err := a.save(0, 3, dcp.BusySkip); !errors.Is(err, boom) {
			t.Errorf("the error of the first save: %v", err)
		}
		h, err := a.save(0, 4, dcp.BusySkip)
		if err != nil {
			t.Fatal(err)
		}
		if _, err := h.Wait(); err != nil {
			t.Error(err)
		}
		if got := a.step(); got != 4 {
			t.Errorf("step %d", got)
		}
	})
}

// TestOneRankCannotOpen: the others are told, and do not wait for it.
func TestOneRankCannotOpen(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		errs := make([]error, 3)
		var eg errgroup.Group
		for rank, g := range collective.InProcess(3) {
			url := "mem://cannot-open"
			if rank == 1 {
				url = "nosuch://cannot-open"
			}
			eg.Go(func() error {
				_, errs[rank] = dcp.Save(t.Context(), url, jobState(1, rank, 3), dcp.SaveOptions{Group: g})
				return nil
			})
		}
		eg.Wait() //nolint:errcheck // the errors are in errs
		for rank, err := range errs {
			var unknown *fsbase.UnknownSchemeError
			var failed *dcp.CheckpointError
			if !errors.As(err, &unknown) || !errors.As(err, &failed) || failed.Failures[1] == nil {
				t.Errorf("rank %d: %v", rank, err)
			}
		}
	})
}
