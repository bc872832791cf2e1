package e2e

import (
	"errors"
	"fmt"
	"io/fs"
	"testing"

	"golang.org/x/sync/errgroup"

	_ "github.com/godcp/godcp/backends/gcs"
	"github.com/godcp/godcp/collective"
	"github.com/godcp/godcp/dcp"
	"github.com/godcp/godcp/fsbase"
	"github.com/godcp/godcp/tensor"
	"github.com/godcp/godcp/verify"
)

const rows, cols = 16, 1 << 10

// value is element (r, c) of "w" at a step.
func value(step, r, c int64) float32 { return float32(step*1_000_000 + r*cols + c) }

// save saves a step from n ranks, each with some rows of "w".
func save(t *testing.T, fsys fsbase.FileSystemBase, step int64, n int, overwrite bool) (dcp.SaveReport, error) {
	var report dcp.SaveReport
	var eg errgroup.Group
	for _, g := range collective.InProcess(n) {
		eg.Go(func() error {
			each := int64(rows / n)
			first := int64(g.Rank()) * each
			data := make([]float32, 0, each*cols)
			for r := range each {
				for c := range int64(cols) {
					data = append(data, value(step, first+r, c))
				}
			}
			w, err := tensor.FromSlice(data, each, cols)
			if err != nil {
				return err
			}
			state := map[string]any{"step": step, "w": &dcp.ShardedTensor{
				DType: tensor.Float32, Size: []int64{rows, cols}, Shards: []dcp.Shard{{Offsets: []int64{first, 0}, Tensor: w}},
			}}
			o := dcp.SaveOptions{Group: g, WriterOptions: dcp.WriterOptions{Overwrite: overwrite}}
			if g.Rank() == 0 {
				o.Report = &report
			}
			_, err = dcp.SaveFS(t.Context(), fsys, state, o)
			return err
		})
	}
	err := eg.Wait()
	return report, err
}

// load loads "w" into n ranks, each with some columns, and demands the values
// of a step.
func load(t *testing.T, fsys fsbase.FileSystemBase, step int64, n int) {
	t.Helper()
	var eg errgroup.Group
	for _, g := range collective.InProcess(n) {
		eg.Go(func() error {
			width := int64(cols / n)
			first := int64(g.Rank()) * width
			mine, err := tensor.New(tensor.Float32, rows, width)
			if err != nil {
				return err
			}
			state := map[string]any{"w": &dcp.ShardedTensor{
				DType: tensor.Float32, Size: []int64{rows, cols}, Shards: []dcp.Shard{{Offsets: []int64{0, first}, Tensor: mine}},
			}}
			if _, err := dcp.LoadFS(t.Context(), fsys, state, dcp.LoadOptions{}); err != nil {
				return err
			}
			got, err := tensor.Data[float32](mine)
			if err != nil {
				return err
			}
			for i, v := range got {
				r, c := int64(i)/width, first+int64(i)%width
				if v != value(step, r, c) {
					return fmt.Errorf("element (%d, %d) is %v", r, c, v)
				}
			}
			return nil
		})
	}
	if err := eg.Wait(); err != nil {
		t.Fatalf("loading step %d into %d ranks: %v", step, n, err)
	}
}

// TestCloudCheckpoints saves from 4 ranks, loads into others, overwrites twice,
// and finds nothing broken and nothing left over.
func TestCloudCheckpoints(t *testing.T) {
	for name, start := range clouds {
		t.Run(name, func(t *testing.T) {
			c := start(t)
			fsys := c.open(t, "run/step")
			for step := range int64(3) {
				report, err := save(t, fsys, step, 4, step > 0)
				if err != nil {
					t.Fatalf("step %d: %v", step, err)
				}
				if report.Unguarded == c.guarded || c.guarded && len(report.Left) > 0 {
					t.Errorf("step %d: %+v", step, report)
				}
				for _, n := range []int{1, 2, 8} {
					load(t, fsys, step, n)
				}
			}
			if _, err := save(t, fsys, 9, 4, false); !errors.Is(err, fs.ErrExist) {
				t.Errorf("saving without Overwrite: %v", err)
			}
			if !c.guarded {
				return // there nothing is removed
			}
			ck, err := dcp.OpenFS(t.Context(), fsys, dcp.OpenOptions{})
			if err != nil {
				t.Fatal(err)
			}
			rep, err := verify.Verify(t.Context(), ck, verify.Options{})
			if err != nil || len(rep.Findings) > 0 {
				t.Errorf("verify: %+v, %v", rep, err)
			}
			// The files of the last two steps and .metadata, no others.
			if names := list(t, fsys); len(names) != 9 {
				t.Errorf("there are %q", names)
			}
		})
	}
}

func list(t *testing.T, fsys fsbase.FileSystemBase) []string {
	t.Helper()
	var names []string
	for info, err := range fsbase.List(t.Context(), fsys, "") {
		if err != nil {
			t.Fatal(err)
		}
		names = append(names, info.Path)
	}
	return names
}
