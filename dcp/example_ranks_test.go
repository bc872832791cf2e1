package dcp_test

import (
	"context"
	"fmt"
	"log"

	"github.com/godcp/godcp/dcp"
	"github.com/godcp/godcp/tensor"
)

// A tensor of five rows on a mesh of two ranks: what a DTensor would have.
func ExampleFromLocal() {
	mesh, err := tensor.NewMesh(2)
	if err != nil {
		log.Fatal(err)
	}
	rank, size := 1, []int64{5, 2}
	l, err := mesh.Local(rank, size, tensor.Shard(0))
	if err != nil {
		log.Fatal(err)
	}
	memory, err := tensor.New(tensor.BFloat16, l.Shape...)
	if err != nil {
		log.Fatal(err)
	}
	w, err := dcp.FromLocal(memory, size, mesh, rank, tensor.Shard(0))
	if err != nil {
		log.Fatal(err)
	}
	fmt.Println(w.Size, w.Shards[0].Offsets, w.Shards[0].Tensor.Shape())
	// Output: [5 2] [3 0] [2 2]
}

// Ranks that do not talk to each other save by themselves; when all have ended,
// one of them, or an operator, merges.
func ExampleMergeRankLocal() {
	ctx := context.Background()
	for rank := range 2 { // each in a process of its own
		state := map[string]any{"w": &dcp.ShardedTensor{
			DType: tensor.Float32, Size: []int64{4},
			Shards: []dcp.Shard{{Offsets: []int64{int64(2 * rank)}, Tensor: vector(float32(rank), float32(rank))}},
		}, "step": 100}
		_, err := dcp.Save(ctx, "mem://alone/step-100", state, dcp.SaveOptions{
			NoCollectives: &dcp.RankLocal{Rank: rank, WorldSize: 2},
			WriterOptions: dcp.WriterOptions{SaveID: "run7/100"},
		})
		if err != nil {
			log.Fatal(err)
		}
	}
	rep, err := dcp.MergeRankLocal(ctx, "mem://alone/step-100", dcp.OpenOptions{})
	if err != nil {
		log.Fatal(err)
	}
	fmt.Println(rep.Ranks, rep.Tensors, rep.Objects, rep.Copies)
	// Output: 2 1 1 1
}
