package interop

import (
	"bytes"
	"encoding/json"
	"math/rand/v2"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/godcp/godcp/dcp/metadata"
	"github.com/godcp/godcp/dcp/planner"
	"github.com/godcp/godcp/tensor"
)

// planCases is how many random saves are planned.
const planCases = 200

// planned is what is compared: see torch/plans.py.
type planned struct {
	Plans   [][]plannedItem   `json:"plans"`
	Entries []plannedItem     `json:"entries"`
	Paths   []plannedPath     `json:"paths"`
	Buckets [][][][]PlannedID `json:"buckets"`
}

type PlannedID struct {
	FQN    string  `json:"fqn"`
	Offset []int64 `json:"offset"`
}

type plannedItem struct {
	PlannedID
	Type   string         `json:"type"`
	Hint   int            `json:"hint"`
	Tensor *plannedTensor `json:"tensor"`
}

type plannedTensor struct {
	DType  string       `json:"dtype"`
	Layout string       `json:"layout"`
	Grad   bool         `json:"grad"`
	Format string       `json:"format"`
	Pin    bool         `json:"pin"`
	Size   []int64      `json:"size"`
	Chunks [][2][]int64 `json:"chunks"`
}

type plannedPath struct {
	FQN  string `json:"fqn"`
	Path []any  `json:"path"`
}

// TestPlans plans random saves of 1 to 5 ranks and wants plans, metadata and
// buckets to be those of torch, the order of everything included.
func TestPlans(t *testing.T) {
	python := pythonWithTorch(t)
	seed, err := strconv.ParseUint(os.Getenv("GODCP_SEED"), 10, 64)
	if err != nil {
		seed = uint64(time.Now().UnixNano() % 1_000_000)
	}
	t.Logf("GODCP_SEED=%d repeats this run", seed)
	cases := make([]planCase, planCases)
	for i := range cases {
		cases[i] = newPlanCase(rand.New(rand.NewPCG(seed, uint64(i))))
	}
	for i, want := range torchPlans(t, python, cases) {
		got := cases[i].plan(t)
		if d := cmp.Diff(want, got); d != "" {
			text, _ := json.MarshalIndent(cases[i], "", " ")
			t.Fatalf("case %d (-torch +godcp):\n%s\n%s", i, d, tail(string(text)))
		}
	}
}

func torchPlans(t *testing.T, python string, cases []planCase) []planned {
	t.Helper()
	in, err := json.Marshal(cases)
	if err != nil {
		t.Fatal(err)
	}
	cmd := exec.CommandContext(t.Context(), python, "-B", filepath.Join("torch", "plans.py"))
	var out, errs bytes.Buffer
	cmd.Stdin, cmd.Stdout, cmd.Stderr = bytes.NewReader(in), &out, &errs
	if err := cmd.Run(); err != nil {
		t.Fatalf("plans.py: %v\n%s", err, tail(errs.String()))
	}
	var all []planned
	if err := json.Unmarshal(out.Bytes(), &all); err != nil {
		t.Fatal(err)
	}
	if len(all) != len(cases) {
		t.Fatalf("torch planned %d of %d cases", len(all), len(cases))
	}
	return all
}

// plan plans a case as dcp.Save does.
func (c planCase) plan(t *testing.T) planned {
	t.Helper()
	p := planner.DefaultSavePlanner{DedupSaveToLowestRank: c.Lowest}
	var plans []*planner.SavePlan
	for rank, state := range c.States {
		if err := p.SetUpPlanner(state.build(t, rank, len(c.States)).(map[string]any), nil, rank == 0); err != nil {
			t.Fatal(err)
		}
		local, err := p.CreateLocalPlan()
		if err != nil {
			t.Fatal(err)
		}
		data, err := local.MarshalBinary()
		if err != nil {
			t.Fatal(err)
		}
		var arrived planner.SavePlan
		if err := arrived.UnmarshalBinary(data); err != nil {
			t.Fatal(err)
		}
		plans = append(plans, &arrived)
	}
	plans, md, err := p.CreateGlobalPlan(plans)
	if err != nil {
		t.Fatal(err)
	}
	return describePlans(plans, md)
}

func describePlans(plans []*planner.SavePlan, md *metadata.Metadata) planned {
	out := planned{Plans: [][]plannedItem{}, Entries: []plannedItem{}, Paths: []plannedPath{}}
	for _, p := range plans {
		items := []plannedItem{}
		for _, it := range p.Items {
			d := plannedItem{PlannedID: idOf(it), Type: it.Type.String(), Hint: it.Index.Index}
			if td := it.TensorData; td != nil {
				d.Tensor = describeTensor(td.Properties, td.Size, td.Chunk)
			}
			items = append(items, d)
		}
		out.Plans = append(out.Plans, items)
	}
	for _, it := range md.StateDictMetadata {
		e := plannedItem{PlannedID: PlannedID{FQN: it.FQN}}
		if it.Tensor != nil {
			e.Tensor = describeTensor(it.Tensor.Properties, it.Tensor.Size, it.Tensor.Chunks...)
		}
		out.Entries = append(out.Entries, e)
	}
	for _, e := range md.PlannerData.Paths {
		path := []any{}
		for _, el := range e.Path {
			if el.IsIndex {
				path = append(path, float64(el.Index))
			} else {
				path = append(path, el.Key)
			}
		}
		out.Paths = append(out.Paths, plannedPath{e.FQN, path})
	}
	for bins := 2; bins <= 4; bins++ {
		ranks := [][][]PlannedID{}
		for _, p := range plans {
			buckets := [][]PlannedID{}
			for _, b := range planner.SplitBySizeAndType(bins, p.Items) {
				ids := []PlannedID{}
				for _, it := range b {
					ids = append(ids, idOf(it))
				}
				buckets = append(buckets, ids)
			}
			ranks = append(ranks, buckets)
		}
		out.Buckets = append(out.Buckets, ranks)
	}
	return out
}

func idOf(it planner.WriteItem) PlannedID { return PlannedID{it.Index.FQN, it.Index.Offset} }

func describeTensor(p metadata.TensorProperties, size []int64, chunks ...tensor.Box) *plannedTensor {
	d := &plannedTensor{
		DType: p.DType.String(), Layout: p.Layout, Grad: p.RequiresGrad, Pin: p.PinMemory,
		Format: map[metadata.MemoryFormat]string{metadata.ContiguousFormat: "torch.contiguous_format"}[p.MemoryFormat],
		Size:   append([]int64{}, size...), Chunks: [][2][]int64{},
	}
	for _, c := range chunks {
		d.Chunks = append(d.Chunks, [2][]int64{append([]int64{}, c.Offsets...), append([]int64{}, c.Sizes...)})
	}
	return d
}
