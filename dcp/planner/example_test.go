package planner_test

import (
	"fmt"
	"log"

	"github.com/godcp/godcp/dcp/metadata"
	"github.com/godcp/godcp/dcp/planner"
	"github.com/godcp/godcp/tensor"
)

func ExampleFlatten() {
	leaves, err := planner.Flatten(map[string]any{
		"model": map[string]any{"layers": []any{map[string]any{"w": 1}}},
		"betas": []any{0.9, 0.999}, // a plain list is one leaf
	})
	if err != nil {
		log.Fatal(err)
	}
	for _, l := range leaves {
		fmt.Println(l.FQN)
	}
	// Output:
	// betas
	// model.layers.0.w
}

// A rank wants rows 3 to 5 of a tensor that was saved in chunks of 4 rows.
func ExampleCreateReadItems() {
	rows := func(first, n int64) tensor.Box {
		return tensor.Box{Offsets: []int64{first, 0}, Sizes: []int64{n, 6}}
	}
	item := &metadata.Item{FQN: "w", Tensor: &metadata.TensorStorageMetadata{
		Size: []int64{8, 6}, Chunks: []tensor.Box{rows(0, 4), rows(4, 4)},
	}}
	items, err := planner.CreateReadItems(item, []tensor.Box{rows(3, 3)})
	if err != nil {
		log.Fatal(err)
	}
	for _, it := range items {
		fmt.Println("chunk at", it.StorageIndex.Offset, "from", it.StorageBox(), "to", it.DestBox())
	}
	// Output:
	// chunk at [0 0] from [3:4, 0:6] to [0:1, 0:6]
	// chunk at [4 0] from [0:2, 0:6] to [1:3, 0:6]
}

func ExampleDTypePolicy_Allows() {
	fmt.Println(planner.DTypeExact.Allows(tensor.BFloat16, tensor.Float32))
	fmt.Println(planner.DTypeWiden.Allows(tensor.BFloat16, tensor.Float32))
	fmt.Println(planner.DTypeWiden.Allows(tensor.Float32, tensor.BFloat16))
	// Output:
	// false
	// true
	// false
}

// Two ranks have the same tensor; the planner lets one of them write it.
func ExampleDefaultSavePlanner() {
	w, err := tensor.New(tensor.Float32, 4)
	if err != nil {
		log.Fatal(err)
	}
	var plans []*planner.SavePlan
	for rank := range 2 {
		var p planner.DefaultSavePlanner
		if err := p.SetUpPlanner(map[string]any{"step": 7, "w": w}, nil, rank == 0); err != nil {
			log.Fatal(err)
		}
		plan, err := p.CreateLocalPlan()
		if err != nil {
			log.Fatal(err)
		}
		plans = append(plans, plan)
	}
	var coordinator planner.DefaultSavePlanner
	final, _, err := coordinator.CreateGlobalPlan(plans)
	if err != nil {
		log.Fatal(err)
	}
	for rank, plan := range final {
		for _, it := range plan.Items {
			fmt.Println("rank", rank, "writes", it.Index.FQN, it.Type)
		}
	}
	// Output:
	// rank 0 writes step BYTE_IO
	// rank 1 writes w TENSOR
}
