package metadata

import (
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

// validatePlanner reports paths that cannot all be in one nested state dict,
// and list indexes for which a reader would have to make a list out of all
// proportion.
func (m *Metadata) validatePlanner(yield func(Problem) bool) bool {
	edges := make(map[edge]int32)
	nodes := []container{{}}
	limit := len(m.PlannerData.Paths) + 1<<16
	for _, entry := range m.PlannerData.Paths {
		e := func() *ckpterr.Error {
			if len(entry.Path) == 0 {
				return ckpterr.New(ckpterr.BadMetadata, "its planner path is empty")
			}
			at := int32(0)
			for _, el := range entry.Path {
				if el.IsIndex && (el.Index < 0 || el.Index >= limit) {
					return ckpterr.New(ckpterr.BadMetadata, "its planner path has the list index %d", el.Index)
				}
				if nodes[at].leaf || nodes[at].filled && nodes[at].indexed != el.IsIndex {
					return ckpterr.New(ckpterr.BadMetadata, "its planner path %s conflicts with that of another name", entry.Path)
				}
				nodes[at].filled, nodes[at].indexed = true, el.IsIndex
				next, ok := edges[edge{at, el}]
				if !ok {
					next = int32(len(nodes))
					nodes = append(nodes, container{})
					edges[edge{at, el}] = next
				}
				at = next
			}
			if nodes[at].leaf || nodes[at].filled {
				return ckpterr.New(ckpterr.BadMetadata, "its planner path %s conflicts with that of another name", entry.Path)
			}
			nodes[at].leaf = true
			return nil
		}()
		warning := false
		if e == nil {
			if _, ok := m.Find(entry.FQN); ok {
				continue
			}
			e, warning = ckpterr.New(ckpterr.BadMetadata, "planner_data has a name that state_dict_metadata lacks"), true
		}
		e.FQN = entry.FQN
		if !yield(Problem{e, warning}) {
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
