package main

import (
	"fmt"
	"runtime"
	"time"

	"github.com/godcp/godcp/bench/internal/compare"
	"github.com/godcp/godcp/dcp/metadata"
	"github.com/godcp/godcp/dcp/planner"
	"github.com/godcp/godcp/tensor"
)

// cols is how long a row is.
const cols = 64

// planning is one round of this side.
type planning struct {
	world, tensors int
	wires          [][]byte
	plans          []*planner.SavePlan
	md             *metadata.Metadata
}

// all runs the stages and says how long each took.
func (p *planning) all() (map[string]time.Duration, error) {
	row, err := tensor.New(tensor.BFloat16, 1, cols)
	if err != nil {
		return nil, err
	}
	took := map[string]time.Duration{}
	timed := func(stage string, f func() error) {
		if err == nil {
			start := time.Now()
			err = f()
			took[stage] += time.Since(start)
		}
	}
	runtime.GC() // what was before is not this round's
	before, err := compare.OwnCPU()
	for rank := range p.world {
		state := p.state(rank, row)
		var plan *planner.SavePlan
		timed("local", func() (err error) {
			var sp planner.DefaultSavePlanner
			if err := sp.SetUpPlanner(state, nil, rank == 0); err != nil {
				return err
			}
			plan, err = sp.CreateLocalPlan()
			return err
		})
		timed("wire", func() error {
			b, err := plan.MarshalBinary()
			p.wires = append(p.wires, b)
			return err
		})
	}
	timed("wire", func() error {
		p.plans = make([]*planner.SavePlan, p.world)
		for i, b := range p.wires {
			p.plans[i] = new(planner.SavePlan)
			if err := p.plans[i].UnmarshalBinary(b); err != nil {
				return err
			}
		}
		return nil
	})
	timed("global", func() (err error) {
		var sp planner.DefaultSavePlanner
		p.plans, p.md, err = sp.CreateGlobalPlan(p.plans)
		return err
	})
	timed("metadata", func() error {
		_, err := metadata.Encode(p.md)
		return err
	})
	if err != nil {
		return nil, err
	}
	item := &p.md.StateDictMetadata[0]
	boxes := slabs(int64(p.world), int64(p.world*3/4))
	var reads []planner.ReadItem
	timed("load", func() (err error) {
		reads, err = planner.CreateReadItems(item, boxes)
		return err
	})
	if err == nil && len(reads) < p.world {
		err = fmt.Errorf("%d reads of %d chunks", len(reads), p.world)
	}
	if err != nil {
		return nil, err
	}
	after, err := compare.OwnCPU()
	took[cpu] = after - before
	return took, err
}

// state is what a rank saves: its row of every tensor. The rows share memory, as
// planning does not look at it.
func (p *planning) state(rank int, row *tensor.Tensor) map[string]any {
	model := make(map[string]any, p.tensors)
	for i := range p.tensors {
		model[fmt.Sprintf("layer%05d.w", i)] = &planner.ShardedTensor{
			DType: tensor.BFloat16, Size: []int64{int64(p.world), cols},
			Shards: []planner.Shard{{Offsets: []int64{int64(rank), 0}, Tensor: row}},
		}
	}
	return map[string]any{"model": model}
}

// slabs cuts rows among n ranks as evenly as can be.
func slabs(rows, n int64) []tensor.Box {
	boxes := make([]tensor.Box, n)
	for i := range n {
		from, to := i*rows/n, (i+1)*rows/n
		boxes[i] = tensor.Box{Offsets: []int64{from, 0}, Sizes: []int64{to - from, cols}}
	}
	return boxes
}
