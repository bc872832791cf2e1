package interop

import (
	"fmt"
	"math/rand/v2"
	"slices"
	"strconv"
	"testing"

	"github.com/godcp/godcp/dcp"
	"github.com/godcp/godcp/tensor"
)

// planCase is the state of every rank of a save.
type planCase struct {
	Lowest bool       `json:"lowest"` // dedup_save_to_lowest_rank
	States []planNode `json:"states"`
}

// planNode is a value of a state, for both sides to build.
type planNode struct {
	Kind  string       `json:"kind"` // dict, int dict, list, object, tensor, boxes, dtensor
	Value any          `json:"value"`
	DType string       `json:"dtype"`
	Size  []int64      `json:"size"`
	Dim   int          `json:"dim"`   // along which a dtensor is cut
	Boxes [][2][]int64 `json:"boxes"` // of this rank: offsets, sizes
}

// build makes the value that a rank has.
func (n planNode) build(t *testing.T, rank, world int) any {
	t.Helper()
	d, _ := tensor.ParseDType(n.DType)
	sharded := func(boxes ...tensor.Box) any {
		st := &dcp.ShardedTensor{DType: d, Size: n.Size}
		for _, b := range boxes {
			st.Shards = append(st.Shards, dcp.Shard{Offsets: b.Offsets, Tensor: soiled(t, d, b.Sizes)})
		}
		return st
	}
	switch n.Kind {
	case "dict":
		m := map[string]any{}
		for k, v := range n.Value.(map[string]planNode) {
			m[k] = v.build(t, rank, world)
		}
		return m
	case "int dict":
		m := map[int]any{}
		for k, v := range n.Value.(map[string]planNode) {
			i, err := strconv.Atoi(k)
			if err != nil {
				t.Fatal(err)
			}
			m[i] = v.build(t, rank, world)
		}
		return m
	case "list":
		l := []any{}
		for _, v := range n.Value.([]planNode) {
			l = append(l, v.build(t, rank, world))
		}
		return l
	case "tensor":
		return soiled(t, d, n.Size)
	case "boxes":
		var boxes []tensor.Box
		for _, b := range n.Boxes {
			boxes = append(boxes, tensor.Box{Offsets: b[0], Sizes: b[1]})
		}
		return sharded(boxes...)
	case "dtensor":
		return sharded(slabs(n.Size, n.Dim, world)[rank])
	}
	return n.Value
}

// newPlanCase draws a save. Every rank has values of its own and values that
// several ranks have; what is sharded is on all ranks.
func newPlanCase(rng *rand.Rand) planCase {
	c := planCase{Lowest: rng.IntN(4) == 0, States: make([]planNode, 1+rng.IntN(5))}
	top := drawGroup(rng, len(c.States), 3)
	for rank := range c.States {
		c.States[rank] = top(rank)
	}
	return c
}

// drawGroup draws a dict whose members some ranks lack: a function of the rank.
func drawGroup(rng *rand.Rand, world, depth int) func(rank int) planNode {
	type member struct {
		on   []bool
		node func(rank int) planNode
	}
	kind := []string{"dict", "dict", "int dict"}[rng.IntN(3)]
	if depth == 3 {
		kind = "dict"
	}
	members := map[string]member{}
	for range 1 + rng.IntN(7) {
		key := fmt.Sprintf("%c%d", 'a'+rng.IntN(26), rng.IntN(12))
		if kind == "int dict" {
			key = strconv.Itoa(rng.IntN(30))
		}
		m := member{make([]bool, world), drawNode(rng, world, depth)}
		// Of a sharded tensor all parts must be there.
		everywhere := rng.IntN(2) == 0 || !slices.Contains([]string{"tensor", "object"}, m.node(0).Kind)
		for r := range m.on {
			m.on[r] = everywhere || rng.IntN(2) == 0
		}
		members[key] = m
	}
	return func(rank int) planNode {
		dict := map[string]planNode{}
		for k, m := range members {
			if m.on[rank] {
				dict[k] = m.node(rank)
			}
		}
		return planNode{Kind: kind, Value: dict}
	}
}

func drawNode(rng *rand.Rand, world, depth int) func(rank int) planNode {
	same := func(n planNode) func(int) planNode { return func(int) planNode { return n } }
	dtype := []string{"float32", "bfloat16", "int64", "uint8", "bool", "complex64"}[rng.IntN(6)]
	shape := make([]int64, rng.IntN(4))
	for i := range shape {
		shape[i] = rng.Int64N(9)
	}
	switch what := rng.IntN(12); {
	case what < 3:
		return same(planNode{Kind: "tensor", DType: dtype, Size: shape})
	case what < 5:
		return same(planNode{Kind: "object", Value: []any{
			float64(rng.IntN(100)), "text", nil, []any{1., 2.}, []any{}, true,
		}[rng.IntN(6)]})
	case what < 7 && len(shape) > 0:
		return same(planNode{Kind: "dtensor", DType: dtype, Size: shape, Dim: rng.IntN(len(shape))})
	case what < 9 && len(shape) > 0:
		return drawBoxes(rng, world, planNode{Kind: "boxes", DType: dtype, Size: shape})
	case what < 10 && depth > 0:
		return drawGroup(rng, world, depth-1)
	case what < 11 && depth > 0:
		var list []func(int) planNode
		for range rng.IntN(4) {
			list = append(list, drawNode(rng, world, depth-1))
		}
		return func(rank int) planNode {
			nodes := []planNode{}
			for _, n := range list {
				nodes = append(nodes, n(rank))
			}
			return planNode{Kind: "list", Value: nodes}
		}
	}
	return same(planNode{Kind: "tensor", DType: dtype, Size: []int64{rng.Int64N(40)}})
}

// drawBoxes cuts a tensor into boxes and deals them out: some ranks get
// several, some none, and some boxes lie on two ranks.
func drawBoxes(rng *rand.Rand, world int, n planNode) func(rank int) planNode {
	ranks := make([][][2][]int64, world)
	empty := false
	for _, b := range blocks(rng, tensor.FullBox(n.Size), 1+rng.IntN(2*world)) {
		if slices.Contains(b.Sizes, 0) {
			if empty {
				continue // two may begin at one place, with other sizes
			}
			empty = true
			b.Offsets = slices.Clone(n.Size)
			b.Sizes = make([]int64, len(n.Size))
		}
		first := rng.IntN(world)
		ranks[first] = append(ranks[first], [2][]int64{b.Offsets, b.Sizes})
		if other := rng.IntN(world); other != first {
			ranks[other] = append(ranks[other], [2][]int64{b.Offsets, b.Sizes})
		}
	}
	return func(rank int) planNode {
		n := n
		n.Boxes = ranks[rank]
		return n
	}
}
