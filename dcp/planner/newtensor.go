package planner

import (
	"fmt"

	"github.com/godcp/godcp/dcp/metadata"
	"github.com/godcp/godcp/tensor"
)

// newTensor is a tensor that the planner makes. Its memory is taken when the
// first read of it is resolved: until then its size is only a claim of the
// metadata, which the storage reader compares with the files.
type newTensor struct {
	item   *metadata.Item
	tensor *tensor.Tensor
}

func (n *newTensor) memory() (*tensor.Tensor, error) {
	if n.tensor == nil {
		t, err := tensor.New(n.item.Tensor.Properties.DType, n.item.Tensor.Size...)
		if err != nil {
			return nil, fmt.Errorf("%s: %w", n.item.FQN, err)
		}
		n.tensor = t
	}
	return n.tensor, nil
}

// planNew plans the reads of all of a tensor, for a nil leaf.
func (p *DefaultLoadPlanner) planNew(it *metadata.Item, set func(any) error) error {
	if err := p.md.ValidateItem(it); err != nil {
		return err
	}
	items, err := CreateReadItems(it, []tensor.Box{tensor.FullBox(it.Tensor.Size)})
	if err != nil {
		return err
	}
	n := &newTensor{item: it}
	p.made[it.FQN] = n
	p.plan.Items = append(p.plan.Items, items...)
	p.fill = append(p.fill, func() error {
		t, err := n.memory()
		if err != nil {
			return err
		}
		return set(t)
	})
	return nil
}

// Allocates tells that the planner will take memory for what the checkpoint
// says it holds, so that a storage reader checks first that it could.
func (p *DefaultLoadPlanner) Allocates() bool { return len(p.made) > 0 }

// Allocates is that of DefaultLoadPlanner.
func (p *EmptyStateDictLoadPlanner) Allocates() bool { return p.inner.Allocates() }
