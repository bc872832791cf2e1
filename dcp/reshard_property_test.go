package dcp_test

import (
	"context"
	"fmt"
	"slices"
	"testing"

	"golang.org/x/sync/errgroup"
	"pgregory.net/rapid"

	"github.com/godcp/godcp/backends/memfs"
	"github.com/godcp/godcp/collective"
	"github.com/godcp/godcp/dcp"
	"github.com/godcp/godcp/fsbase"
	"github.com/godcp/godcp/tensor"
)

// counted is a tensor of any shape of which each element is its position.
type counted struct {
	name string
	size []int64
}

// at is the position of an element in C order.
func (c counted) at(index []int64) int64 {
	n := int64(0)
	for d, i := range index {
		n = n*c.size[d] + i
	}
	return n
}

// each calls f with the index, in the whole, of every element of a box, in C
// order.
func each(box tensor.Box, f func(index []int64)) {
	if box.Empty() {
		return
	}
	index := slices.Clone(box.Offsets)
	for {
		f(index)
		d := len(index) - 1
		for ; d >= 0; d-- {
			if index[d]++; index[d] < box.Offsets[d]+box.Sizes[d] {
				break
			}
			index[d] = box.Offsets[d]
		}
		if d < 0 {
			return
		}
	}
}

// shards makes shards of boxes, full of their positions or of -1.
func (c counted) shards(t *rapid.T, boxes []tensor.Box, full bool) *dcp.ShardedTensor {
	s := &dcp.ShardedTensor{DType: tensor.Int64, Size: c.size}
	for _, b := range boxes {
		var data []int64
		each(b, func(index []int64) {
			if full {
				data = append(data, c.at(index))
			} else {
				data = append(data, -1)
			}
		})
		x, err := tensor.FromSlice(data, b.Sizes...)
		if err != nil {
			t.Fatal(err)
		}
		s.Shards = append(s.Shards, dcp.Shard{Offsets: b.Offsets, Tensor: x})
	}
	return s
}

// tile cuts a box into n or fewer at random places.
func tile(t *rapid.T, box tensor.Box, n int) []tensor.Box {
	var long []int // dimensions that can be cut
	for d, k := range box.Sizes {
		if k > 1 {
			long = append(long, d)
		}
	}
	if n <= 1 || len(long) == 0 {
		return []tensor.Box{box}
	}
	d := rapid.SampledFrom(long).Draw(t, "along")
	k := rapid.Int64Range(1, box.Sizes[d]-1).Draw(t, "cut")
	low := tensor.Box{Offsets: slices.Clone(box.Offsets), Sizes: slices.Clone(box.Sizes)}
	high := tensor.Box{Offsets: slices.Clone(box.Offsets), Sizes: slices.Clone(box.Sizes)}
	low.Sizes[d] = k
	high.Offsets[d] += k
	high.Sizes[d] -= k
	return append(tile(t, low, n/2), tile(t, high, n-n/2)...)
}

// anyBox lies somewhere in a tensor, and may be empty.
func anyBox(t *rapid.T, size []int64) tensor.Box {
	b := tensor.FullBox(size)
	for d, n := range size {
		b.Offsets[d] = rapid.Int64Range(0, n).Draw(t, "offset")
		b.Sizes[d] = rapid.Int64Range(0, n-b.Offsets[d]).Draw(t, "size")
	}
	return b
}

// TestReshardAgainstPositions saves tensors in random boxes from 1 to 5 ranks, by
// a group or by themselves, and loads random boxes of them with 1 to 4, by
// themselves or by a group: each element is the one of its position.
func TestReshardAgainstPositions(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		world := rapid.IntRange(1, 5).Draw(t, "savers")
		states := make([]map[string]any, world)
		for rank := range states {
			states[rank] = map[string]any{}
		}
		var all []counted
		for i := range rapid.IntRange(1, 3).Draw(t, "tensors") {
			c := counted{fmt.Sprint("t", i), rapid.SliceOfN(rapid.Int64Range(0, 6), 0, 4).Draw(t, "shape")}
			all = append(all, c)
			of := make([][]tensor.Box, world)
			for _, b := range tile(t, tensor.FullBox(c.size), rapid.IntRange(1, 12).Draw(t, "boxes")) {
				rank := rapid.IntRange(0, world-1).Draw(t, "rank")
				of[rank] = append(of[rank], b)
				if rapid.IntRange(0, 3).Draw(t, "twice") == 0 && world > 1 { // another rank has it, too
					other := (rank + 1) % world
					of[other] = append(of[other], b)
				}
			}
			for rank, boxes := range of {
				states[rank][c.name] = c.shards(t, boxes, true)
			}
		}
		fsys := memfs.New()
		if err := saveAll(fsys, states, rapid.Bool().Draw(t, "alone"), rapid.Bool().Draw(t, "merged")); err != nil {
			t.Fatal(err)
		}
		templates := make([]map[string]any, rapid.IntRange(1, 4).Draw(t, "loaders"))
		for rank := range templates {
			templates[rank] = map[string]any{}
			for _, c := range all {
				var boxes []tensor.Box
				for range rapid.IntRange(0, 3).Draw(t, "wanted") {
					b := anyBox(t, c.size)
					if !slices.ContainsFunc(boxes, func(o tensor.Box) bool { return slices.Equal(o.Offsets, b.Offsets) }) {
						boxes = append(boxes, b)
					}
				}
				templates[rank][c.name] = c.shards(t, boxes, false)
			}
		}
		if err := loadAll(fsys, templates, rapid.Bool().Draw(t, "group"), rapid.Bool().Draw(t, "share")); err != nil {
			t.Fatal(err)
		}
		for rank, state := range templates {
			for _, c := range all {
				checkPositions(t, rank, c, state[c.name].(*dcp.ShardedTensor))
			}
		}
	})
}

func saveAll(fsys fsbase.FileSystemBase, states []map[string]any, byThemselves, merged bool) error {
	ctx := context.Background()
	var ranks errgroup.Group
	for rank, g := range collective.InProcess(len(states)) {
		o := dcp.SaveOptions{Group: g}
		if byThemselves {
			o = alone("s", rank, len(states))
		}
		ranks.Go(func() error {
			_, err := dcp.SaveFS(ctx, fsys, states[rank], o)
			return err
		})
	}
	err := ranks.Wait()
	if err == nil && byThemselves && merged {
		_, err = dcp.MergeRankLocalFS(ctx, fsys, dcp.OpenOptions{})
	}
	return err
}

func loadAll(fsys fsbase.FileSystemBase, templates []map[string]any, byGroup, share bool) error {
	var ranks errgroup.Group
	for rank, g := range collective.InProcess(len(templates)) {
		o := dcp.LoadOptions{ShareReads: share}
		if byGroup {
			o.Group = g
		}
		ranks.Go(func() error {
			_, err := dcp.LoadFS(context.Background(), fsys, templates[rank], o)
			return err
		})
	}
	return ranks.Wait()
}

func checkPositions(t *rapid.T, rank int, c counted, s *dcp.ShardedTensor) {
	for _, sh := range s.Shards {
		data, err := tensor.Data[int64](sh.Tensor)
		if err != nil {
			t.Fatal(err)
		}
		i := 0
		each(sh.Box(), func(index []int64) {
			if data[i] != c.at(index) {
				t.Fatalf("rank %d, %s of %v at %v: %d, want %d", rank, c.name, c.size, index, data[i], c.at(index))
			}
			i++
		})
	}
}
