package planner

import (
	"errors"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/godcp/godcp/dcp/metadata"
	"github.com/godcp/godcp/tensor"
)

// zeros is a tensor of a dtype.
func zeros(t testing.TB, d tensor.DType, shape ...int64) *tensor.Tensor {
	t.Helper()
	x, err := tensor.New(d, shape...)
	if err != nil {
		t.Fatal(err)
	}
	return x
}

// part is a rank's shard of rows [from, to) of a float32 tensor of n rows.
func part(t testing.TB, n, from, to int64) *ShardedTensor {
	t.Helper()
	return &ShardedTensor{
		DType: tensor.Float32, Size: []int64{n},
		Shards: []Shard{{Offsets: []int64{from}, Tensor: zeros(t, tensor.Float32, to-from)}},
	}
}

// localPlans are the plans of ranks that have these states.
func localPlans(t testing.TB, states ...map[string]any) []*SavePlan {
	t.Helper()
	plans := make([]*SavePlan, len(states))
	for rank, state := range states {
		var p DefaultSavePlanner
		if err := p.SetUpPlanner(state, nil, rank == 0); err != nil {
			t.Fatal(err)
		}
		var err error
		if plans[rank], err = p.CreateLocalPlan(); err != nil {
			t.Fatal(err)
		}
	}
	return plans
}

// names lists the items of every plan.
func names(plans []*SavePlan) [][]string {
	all := make([][]string, len(plans))
	for rank, p := range plans {
		for _, it := range p.Items {
			all[rank] = append(all[rank], it.Index.FQN)
		}
	}
	return all
}

func TestCreateLocalPlan(t *testing.T) {
	w, scalar := zeros(t, tensor.Int64, 2, 3), zeros(t, tensor.Bool)
	shards := &ShardedTensor{DType: tensor.Float32, Size: []int64{8}, Shards: []Shard{
		{Offsets: []int64{6}, Tensor: zeros(t, tensor.Float32, 2)},
		{Offsets: []int64{8}, Tensor: zeros(t, tensor.Float32, 0)},
	}}
	plans := localPlans(t, map[string]any{
		"w": w, "s": scalar, "n": map[string]any{"sh": shards, "none": nil},
	})
	props := func(d tensor.DType) metadata.TensorProperties {
		return metadata.TensorProperties{DType: d, Layout: "torch.strided"}
	}
	item := func(fqn string, kind WriteItemType, d tensor.DType, size, offset, sizes []int64) WriteItem {
		return WriteItem{
			Index: metadata.MetadataIndex{FQN: fqn, Offset: offset, Index: -1}, Type: kind,
			TensorData: &TensorWriteData{tensor.Box{Offsets: offset, Sizes: sizes}, props(d), size},
		}
	}
	n8 := []int64{8}
	want := &SavePlan{
		Items: []WriteItem{
			{Index: metadata.MetadataIndex{FQN: "n.none", Index: -1}, Type: WriteByteIO},
			item("n.sh", WriteShard, tensor.Float32, n8, []int64{6}, []int64{2}),
			item("n.sh", WriteShard, tensor.Float32, n8, []int64{8}, []int64{0}),
			item("s", WriteTensor, tensor.Bool, nil, []int64{}, []int64{}),
			item("w", WriteTensor, tensor.Int64, []int64{2, 3}, []int64{0, 0}, []int64{2, 3}),
		},
		PlannerData: (&saved{}).path("n.none", "n", "none").path("n.sh", "n", "sh").path("s", "s").path("w", "w").paths,
	}
	if d := cmp.Diff(want, plans[0]); d != "" {
		t.Errorf("(-want +got):\n%s", d)
	}
}

func TestCreateLocalPlanRefuses(t *testing.T) {
	var none *tensor.Tensor
	var p DefaultSavePlanner
	outside := part(t, 4, 2, 4)
	outside.Size = []int64{3}
	if err := p.SetUpPlanner(map[string]any{"a": none, "b": 1, "c": outside}, nil, true); err != nil {
		t.Fatal(err)
	}
	_, err := p.CreateLocalPlan()
	var bad *PlanError
	if !errors.As(err, &bad) || len(bad.Problems) != 2 || !errors.Is(err, ErrBadValue) {
		t.Fatalf("got %v", err)
	}
	if a, c := bad.Problems[0].FQN, bad.Problems[1].FQN; a != "a" || c != "c" {
		t.Errorf("blamed %q and %q", a, c)
	}
}

// TestKeepNesting has one item per top-level key and no paths.
func TestKeepNesting(t *testing.T) {
	nest := map[string]any{"w": zeros(t, tensor.Int8, 1)}
	p := DefaultSavePlanner{KeepNesting: true}
	if err := p.SetUpPlanner(map[string]any{"w": zeros(t, tensor.Int8, 1), "nest": nest}, nil, true); err != nil {
		t.Fatal(err)
	}
	plan, err := p.CreateLocalPlan()
	if err != nil {
		t.Fatal(err)
	}
	plans, md, err := p.CreateGlobalPlan([]*SavePlan{plan})
	if err != nil {
		t.Fatal(err)
	}
	if d := cmp.Diff([][]string{{"nest", "w"}}, names(plans)); d != "" {
		t.Error(d)
	}
	if !md.PlannerData.None || plans[0].Items[0].Type != WriteByteIO {
		t.Errorf("planner data %+v, items %v", md.PlannerData, plans[0].Items)
	}
	got, err := p.ResolveData(t.Context(), plans[0].Items[0])
	if d := cmp.Diff(any(nest), got, cmp.Comparer(func(a, b *tensor.Tensor) bool { return a == b })); d != "" || err != nil {
		t.Error(d, err)
	}
}

// TestResolveData returns the very tensors of the state, by the final plan.
func TestResolveData(t *testing.T) {
	w, sh := zeros(t, tensor.Float32, 4), part(t, 4, 0, 4)
	sh.Shards = append(sh.Shards, Shard{Offsets: []int64{4}, Tensor: zeros(t, tensor.Float32, 0)})
	state := map[string]any{"w": w, "sh": sh, "o": "text"}
	var p DefaultSavePlanner
	if err := p.SetUpPlanner(state, nil, true); err != nil {
		t.Fatal(err)
	}
	plan, err := p.CreateLocalPlan()
	if err != nil {
		t.Fatal(err)
	}
	plans, _, err := p.CreateGlobalPlan([]*SavePlan{plan})
	if err != nil {
		t.Fatal(err)
	}
	want := []any{"text", sh.Shards[0].Tensor, sh.Shards[1].Tensor, w}
	for i, it := range plans[0].Items {
		if got, err := p.ResolveData(t.Context(), it); got != want[i] || err != nil {
			t.Errorf("%s: got %v, %v", it.Index.FQN, got, err)
		}
	}
	for _, idx := range []metadata.MetadataIndex{
		{FQN: "w"}, {FQN: "w", Offset: []int64{1}}, {FQN: "o", Offset: []int64{}}, {FQN: "other"},
	} {
		if v, err := p.ResolveData(t.Context(), WriteItem{Index: idx}); err == nil {
			t.Errorf("%v: resolved to %v", idx, v)
		}
	}
}
