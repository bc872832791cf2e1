package dcp_test

import (
	"errors"
	"strings"
	"testing"

	"github.com/godcp/godcp/backends/memfs"
	"github.com/godcp/godcp/dcp"
	"github.com/godcp/godcp/dcp/planner"
	"github.com/godcp/godcp/tensor"
)

// TestSafetensorsBadPlanner: what was not planned is not written.
func TestSafetensorsBadPlanner(t *testing.T) {
	other, err := tensor.New(tensor.Int64, 2, 3)
	if err != nil {
		t.Fatal(err)
	}
	boom := errors.New("boom")
	for name, c := range map[string]struct {
		v    any
		err  error
		want string
	}{
		"another shape": {other, nil, "same.int32: planner resolved int64 [2 3] for a chunk of int32 [2 3]"},
		"an object":     {3, nil, "same.int32: planner resolved a int for a tensor"},
		"an error":      {nil, boom, "boom"},
	} {
		fsys := memfs.New()
		o := asSafetensors()
		o.Planner = fetching{&planner.DefaultSavePlanner{}, func(it planner.WriteItem, v any) (any, error) {
			if it.Index.FQN == "same.int32" {
				return c.v, c.err
			}
			return v, nil
		}}
		_, err := dcp.SaveFS(t.Context(), fsys, hfState(1, 0, 1), o)
		if err == nil || !strings.Contains(err.Error(), c.want) {
			t.Errorf("%s: %v", name, err)
		}
		if got := names(t, fsys); len(got) != 1 || got[0] != claim {
			t.Errorf("%s: %v", name, got)
		}
	}
}

// changing is a planner whose finished plan is not the global one.
type changing struct{ planner.DefaultSavePlanner }

func (*changing) FinishPlan(*planner.SavePlan) (*planner.SavePlan, error) {
	return &planner.SavePlan{StorageData: 7}, nil
}

func TestSafetensorsForeignPlan(t *testing.T) {
	o := asSafetensors()
	o.Planner = &changing{}
	_, err := dcp.SaveFS(t.Context(), memfs.New(), hfState(1, 0, 1), o)
	if err == nil || !strings.Contains(err.Error(), "not prepared by this writer's global plan: int") {
		t.Error(err)
	}
}

// dropping is a planner that finishes with another plan than was agreed on.
type dropping struct{ planner.DefaultSavePlanner }

func (*dropping) FinishPlan(p *planner.SavePlan) (*planner.SavePlan, error) {
	return &planner.SavePlan{StorageData: p.StorageData, Items: p.Items[:1]}, nil
}

func TestSafetensorsPlanChanges(t *testing.T) {
	mapping := map[string]int{}
	for fqn := range hfWhole(1) {
		mapping[fqn] = 1 + len(mapping)%3
	}
	w := dcp.NewHuggingFaceStorageWriter(memfs.New(), "", dcp.HuggingFaceOptions{FQNToIndexMapping: mapping})
	_, err := dcp.Save(t.Context(), "", hfState(1, 0, 1), dcp.SaveOptions{StorageWriter: w, Planner: &dropping{}})
	if err == nil || !strings.Contains(err.Error(), "the finished plan has 1 files, the global plan had 3") {
		t.Error(err)
	}
	_, err = dcp.SaveFS(t.Context(), memfs.New(), hfState(1, 0, 1), func() dcp.SaveOptions {
		o := asSafetensors()
		o.Planner = &dropping{}
		return o
	}())
	if err == nil || !strings.Contains(err.Error(), "planned items were not written") {
		t.Error(err)
	}
}
