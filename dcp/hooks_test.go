package dcp_test

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/godcp/godcp/backends/memfs"
	"github.com/godcp/godcp/dcp"
	"github.com/godcp/godcp/dcp/metadata"
	"github.com/godcp/godcp/dcp/planner"
	"github.com/godcp/godcp/tensor"
)

// countReads counts reads of open streams.
func countReads(n *int) memfs.Hook {
	return func(_ context.Context, op memfs.Op) error {
		if op.Kind == memfs.OpRead && op.Phase == memfs.Before {
			*n++
		}
		return nil
	}
}

// watched is a planner that notes its calls and resolves to memory of its own.
type watched struct {
	planner.DefaultLoadPlanner
	calls []string
	own   map[string]*tensor.Tensor
}

func (w *watched) SetUpPlanner(s map[string]any, md *metadata.Metadata, c bool) error {
	w.calls = append(w.calls, "set_up_planner")
	return w.DefaultLoadPlanner.SetUpPlanner(s, md, c)
}

func (w *watched) CreateLocalPlan() (*planner.LoadPlan, error) {
	w.calls = append(w.calls, "create_local_plan")
	return w.DefaultLoadPlanner.CreateLocalPlan()
}

func (w *watched) CreateGlobalPlan(ps []*planner.LoadPlan) ([]*planner.LoadPlan, error) {
	w.calls = append(w.calls, "create_global_plan")
	return ps, nil
}

func (w *watched) FinishPlan(p *planner.LoadPlan) (*planner.LoadPlan, error) {
	w.calls = append(w.calls, "finish_plan")
	return p, nil
}

func (w *watched) LoadBytes(it planner.ReadItem, v planner.BytesValue) error {
	w.calls = append(w.calls, "load_bytes "+it.DestIndex.FQN)
	return w.DefaultLoadPlanner.LoadBytes(it, v)
}

func (w *watched) ResolveTensor(it planner.ReadItem) (*tensor.Tensor, error) {
	w.calls = append(w.calls, "resolve_tensor "+it.DestIndex.FQN)
	t, err := tensor.New(tensor.Float32, it.Lengths...)
	w.own[fmt.Sprint(it.DestIndex.FQN, it.DestOffsets)] = t
	return t, err
}

func (w *watched) CommitTensor(it planner.ReadItem, t *tensor.Tensor) error {
	w.calls = append(w.calls, "commit_tensor "+it.DestIndex.FQN)
	if w.own[fmt.Sprint(it.DestIndex.FQN, it.DestOffsets)] != t {
		return errors.New("commit of another tensor than was resolved")
	}
	return nil
}

func TestPlannerHooks(t *testing.T) {
	bias, err := tensor.New(tensor.Float32, 8)
	if err != nil {
		t.Fatal(err)
	}
	w := &watched{own: map[string]*tensor.Tensor{}}
	state := map[string]any{"bias": bias, "step": nil}
	if _, err := dcp.Load(t.Context(), rows4, state, dcp.LoadOptions{Planner: w}); err != nil {
		t.Fatal(err)
	}
	first := []string{"set_up_planner", "create_local_plan", "create_global_plan", "finish_plan"}
	if d := cmp.Diff(first, w.calls[:4]); d != "" {
		t.Error(d)
	}
	rest := slices.Sorted(slices.Values(w.calls[4:]))
	want := slices.Repeat([]string{"commit_tensor bias"}, 4)
	want = append(want, "load_bytes step")
	want = append(want, slices.Repeat([]string{"resolve_tensor bias"}, 4)...)
	if d := cmp.Diff(want, rest); d != "" {
		t.Error(d)
	}
	if data, _ := tensor.Data[float32](w.own["bias[2]"]); !slices.Equal(data, []float32{4, 6}) {
		t.Errorf("rows 2 and 3 of bias: %v", data)
	}
}

// TestPlannerErrors ends the load with the planner's own error.
func TestPlannerErrors(t *testing.T) {
	boom := errors.New("boom")
	state := map[string]any{"bias": nil}
	_, err := dcp.Load(t.Context(), rows4, state, dcp.LoadOptions{Planner: failing{&planner.DefaultLoadPlanner{}, boom}})
	if !errors.Is(err, boom) || state["bias"] != nil {
		t.Errorf("got %v, state %v", err, state)
	}
}

type failing struct {
	*planner.DefaultLoadPlanner
	err error
}

func (f failing) CommitTensor(planner.ReadItem, *tensor.Tensor) error { return f.err }

func TestCancelled(t *testing.T) {
	ctx, cancel := context.WithCancel(t.Context())
	ck, err := dcp.Open(ctx, rows4)
	if err != nil {
		t.Fatal(err)
	}
	cancel()
	if _, err := ck.Tensor(ctx, "w"); !errors.Is(err, context.Canceled) {
		t.Errorf("got %v", err)
	}
}
