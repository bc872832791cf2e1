package dcp_test

import (
	"context"
	"errors"
	"sync/atomic"
	"testing"

	"github.com/google/go-cmp/cmp"
	"golang.org/x/sync/errgroup"

	"github.com/godcp/godcp/backends/memfs"
	"github.com/godcp/godcp/ckpterr"
	"github.com/godcp/godcp/collective"
	"github.com/godcp/godcp/dcp"
	"github.com/godcp/godcp/dcp/planner"
	"github.com/godcp/godcp/fsbase"
	"github.com/godcp/godcp/tensor"
)

// loadBy loads the states of ranks in a group.
func loadBy(t *testing.T, fsys fsbase.FileSystemBase, states []map[string]any, o dcp.LoadOptions) (bytes int64, errs []error) {
	t.Helper()
	errs = make([]error, len(states))
	var sum atomic.Int64
	var ranks errgroup.Group
	for rank, g := range collective.InProcess(len(states)) {
		o := o
		o.Group = g
		ranks.Go(func() error {
			rep, err := dcp.LoadFS(t.Context(), fsys, states[rank], o)
			if errs[rank] = err; err == nil {
				sum.Add(rep.BytesRead)
			}
			return nil
		})
	}
	ranks.Wait() //nolint:errcheck // the errors are in errs
	return sum.Load(), errs
}

// TestShareReads: what all ranks want is read once, whatever fits into the
// bound, and each has what it wants.
func TestShareReads(t *testing.T) {
	fsys := memfs.New()
	const world = 3
	for rank := range world {
		state := jobState(5, rank, world)
		state["large"] = manyRows(t, 200, tensor.Float64)
		if _, err := dcp.SaveFS(t.Context(), fsys, state, alone("s", rank, world)); err != nil {
			t.Fatal(err)
		}
	}
	templates := func(d tensor.DType) []map[string]any {
		states := make([]map[string]any, 4)
		for rank := range states {
			states[rank] = jobState(0, rank, len(states))
			// Each rank has its own dtype: what is sent is what is stored.
			states[rank]["large"] = manyRows(t, 200, []tensor.DType{tensor.Float64, d}[rank%2])
		}
		return states
	}
	alike := templates(tensor.Float64)
	each, errs := loadBy(t, fsys, alike, dcp.LoadOptions{})
	if err := errors.Join(errs...); err != nil {
		t.Fatal(err)
	}
	for name, o := range map[string]dcp.LoadOptions{
		"one batch":    {},
		"many batches": {OpenOptions: dcp.OpenOptions{Limits: dcp.Limits{InFlight: 2000}}},
		"cast":         {DTypes: planner.DTypeCast},
	} {
		t.Run(name, func(t *testing.T) {
			states := templates(tensor.Float64)
			if name == "cast" {
				states = templates(tensor.Float32)
			}
			o.ShareReads = true
			once, errs := loadBy(t, fsys, states, o)
			if err := errors.Join(errs...); err != nil {
				t.Fatal(err)
			}
			if once > each*2/3 {
				t.Errorf("%d bytes, without sharing %d", once, each)
			}
			for rank, state := range states {
				if d := cmp.Diff(contentOf(t, jobState(5, rank, len(states))), contentOf(t, state)); d != "" {
					t.Errorf("rank %d: %s", rank, d)
				}
			}
		})
	}
	t.Run("nothing fits", func(t *testing.T) {
		states := templates(tensor.Float64)
		o := dcp.LoadOptions{ShareReads: true, OpenOptions: dcp.OpenOptions{Limits: dcp.Limits{InFlight: 1}}}
		if _, errs := loadBy(t, fsys, states, o); errors.Join(errs...) != nil {
			t.Fatal(errs)
		}
		if d := cmp.Diff(contentOf(t, jobState(5, 1, 4)), contentOf(t, states[1])); d != "" {
			t.Error(d)
		}
	})
	t.Run("nil leaves", func(t *testing.T) {
		states := templates(tensor.Float64)
		states[2]["large"] = nil
		if _, errs := loadBy(t, fsys, states, dcp.LoadOptions{ShareReads: true}); errors.Join(errs...) != nil {
			t.Fatal(errs)
		}
		if m, ok := states[2]["large"].(map[string]any); !ok || len(m) != 200 {
			t.Errorf("%T", states[2]["large"])
		}
	})
}

// TestShareReadsFails: a rank that fails at any step, by itself or in storage,
// fails all, and none waits for it.
func TestShareReadsFails(t *testing.T) {
	build := func(t *testing.T) (*memfs.FS, []map[string]any) {
		fsys := memfs.New()
		if err := saveJob(t.Context(), fsys, 5, 2, dcp.SaveOptions{}); err != nil {
			t.Fatal(err)
		}
		return fsys, []map[string]any{jobState(0, 0, 3), jobState(0, 1, 3), jobState(0, 2, 3)}
	}
	check := func(t *testing.T, errs []error) {
		t.Helper()
		for rank, err := range errs {
			var failed *dcp.CheckpointError
			if !errors.As(err, &failed) {
				t.Errorf("rank %d: %v", rank, err)
			}
		}
	}
	t.Run("plan", func(t *testing.T) {
		fsys, states := build(t)
		states[1]["absent"] = int64(1)
		_, errs := loadBy(t, fsys, states, dcp.LoadOptions{ShareReads: true})
		check(t, errs)
		if !errors.Is(errs[2], planner.ErrMissingKey) {
			t.Errorf("got %v", errs[2])
		}
	})
	t.Run("state", func(t *testing.T) {
		fsys, states := build(t)
		states[2]["step"] = broken{}
		_, errs := loadBy(t, fsys, states, dcp.LoadOptions{ShareReads: true})
		check(t, errs)
	})
	t.Run("storage", func(t *testing.T) {
		boom := errors.New("boom")
		for n, ended := int64(0), false; !ended; n++ {
			fsys, states := build(t)
			var calls atomic.Int64
			fsys.SetHook(func(_ context.Context, op memfs.Op) error {
				if op.Phase == memfs.Before && calls.Add(1) == n+1 {
					return boom
				}
				return nil
			})
			_, errs := loadBy(t, fsys, states, dcp.LoadOptions{ShareReads: true})
			if ended = calls.Load() <= n; !ended {
				check(t, errs)
			} else if n < 4 {
				t.Errorf("%d calls", n)
			}
		}
	})
	t.Run("damage", func(t *testing.T) {
		fsys, states := build(t)
		store(t, fsys, "__0_0.distcp", []byte("x"))
		_, errs := loadBy(t, fsys, states, dcp.LoadOptions{ShareReads: true})
		check(t, errs)
		if !errors.Is(errs[1], ckpterr.OutOfRange) {
			t.Errorf("got %v", errs[1])
		}
	})
}

// broken is a Stateful that has no state.
type broken struct{}

func (broken) StateDict() (map[string]any, error) { return nil, errors.New("no state") }
func (broken) LoadStateDict(map[string]any) error { return nil }
