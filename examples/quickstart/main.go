// Quickstart saves a sharded state from 4 ranks, overwrites it, loads it into 2
// ranks in another sharding, and reads one slice alone.
//
//	go run ./examples/quickstart [URL]
//
// The URL defaults to memory; a path works too, and so does any scheme that
// godcp knows.
package main

import (
	"context"
	"fmt"
	"log"
	"os"

	"golang.org/x/sync/errgroup"

	_ "github.com/godcp/godcp/backends/all"
	"github.com/godcp/godcp/collective"
	"github.com/godcp/godcp/dcp"
	"github.com/godcp/godcp/tensor"
)

const rows, cols = 8, 6

func main() {
	url := "mem://quickstart/step-1"
	if len(os.Args) > 1 {
		url = os.Args[1]
	}
	if err := run(context.Background(), url); err != nil {
		log.Fatal(err)
	}
}

func run(ctx context.Context, url string) error {
	// Four ranks, here goroutines, each with two rows of "w".
	for step := range int64(2) {
		err := ranks(4, func(g collective.Group) error {
			w, err := shard(g, func(row, col int64) float32 { return float32(100*step + row*cols + col) })
			if err != nil {
				return err
			}
			state := map[string]any{"model": map[string]any{"w": w}, "step": step}
			// Overwrite also lets the example run again in the same place.
			_, err = dcp.Save(ctx, url, state, dcp.SaveOptions{Group: g, WriterOptions: dcp.WriterOptions{Overwrite: true}})
			return err
		})
		if err != nil {
			return err
		}
		fmt.Println("4 ranks saved step", step, "to", url)
	}

	ck, err := dcp.Open(ctx, url)
	if err != nil {
		return err
	}
	for fqn, e := range ck.Entries() {
		if e.IsTensor {
			fmt.Printf("  %s: %v %v in %d chunks\n", fqn, e.DType, e.Shape, len(e.Chunks))
		}
	}

	// Two ranks, each with half of the columns.
	err = ranks(2, func(g collective.Group) error {
		mine, err := tensor.New(tensor.Float32, rows, cols/2)
		if err != nil {
			return err
		}
		offset := []int64{0, int64(g.Rank()) * cols / 2}
		state := map[string]any{"model": map[string]any{"w": &dcp.ShardedTensor{
			DType: tensor.Float32, Size: []int64{rows, cols}, Shards: []dcp.Shard{{Offsets: offset, Tensor: mine}},
		}}}
		rep, err := dcp.Load(ctx, url, state, dcp.LoadOptions{})
		if err != nil {
			return err
		}
		first, err := mine.At(0, 0)
		if err != nil {
			return err
		}
		fmt.Printf("rank %d of 2 loaded columns %d to %d, beginning with %v, in %d reads\n", g.Rank(), offset[1], offset[1]+cols/2-1, first, rep.Items)
		return nil
	})
	if err != nil {
		return err
	}

	row, err := ck.Slice(ctx, "model.w", tensor.Box{Offsets: []int64{5, 0}, Sizes: []int64{1, cols}})
	if err != nil {
		return err
	}
	values, err := tensor.Data[float32](row)
	if err != nil {
		return err
	}
	fmt.Println("row 5 alone:", values)
	return nil
}

// ranks runs one goroutine for each rank of a group.
func ranks(n int, work func(collective.Group) error) error {
	var eg errgroup.Group
	for _, g := range collective.InProcess(n) {
		eg.Go(func() error { return work(g) })
	}
	return eg.Wait()
}

// shard makes the rows of "w" that belong to a rank.
func shard(g collective.Group, value func(row, col int64) float32) (*dcp.ShardedTensor, error) {
	n := int64(rows / g.Size())
	first := int64(g.Rank()) * n
	var data []float32
	for r := range n {
		for c := range int64(cols) {
			data = append(data, value(first+r, c))
		}
	}
	t, err := tensor.FromSlice(data, n, cols)
	return &dcp.ShardedTensor{
		DType: tensor.Float32, Size: []int64{rows, cols},
		Shards: []dcp.Shard{{Offsets: []int64{first, 0}, Tensor: t}},
	}, err
}
