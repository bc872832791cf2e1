package metadata

import (
	"iter"
	"strconv"

	"github.com/godcp/godcp/ckpterr"
)

// edge leads from one container of the nested state dict to what it holds.
type edge struct {
	from int32
	to   PathElement
}

// A container is open, and is what its first element made it: torch makes a
// list for an int, a dict for a str.
type container struct {
	leaf    bool
	filled  bool
	indexed bool
}

// Conflicts reports paths that cannot all be in one nested state dict, and list
// indexes for which a reader would have to make a list out of all proportion.
func (p PlannerData) Conflicts() iter.Seq[*ckpterr.Error] {
	return func(yield func(*ckpterr.Error) bool) {
		t := nesting{
			edges: make(map[edge]int32, len(p.Paths)), nodes: make([]container, 1, len(p.Paths)+1),
			limit: len(p.Paths) + 1<<16,
		}
		for _, entry := range p.Paths {
			if e := t.enter(entry.Path); e != nil {
				e.FQN = entry.FQN
				if !yield(e) {
					return
				}
			}
		}
	}
}

// nesting is the state dict that paths make.
type nesting struct {
	edges map[edge]int32
	nodes []container
	limit int // of list indexes
}

func (t *nesting) enter(path Path) *ckpterr.Error {
	if len(path) == 0 {
		return ckpterr.New(ckpterr.BadMetadata, "its planner path is empty")
	}
	at := int32(0)
	for _, el := range path {
		if el.IsIndex && (el.Index < 0 || el.Index >= t.limit) {
			return ckpterr.New(ckpterr.BadMetadata, "its planner path has the list index %d", el.Index)
		}
		if n := t.nodes[at]; n.leaf || n.filled && n.indexed != el.IsIndex {
			return ckpterr.New(ckpterr.BadMetadata, "its planner path %s conflicts with that of another name", path)
		}
		t.nodes[at].filled, t.nodes[at].indexed = true, el.IsIndex
		next, ok := t.edges[edge{at, el}]
		if !ok {
			next = int32(len(t.nodes))
			t.nodes = append(t.nodes, container{})
			t.edges[edge{at, el}] = next
		}
		at = next
	}
	if n := t.nodes[at]; n.leaf || n.filled {
		return ckpterr.New(ckpterr.BadMetadata, "its planner path %s conflicts with that of another name", path)
	}
	t.nodes[at].leaf = true
	return nil
}

// validatePlanner reports conflicts, and names that nothing has.
func (m *Metadata) validatePlanner(yield func(Problem) bool) bool {
	for e := range m.PlannerData.Conflicts() {
		if !yield(Problem{e, false}) {
			return false
		}
	}
	for _, entry := range m.PlannerData.Paths {
		if _, ok := m.Find(entry.FQN); ok {
			continue
		}
		e := ckpterr.New(ckpterr.BadMetadata, "planner_data has a name that state_dict_metadata lacks")
		e.FQN = entry.FQN
		if !yield(Problem{e, true}) {
			return false
		}
	}
	return true
}

// String writes a path as Python would index with it: ["model"][0]["w"].
func (p Path) String() string {
	var b []byte
	for _, el := range p {
		b = append(b, '[')
		if el.IsIndex {
			b = strconv.AppendInt(b, int64(el.Index), 10)
		} else {
			b = strconv.AppendQuoteToGraphic(b, el.Key)
		}
		b = append(b, ']')
	}
	return string(b)
}
