package planner

import (
	"errors"
	"fmt"

	"github.com/godcp/godcp/ckpterr"
	"github.com/godcp/godcp/dcp/metadata"
	"github.com/godcp/godcp/tensor"
)

// EmptyStateDictLoadPlanner loads without a template: torch's
// _EmptyStateDictLoadPlanner. It fills an empty state dict with whatever the
// checkpoint holds, nested as it was saved.
type EmptyStateDictLoadPlanner struct {
	// Keys selects entries; empty means all. A key selects the fqn it equals
	// and everything below it, at path boundaries: "optimizer.state" selects
	// "optimizer.state.0.step" and not "optimizer.states".
	Keys []string

	inner DefaultLoadPlanner
	root  map[string]any
}

// ErrNoMatch: no entry of the checkpoint is selected.
var ErrNoMatch = errors.New("no entry of the checkpoint has these keys")

// SetUpPlanner wants an empty, non-nil state dict.
func (p *EmptyStateDictLoadPlanner) SetUpPlanner(state map[string]any, md *metadata.Metadata, c bool) error {
	if state == nil || len(state) > 0 {
		return fmt.Errorf("%w: loading without a template needs an empty map", ErrBadTemplate)
	}
	p.root = state
	return p.inner.SetUpPlanner(map[string]any{}, md, c)
}

// CreateLocalPlan allocates every selected tensor and plans its reads.
func (p *EmptyStateDictLoadPlanner) CreateLocalPlan() (*LoadPlan, error) {
	in := &p.inner
	in.plan = &LoadPlan{}
	paths := make(map[string]metadata.Path, len(in.md.PlannerData.Paths))
	for _, e := range in.md.PlannerData.Paths {
		paths[e.FQN] = e.Path
	}
	var u unflattener
	selected := 0
	for i := range in.md.StateDictMetadata {
		it := &in.md.StateDictMetadata[i]
		path := paths[it.FQN]
		if len(path) == 0 {
			path = metadata.Path{{Key: it.FQN}}
		}
		if !p.selects(it.FQN, path) {
			continue
		}
		selected++
		set := func(v any) error {
			return ckpterr.At(u.set(p.root, path, v), ckpterr.Place{FQN: it.FQN, Offset: -1})
		}
		if it.Tensor == nil {
			in.planBytes(it.FQN, set)
		} else if err := in.planNew(it, set); err != nil {
			return nil, err
		}
	}
	if selected == 0 && len(p.Keys) > 0 {
		return nil, fmt.Errorf("%w: %q", ErrNoMatch, p.Keys)
	}
	return in.plan, in.err.orNil()
}

func (p *EmptyStateDictLoadPlanner) selects(fqn string, path metadata.Path) bool {
	if len(p.Keys) == 0 {
		return true
	}
	for _, k := range p.Keys {
		if k == fqn {
			return true
		}
		for n := 1; n < len(path); n++ {
			if JoinPath(path[:n]) == k {
				return true
			}
		}
	}
	return false
}

// Report tells what was not selected.
func (p *EmptyStateDictLoadPlanner) Report() Report { return p.inner.report }

// CreateGlobalPlan returns the plans as they are.
func (p *EmptyStateDictLoadPlanner) CreateGlobalPlan(plans []*LoadPlan) ([]*LoadPlan, error) {
	return plans, nil
}

// FinishPlan returns the plan as it is.
func (p *EmptyStateDictLoadPlanner) FinishPlan(plan *LoadPlan) (*LoadPlan, error) { return plan, nil }

// LoadBytes decodes the object; FinishLoad puts it at its path.
func (p *EmptyStateDictLoadPlanner) LoadBytes(item ReadItem, value BytesValue) error {
	return p.inner.LoadBytes(item, value)
}

// ResolveTensor returns the view of the new tensor that item fills.
func (p *EmptyStateDictLoadPlanner) ResolveTensor(item ReadItem) (*tensor.Tensor, error) {
	return p.inner.ResolveTensor(item)
}

// CommitTensor does nothing.
func (p *EmptyStateDictLoadPlanner) CommitTensor(ReadItem, *tensor.Tensor) error { return nil }

// FinishLoad puts objects and tensors at their paths.
func (p *EmptyStateDictLoadPlanner) FinishLoad() error { return p.inner.FinishLoad() }
