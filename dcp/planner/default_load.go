package planner

import (
	"fmt"
	"slices"

	"github.com/godcp/godcp/dcp/metadata"
	"github.com/godcp/godcp/tensor"
)

// DefaultLoadPlanner fills a state dict from a checkpoint of any sharding:
// torch's DefaultLoadPlanner. The zero value is strict.
//
// Every leaf of the state dict must be in the checkpoint with the same global
// size and a dtype that DTypes allows. A leaf that is no tensor is replaced by
// the stored object; a nil leaf by whatever is stored there, tensors and whole
// subtrees included. Older torch stored some nested values as one object: such
// an object fills the subtree that it stands for, if that has no tensors.
//
// Unlike torch it checks dtypes, checks that chunks cover every wanted element
// exactly once, and names all misfits at once.
type DefaultLoadPlanner struct {
	// AllowPartialLoad leaves leaves alone that the checkpoint does not have.
	AllowPartialLoad bool
	DTypes           DTypePolicy

	md     *metadata.Metadata
	state  map[string]any
	leaves []Leaf
	report Report

	dest map[string]local           // tensor destinations by fqn
	made map[string]*newTensor      // tensors that nil leaves ask for, by fqn
	put  map[string]func(any) error // object destinations by fqn
	fill []func() error             // what FinishLoad puts into the state dict
	last []func() error             // what it does after that
	plan *LoadPlan
	err  LoadError
	tree *pathTree
}

// Report tells what a planner did beside filling what was asked for.
type Report struct {
	Missing    []string // in the state dict, not in the checkpoint; left alone
	Unexpected []string // in the checkpoint, not in the state dict; not read
	Cast       []string // read with another dtype than stored
}

// Report tells about the last plan.
func (p *DefaultLoadPlanner) Report() Report { return p.report }

// SetUpPlanner flattens the state dict.
func (p *DefaultLoadPlanner) SetUpPlanner(state map[string]any, md *metadata.Metadata, _ bool) error {
	leaves, err := Flatten(state)
	if err != nil {
		return err
	}
	*p = DefaultLoadPlanner{AllowPartialLoad: p.AllowPartialLoad, DTypes: p.DTypes}
	p.md, p.state, p.leaves = md, state, leaves
	p.dest, p.made, p.put = map[string]local{}, map[string]*newTensor{}, map[string]func(any) error{}
	p.tree = newPathTree(md)
	return nil
}

// CreateLocalPlan plans the reads of every leaf, or returns a [*LoadError]
// that lists all leaves that do not fit.
func (p *DefaultLoadPlanner) CreateLocalPlan() (*LoadPlan, error) {
	p.plan = &LoadPlan{Items: make([]ReadItem, 0, len(p.leaves))}
	used := map[string]bool{}
	absorbed := map[string]bool{}
	for _, leaf := range p.leaves {
		if err := p.planLeaf(leaf, used, absorbed); err != nil {
			return nil, err
		}
	}
	if err := p.err.orNil(); err != nil {
		return nil, err
	}
	for _, it := range p.md.StateDictMetadata {
		if !used[it.FQN] {
			p.report.Unexpected = append(p.report.Unexpected, it.FQN)
		}
	}
	slices.Sort(p.report.Unexpected)
	return p.plan, nil
}

func (p *DefaultLoadPlanner) planLeaf(leaf Leaf, used, absorbed map[string]bool) error {
	want, isTensor, err := localOf(leaf.Value)
	if err == nil {
		err = want.writable()
	}
	if err != nil {
		p.err.add(leaf.FQN, ErrBadTemplate, "%v", err)
		return nil
	}
	it, ok := p.md.Find(leaf.FQN)
	switch {
	case !ok && !isTensor && p.absorbSubtree(leaf, used):
		return nil
	case !ok && !isTensor && p.absorbedByAncestor(leaf, used, absorbed):
		return nil
	case !ok && p.AllowPartialLoad:
		p.report.Missing = append(p.report.Missing, leaf.FQN)
		return nil
	case !ok:
		p.err.add(leaf.FQN, ErrMissingKey, "")
		return nil
	}
	used[leaf.FQN] = true
	switch {
	case isTensor && it.Tensor == nil:
		p.err.add(leaf.FQN, ErrKindMismatch, "the checkpoint has an object, the state dict a tensor")
	case isTensor:
		return p.planTensor(it, want)
	case it.Tensor == nil:
		p.planBytes(leaf.FQN, leaf.Set)
	case leaf.Value == nil:
		return p.planNew(it, leaf.Set)
	default:
		p.err.add(leaf.FQN, ErrKindMismatch, "the checkpoint has a tensor, the state dict a %T", leaf.Value)
	}
	return nil
}

func (p *DefaultLoadPlanner) planTensor(it *metadata.Item, want local) error {
	stored := it.Tensor.Properties.DType
	switch {
	case !slices.Equal(it.Tensor.Size, want.size):
		p.err.add(it.FQN, ErrSizeMismatch, "saved %v and current %v", it.Tensor.Size, want.size)
		return nil
	case !p.DTypes.Allows(stored, want.dtype):
		p.err.add(it.FQN, ErrDTypeMismatch, "saved %v and current %v", stored, want.dtype)
		return nil
	}
	if stored != want.dtype {
		p.report.Cast = append(p.report.Cast, it.FQN)
	}
	if err := p.md.ValidateItem(it); err != nil {
		return err
	}
	boxes := make([]tensor.Box, len(want.shards))
	for i, s := range want.shards {
		boxes[i] = s.Box()
	}
	items, err := CreateReadItems(it, boxes)
	if err != nil {
		return err
	}
	p.dest[it.FQN] = want
	p.plan.Items = append(p.plan.Items, items...)
	return nil
}

func (p *DefaultLoadPlanner) planBytes(fqn string, set func(any) error) {
	p.put[fqn] = set
	p.plan.Items = append(p.plan.Items, bytesItem(fqn))
}

func bytesItem(fqn string) ReadItem {
	i := metadata.MetadataIndex{FQN: fqn, Index: -1}
	return ReadItem{Type: LoadByteIO, DestIndex: i, StorageIndex: i}
}

// CreateGlobalPlan returns the plans as they are.
func (p *DefaultLoadPlanner) CreateGlobalPlan(plans []*LoadPlan) ([]*LoadPlan, error) {
	return plans, nil
}

// FinishPlan returns the plan as it is.
func (p *DefaultLoadPlanner) FinishPlan(plan *LoadPlan) (*LoadPlan, error) { return plan, nil }

// LoadBytes decodes the object; FinishLoad puts it into the state dict.
func (p *DefaultLoadPlanner) LoadBytes(item ReadItem, value BytesValue) error {
	set, ok := p.put[item.DestIndex.FQN]
	if !ok {
		return fmt.Errorf("%s: not planned by this planner", item.DestIndex.FQN)
	}
	v, err := value.Decode()
	if err != nil {
		return err
	}
	p.fill = append(p.fill, func() error { return set(v) })
	return nil
}

// ResolveTensor returns the view of the local shard that item fills.
func (p *DefaultLoadPlanner) ResolveTensor(item ReadItem) (*tensor.Tensor, error) {
	if n, ok := p.made[item.DestIndex.FQN]; ok {
		t, err := n.memory()
		if err != nil {
			return nil, err
		}
		return t.Sub(item.DestBox())
	}
	sh, ok := p.dest[item.DestIndex.FQN].shard(item.DestIndex.Offset, item.DestIndex.Index)
	if !ok {
		return nil, fmt.Errorf("%s: no local shard at %v", item.DestIndex.FQN, item.DestIndex.Offset)
	}
	return sh.Tensor.Sub(item.DestBox())
}

// CommitTensor does nothing: the view was the destination itself.
func (p *DefaultLoadPlanner) CommitTensor(ReadItem, *tensor.Tensor) error { return nil }

// FinishLoad puts objects and the tensors that the planner made into the state
// dict. Load calls it when everything was read, so that a failed load changes
// nothing but the memory of tensors that were there.
func (p *DefaultLoadPlanner) FinishLoad() error {
	for _, f := range slices.Concat(p.fill, p.last) {
		if err := f(); err != nil {
			return err
		}
	}
	return nil
}
