// Ranks saves and loads a sharded state from processes, each of them a rank of
// one job.
//
//	go run ./examples/ranks -launch 4 [URL]
//	torchrun --nproc-per-node 4 --no-python ./ranks URL
//
// With -launch it starts the processes itself, on this machine; else it is one
// of them, and the environment says which. URL is storage that all ranks reach,
// in any scheme that godcp knows; a path works too, and without one -launch takes
// a folder that is gone afterwards. With -load nothing is saved: what is there is
// loaded, into as many ranks as there are now.
package main

import (
	"context"
	"flag"
	"fmt"
	"os"
	"os/signal"
	"time"

	_ "github.com/godcp/godcp/backends/all"
	"github.com/godcp/godcp/collective"
	"github.com/godcp/godcp/collective/natsgroup"
	"github.com/godcp/godcp/dcp"
	"github.com/godcp/godcp/tensor"
)

func main() {
	n := flag.Int("launch", 0, "start `N` ranks on this machine")
	load := flag.Bool("load", false, "only load")
	flag.Usage = func() {
		fmt.Fprintln(flag.CommandLine.Output(), "usage: ranks [-load] URL\n       ranks -launch N [-load] [URL]")
		flag.PrintDefaults()
	}
	flag.Parse()
	if flag.NArg() > 1 || *n < 0 || flag.NArg() == 0 && (*n == 0 || *load) {
		flag.Usage()
		os.Exit(2)
	}
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt)
	defer stop()
	var err error
	if *n > 0 {
		err = launch(ctx, *n, *load, flag.Arg(0))
	} else {
		err = rank(ctx, *load, flag.Arg(0))
	}
	if err != nil {
		fmt.Fprintln(os.Stderr, "ranks:", err)
		os.Exit(1)
	}
}

// rank is what each process does.
func rank(ctx context.Context, load bool, url string) error {
	// A deadline for each call: a rank that does not come is named after it.
	g, err := natsgroup.FromEnv(ctx, natsgroup.Options{CallTimeout: 5 * time.Minute})
	if err != nil {
		return err
	}
	defer g.Close()
	if !load {
		for step := range int64(2) {
			if err := save(ctx, g, url, step); err != nil {
				return fmt.Errorf("rank %d: %w", g.Rank(), err)
			}
		}
	}
	if err := fill(ctx, g, url); err != nil {
		return fmt.Errorf("rank %d: %w", g.Rank(), err)
	}
	return g.Barrier(ctx) // so that none ends before all have loaded
}

const rows, cols = 24, 6

func value(step, row, col int64) float32 { return float32(1000*step + row*cols + col) }

// save writes a step, of which this rank has some rows.
func save(ctx context.Context, g collective.Group, url string, step int64) error {
	first, n := part(rows, g)
	var data []float32
	for row := first; row < first+n; row++ {
		for col := range int64(cols) {
			data = append(data, value(step, row, col))
		}
	}
	w, err := shard([]int64{first, 0}, []int64{n, cols}, data)
	if err != nil {
		return err
	}
	state := map[string]any{"model": map[string]any{"w": w}, "step": step}
	// Overwrite lets step 1 replace step 0. Most jobs save into a folder per step.
	_, err = dcp.Save(ctx, url, state, dcp.SaveOptions{Group: g, WriterOptions: dcp.WriterOptions{Overwrite: true}})
	if err == nil {
		fmt.Printf("rank %d of %d saved step %d with %d rows\n", g.Rank(), g.Size(), step, n)
	}
	return err
}

// fill loads some columns, and looks at them.
func fill(ctx context.Context, g collective.Group, url string) error {
	first, n := part(cols, g)
	data := make([]float32, rows*n)
	w, err := shard([]int64{0, first}, []int64{rows, n}, data)
	if err != nil {
		return err
	}
	state := map[string]any{"model": map[string]any{"w": w}, "step": nil}
	rep, err := dcp.Load(ctx, url, state, dcp.LoadOptions{})
	if err != nil {
		return err
	}
	step, _ := state["step"].(int64)
	for i, x := range data {
		if want := value(step, int64(i)/n, first+int64(i)%n); x != want {
			return fmt.Errorf("element %d is %v, want %v", i, x, want)
		}
	}
	fmt.Printf("rank %d of %d loaded step %d with %d columns, in %d reads\n", g.Rank(), g.Size(), step, n, rep.Items)
	return nil
}

// part is what a rank has of n rows or columns.
func part(n int64, g collective.Group) (first, count int64) {
	each := (n + int64(g.Size()) - 1) / int64(g.Size())
	first = min(n, each*int64(g.Rank()))
	return first, min(each, n-first)
}

// shard is one rank's part of "w", which may be nothing.
func shard(offsets, sizes []int64, data []float32) (*dcp.ShardedTensor, error) {
	s := &dcp.ShardedTensor{DType: tensor.Float32, Size: []int64{rows, cols}}
	if len(data) == 0 {
		return s, nil
	}
	t, err := tensor.FromSlice(data, sizes...)
	s.Shards = []dcp.Shard{{Offsets: offsets, Tensor: t}}
	return s, err
}
