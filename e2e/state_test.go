package e2e

import (
	"context"
	"fmt"
	"net/url"
	"testing"

	"golang.org/x/sync/errgroup"

	"github.com/godcp/godcp/collective"
	"github.com/godcp/godcp/dcp"
	"github.com/godcp/godcp/fsbase"
	"github.com/godcp/godcp/tensor"
)

// A matrix of rows and columns is what jobs here train. Its elements tell
// where they are and of which step.
type matrix struct{ rows, cols int64 }

func (m matrix) at(step, row, col int64) float32 { return float32(step*1_000_000 + row*m.cols + col) }

// box makes a part of the matrix of a step, or, for step -1, memory for it.
func (m matrix) box(step int64, offset, size [2]int64) (*dcp.ShardedTensor, error) {
	data := make([]float32, 0, size[0]*size[1])
	for r := range size[0] {
		for c := range size[1] {
			v := float32(-1)
			if step >= 0 {
				v = m.at(step, offset[0]+r, offset[1]+c)
			}
			data = append(data, v)
		}
	}
	t, err := tensor.FromSlice(data, size[0], size[1])
	return &dcp.ShardedTensor{
		DType: tensor.Float32, Size: []int64{m.rows, m.cols},
		Shards: []dcp.Shard{{Offsets: offset[:], Tensor: t}},
	}, err
}

// rows are the part that a rank of a group trains.
func (m matrix) ofRank(g collective.Group) (offset, size [2]int64) {
	first, end := m.rows*int64(g.Rank())/int64(g.Size()), m.rows*int64(g.Rank()+1)/int64(g.Size())
	return [2]int64{first, 0}, [2]int64{end - first, m.cols}
}

// save saves a step from n ranks.
func (m matrix) save(ctx context.Context, n int, url string, step int64, o dcp.SaveOptions) error {
	return ranks(n, func(g collective.Group) error {
		o := o
		o.Group = g
		if g.Rank() > 0 {
			o.Report = nil
		}
		return m.saveRank(ctx, url, step, o)
	})
}

// saveRank is what one rank does of a save.
func (m matrix) saveRank(ctx context.Context, url string, step int64, o dcp.SaveOptions) error {
	offset, size := m.ofRank(o.Group)
	w, err := m.box(step, offset, size)
	if err != nil {
		return err
	}
	_, err = dcp.Save(ctx, url, map[string]any{"model": map[string]any{"w": w}, "step": step}, o)
	return err
}

// wrongValue: what was loaded is not what was saved.
type wrongValue struct{ what string }

func (e *wrongValue) Error() string { return e.what }

// load loads parts and compares each element with that of a step.
func (m matrix) load(ctx context.Context, url string, step int64, boxes [][2][2]int64, o dcp.LoadOptions) error {
	var eg errgroup.Group
	for _, b := range boxes {
		eg.Go(func() error {
			w, err := m.box(-1, b[0], b[1])
			if err != nil {
				return err
			}
			state := map[string]any{"model": map[string]any{"w": w}, "step": int64(-1)}
			if _, err := dcp.Load(ctx, url, state, o); err != nil {
				return err
			}
			if state["step"] != step {
				return &wrongValue{fmt.Sprintf("loaded step %v instead of %d", state["step"], step)}
			}
			got, err := tensor.Data[float32](w.Shards[0].Tensor)
			if err != nil {
				return err
			}
			for i, v := range got {
				row, col := b[0][0]+int64(i)/b[1][1], b[0][1]+int64(i)%b[1][1]
				if v != m.at(step, row, col) {
					return &wrongValue{fmt.Sprintf("element %d, %d is %v", row, col, v)}
				}
			}
			return nil
		})
	}
	return eg.Wait()
}

// byRows and byColumns cut the matrix into n parts.
func (m matrix) byRows(n int64) (boxes [][2][2]int64) {
	for i := range n {
		first, end := m.rows*i/n, m.rows*(i+1)/n
		boxes = append(boxes, [2][2]int64{{first, 0}, {end - first, m.cols}})
	}
	return boxes
}

func (m matrix) byColumns(n int64) (boxes [][2][2]int64) {
	for i := range n {
		first, end := m.cols*i/n, m.cols*(i+1)/n
		boxes = append(boxes, [2][2]int64{{0, first}, {m.rows, end - first}})
	}
	return boxes
}

// ranks runs one goroutine for each rank of a group.
func ranks(n int, work func(collective.Group) error) error {
	var eg errgroup.Group
	for _, g := range collective.InProcess(n) {
		eg.Go(func() error { return work(g) })
	}
	return eg.Wait()
}

// must ends a test that cannot go on.
func must(t testing.TB, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}

// here is the URL of the one place that a registry of muxOf has.
const here = "here://"

// muxOf is a registry of one file system.
func muxOf(fsys fsbase.FileSystemBase) *fsbase.Mux {
	var mux fsbase.Mux
	mux.Register("here", fsbase.OpenerFunc(func(context.Context, *url.URL) (fsbase.FileSystemBase, error) { return fsys, nil }))
	return &mux
}
