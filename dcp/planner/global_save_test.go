package planner

import (
	"slices"
	"testing"

	"github.com/google/go-cmp/cmp"
	"pgregory.net/rapid"

	"github.com/godcp/godcp/dcp/metadata"
	"github.com/godcp/godcp/tensor"
)

// globalPlan must succeed.
func globalPlan(t testing.TB, p *DefaultSavePlanner, plans []*SavePlan) ([]*SavePlan, *metadata.Metadata) {
	t.Helper()
	final, md, err := p.CreateGlobalPlan(plans)
	if err != nil {
		t.Fatal(err)
	}
	return final, md
}

// TestDedup has the example of torch's own planner, whose outcome is known.
func TestDedup(t *testing.T) {
	state := map[string]any{}
	for name, n := range map[string]int64{"a": 10, "b": 10, "c": 5, "d": 20, "e": 1} {
		state[name] = zeros(t, tensor.Float32, n)
	}
	plans := localPlans(t, state, state, state)
	for _, tt := range []struct {
		lowest bool
		want   [][]string
	}{
		{false, [][]string{{"a", "e"}, {"b"}, {"c", "d"}}},
		{true, [][]string{{"a", "b", "c", "d", "e"}, nil, nil}},
	} {
		final, _ := globalPlan(t, &DefaultSavePlanner{DedupSaveToLowestRank: tt.lowest}, plans)
		if d := cmp.Diff(tt.want, names(final)); d != "" {
			t.Errorf("lowest %v (-want +got):\n%s", tt.lowest, d)
		}
	}
	if got := names(plans); len(got[2]) != 5 {
		t.Errorf("the local plans were changed: %v", got)
	}
}

// TestDedupCounts: what an entry weighs for its owner.
func TestDedupCounts(t *testing.T) {
	empty := zeros(t, tensor.Float32, 0)
	shard := func(rank int64) *ShardedTensor { return part(t, 100, 50*rank, 50*rank+50) }
	plans := localPlans(t,
		map[string]any{"a": shard(0), "b": 1, "c": empty, "d": zeros(t, tensor.Int8, 2), "e": 2},
		map[string]any{"b": 1, "c": empty, "d": zeros(t, tensor.Int8, 2), "e": 2},
		map[string]any{"a": shard(1), "b": 1, "c": empty, "d": zeros(t, tensor.Int8, 2), "e": 2},
	)
	// Both shards weigh 400 bytes, the whole tensor, so rank 1 gets the rest;
	// but rank 2's is seen last, after rank 2 has got what was small.
	final, _ := globalPlan(t, &DefaultSavePlanner{}, plans)
	want := [][]string{{"a"}, {"b", "d"}, {"a", "c", "e"}}
	if d := cmp.Diff(want, names(final)); d != "" {
		t.Errorf("(-want +got):\n%s", d)
	}
}

// TestDedupTies go to the lowest rank, also where torch's set has another order.
func TestDedupTies(t *testing.T) {
	states := make([]map[string]any, 9)
	for i := range states {
		states[i] = map[string]any{}
	}
	states[1]["x"], states[8]["x"] = 1, 1
	final, _ := globalPlan(t, &DefaultSavePlanner{}, localPlans(t, states...))
	if len(final[1].Items) != 1 || len(final[8].Items) != 0 {
		t.Errorf("got %v", names(final))
	}
}

// TestMetadata: names in the order of ranks, chunks likewise and numbered, the
// paths of all ranks.
func TestMetadata(t *testing.T) {
	plans := localPlans(t,
		map[string]any{"w": part(t, 10, 3, 6), "z": 1},
		map[string]any{"a": map[string]any{"b": 1}, "w": part(t, 10, 6, 10)},
		map[string]any{"w": part(t, 10, 0, 3), "x": 2},
	)
	final, md := globalPlan(t, &DefaultSavePlanner{}, plans)
	box := func(from, n int64) tensor.Box { return tensor.Box{Offsets: []int64{from}, Sizes: []int64{n}} }
	want := &metadata.Metadata{
		StateDictMetadata: []metadata.Item{
			{FQN: "w", Tensor: &metadata.TensorStorageMetadata{
				Properties: metadata.TensorProperties{DType: tensor.Float32, Layout: "torch.strided"},
				Size:       []int64{10},
				Chunks:     []tensor.Box{box(3, 3), box(6, 4), box(0, 3)},
			}},
			{FQN: "z"},
			{FQN: "a.b"},
			{FQN: "x"},
		},
		PlannerData: metadata.PlannerData{
			Paths: (&saved{}).path("w", "w").path("x", "x").path("a.b", "a", "b").path("z", "z").paths,
		},
	}
	if d := cmp.Diff(want.StateDictMetadata, md.StateDictMetadata); d != "" {
		t.Errorf("state_dict_metadata (-want +got):\n%s", d)
	}
	if d := cmp.Diff(want.PlannerData.Paths, md.PlannerData.Paths); d != "" {
		t.Errorf("planner_data (-want +got):\n%s", d)
	}
	var hints []int
	for _, p := range final {
		for _, it := range p.Items {
			hints = append(hints, it.Index.Index)
		}
	}
	if d := cmp.Diff([]int{0, -1, -1, 1, 2, -1}, hints); d != "" {
		t.Errorf("hints (-want +got):\n%s", d)
	}
}

// TestGlobalPlanProperties: whatever ranks have, every entry is written once,
// by a rank that has it, in the order of its own plan; and the loads are those
// of torch's rule done the slow way.
func TestGlobalPlanProperties(t *testing.T) {
	rapid.Check(t, func(rt *rapid.T) {
		plans := localPlans(t, drawStates(t, rt)...)
		p := &DefaultSavePlanner{DedupSaveToLowestRank: rapid.Bool().Draw(rt, "lowest")}
		final, md := globalPlan(t, p, plans)
		want := slowOwners(plans, p.DedupSaveToLowestRank)
		entries := 0
		for rank, plan := range final {
			var kept []string
			for _, it := range plan.Items {
				kept = append(kept, indexKey(it.Index))
			}
			entries += len(kept)
			var wanted []string
			for _, it := range plans[rank].Items {
				if k := indexKey(it.Index); want[k] == rank {
					wanted = append(wanted, k)
				}
			}
			if !slices.Equal(wanted, kept) {
				rt.Fatalf("rank %d writes %q, want %q", rank, kept, wanted)
			}
		}
		if entries != len(want) {
			rt.Fatalf("%d items for %d entries", entries, len(want))
		}
		chunks := 0
		for _, it := range md.StateDictMetadata {
			if it.Tensor == nil {
				chunks++
				continue
			}
			chunks += len(it.Tensor.Chunks)
		}
		if chunks != entries {
			rt.Fatalf("the metadata has %d chunks and objects for %d entries", chunks, entries)
		}
	})
}

// slowOwners is torch's dedup_save_plans as it reads, but for ties.
func slowOwners(plans []*SavePlan, lowest bool) map[string]int {
	var order []string
	ranks, item := map[string][]int{}, map[string]WriteItem{}
	for rank, plan := range plans {
		for _, it := range plan.Items {
			k := indexKey(it.Index)
			if ranks[k] == nil {
				order = append(order, k)
			}
			ranks[k] = append(ranks[k], rank)
			item[k] = it
		}
	}
	load := make([]int64, len(plans))
	owner := map[string]int{}
	for _, k := range order {
		best := slices.MinFunc(ranks[k], func(a, b int) int {
			if lowest {
				return a - b
			}
			return int(load[a] - load[b])
		})
		owner[k] = best
		size := int64(1)
		if d := item[k].TensorData; d != nil {
			if n, _ := tensor.NumBytes(d.Properties.DType, d.Size); n > 0 {
				size = n
			}
		}
		load[best] += size
	}
	return owner
}

// drawStates are states of 1 to 5 ranks that can be saved: replicated values,
// values of one rank, and tensors in random row shards, some empty.
func drawStates(t testing.TB, rt *rapid.T) []map[string]any {
	states := make([]map[string]any, rapid.IntRange(1, 5).Draw(rt, "world"))
	for i := range states {
		states[i] = map[string]any{}
	}
	for i := range rapid.IntRange(0, 12).Draw(rt, "names") {
		name := string(rune('a' + i))
		n := rapid.Int64Range(0, 9).Draw(rt, "size")
		switch rapid.IntRange(0, 2).Draw(rt, "kind") {
		case 0:
			cuts := rapid.SliceOfN(rapid.Int64Range(0, n), len(states)-1, len(states)-1).Draw(rt, "cuts")
			slices.Sort(cuts)
			cuts = append(append([]int64{0}, cuts...), n)
			for rank, s := range states {
				sh := part(t, n, cuts[rank], cuts[rank+1])
				if cuts[rank] == cuts[rank+1] {
					sh.Shards[0].Offsets = []int64{n} // as torch places a shard of nothing
				}
				s[name] = sh
			}
		case 1:
			x := zeros(t, tensor.Int16, n)
			for _, rank := range someRanks(rt, len(states)) {
				states[rank][name] = x
			}
		case 2:
			for _, rank := range someRanks(rt, len(states)) {
				states[rank][name] = n
			}
		}
	}
	return states
}

func someRanks(rt *rapid.T, world int) []int {
	return rapid.SliceOfNDistinct(rapid.IntRange(0, world-1), 1, world, rapid.ID[int]).Draw(rt, "ranks")
}
