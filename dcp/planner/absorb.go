package planner

import (
	"slices"

	"github.com/godcp/godcp/dcp/metadata"
)

// pathTree finds the fqns below a path.
type pathTree struct {
	md    *metadata.Metadata
	below map[string][]metadata.PathEntry // by the fqn of every proper prefix
}

func newPathTree(md *metadata.Metadata) *pathTree { return &pathTree{md: md} }

// under lists the entries whose path has prefix as a proper prefix.
func (t *pathTree) under(prefix string) []metadata.PathEntry {
	if t.below == nil {
		t.below = map[string][]metadata.PathEntry{}
		for _, e := range t.md.PlannerData.Paths {
			for n := 1; n < len(e.Path) && n <= maxDepth; n++ {
				p := JoinPath(e.Path[:n])
				t.below[p] = append(t.below[p], e)
			}
		}
	}
	return t.below[prefix]
}

// absorbSubtree fills a leaf that is one object in the state dict but a
// subtree in the checkpoint: what torch saved of a list or dict depends on
// what it held at that moment.
func (p *DefaultLoadPlanner) absorbSubtree(leaf Leaf, used map[string]bool) bool {
	entries := p.tree.under(leaf.FQN)
	if len(entries) == 0 {
		return false
	}
	box := map[string]any{}
	var u unflattener
	for _, e := range entries {
		it, ok := p.md.Find(e.FQN)
		if !ok {
			continue
		}
		used[e.FQN] = true
		rel := append(metadata.Path{{Key: "x"}}, e.Path[len(leaf.Path):]...)
		set := func(v any) error { return u.set(box, rel, v) }
		if it.Tensor == nil {
			p.planBytes(e.FQN, set)
		} else if err := p.planNew(it, set); err != nil {
			p.err.add(e.FQN, ErrBadTemplate, "%v", err)
		}
	}
	p.last = append(p.last, func() error { return leaf.Set(box["x"]) })
	return true
}

// absorbedByAncestor fills a subtree that the checkpoint holds as one object,
// as torch before 2.4 and planners without flattening saved it. The object
// replaces the subtree, so that must be without tensors.
func (p *DefaultLoadPlanner) absorbedByAncestor(leaf Leaf, used, absorbed map[string]bool) bool {
	for n := len(leaf.Path) - 1; n > 0; n-- {
		name := JoinPath(leaf.Path[:n])
		if absorbed[name] {
			return true
		}
		it, ok := p.md.Find(name)
		if !ok || it.Tensor != nil || p.hasTensorBelow(leaf.Path[:n]) {
			continue
		}
		used[name], absorbed[name] = true, true
		path := leaf.Path[:n]
		p.planBytes(name, func(v any) error { return replace(p.state, path, v) })
		return true
	}
	return false
}

func (p *DefaultLoadPlanner) hasTensorBelow(path metadata.Path) bool {
	return slices.ContainsFunc(p.leaves, func(l Leaf) bool {
		if len(l.Path) <= len(path) || !slices.Equal(l.Path[:len(path)], path) {
			return false
		}
		_, isTensor, _ := localOf(l.Value)
		return isTensor
	})
}

// replace puts v at a path of an existing nested state dict.
func replace(state map[string]any, path metadata.Path, v any) error {
	set := func(v any) error { state[path[0].Key] = v; return nil }
	var c any = state
	for _, e := range path {
		if e.IsIndex {
			l, ok := c.([]any)
			if !ok || e.Index >= len(l) {
				return conflict(path)
			}
			set = func(v any) error { l[e.Index] = v; return nil }
			c = l[e.Index]
			continue
		}
		m, ok := c.(map[string]any)
		if !ok {
			return conflict(path)
		}
		set = func(v any) error { m[e.Key] = v; return nil }
		c = m[e.Key]
	}
	return set(v)
}
