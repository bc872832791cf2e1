package planner

import (
	"fmt"
	"testing"

	"github.com/godcp/godcp/dcp/metadata"
	"github.com/godcp/godcp/tensor"
)

// manyPlans are those of world ranks that shard names tensors in rows.
func manyPlans(world, names int) []*SavePlan {
	plans := make([]*SavePlan, world)
	for rank := range plans {
		plans[rank] = &SavePlan{PlannerData: []metadata.PathEntry{}}
		for i := range names {
			fqn := fmt.Sprintf("model.layers.%d.attention.wq.weight", i)
			box := tensor.Box{Offsets: []int64{int64(rank), 0}, Sizes: []int64{1, 4096}}
			plans[rank].Items = append(plans[rank].Items, WriteItem{
				Index: metadata.MetadataIndex{FQN: fqn, Offset: box.Offsets, Index: -1}, Type: WriteShard,
				TensorData: &TensorWriteData{
					Chunk: box, Size: []int64{int64(world), 4096},
					Properties: metadata.TensorProperties{DType: tensor.BFloat16, Layout: usualLayout},
				},
			})
			path := metadata.Path{
				{Key: "model"},
				{Key: "layers"},
				{Index: i, IsIndex: true},
				{Key: "attention"},
				{Key: "wq"},
				{Key: "weight"},
			}
			plans[rank].PlannerData = append(plans[rank].PlannerData, metadata.PathEntry{FQN: fqn, Path: path})
		}
	}
	return plans
}

func BenchmarkCreateGlobalPlan(b *testing.B) {
	for _, size := range [][2]int{{128, 1000}, {512, 1000}, {1024, 1}, {8192, 1}} {
		plans := manyPlans(size[0], size[1])
		b.Run(fmt.Sprintf("%d ranks, %d tensors", size[0], size[1]), func(b *testing.B) {
			b.ReportAllocs()
			for b.Loop() {
				var p DefaultSavePlanner
				if _, _, err := p.CreateGlobalPlan(plans); err != nil {
					b.Fatal(err)
				}
			}
		})
	}
}

func BenchmarkPlanEncoding(b *testing.B) {
	plan := manyPlans(1, 10_000)[0]
	data, err := plan.MarshalBinary()
	if err != nil {
		b.Fatal(err)
	}
	b.Run("marshal", func(b *testing.B) {
		b.ReportAllocs()
		for b.Loop() {
			if _, err := plan.MarshalBinary(); err != nil {
				b.Fatal(err)
			}
		}
		b.ReportMetric(float64(len(data))/10_000, "B/item")
	})
	b.Run("unmarshal", func(b *testing.B) {
		b.ReportAllocs()
		for b.Loop() {
			if err := new(SavePlan).UnmarshalBinary(data); err != nil {
				b.Fatal(err)
			}
		}
	})
}
