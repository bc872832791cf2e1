package interop

import (
	"encoding/json"
	"fmt"
	"path/filepath"
	"strconv"
	"testing"

	"golang.org/x/sync/errgroup"

	"github.com/godcp/godcp/collective"
	"github.com/godcp/godcp/dcp"
	"github.com/godcp/godcp/tensor"
)

// The tensor of torch/grid.py.
const gridRows, gridCols = 11, 6

// layout is one of the shardings that both sides know by a name.
type layout struct {
	mesh       tensor.Mesh
	placements []tensor.Placement
}

func layouts(t *testing.T, world int) map[string]layout {
	t.Helper()
	inner := 1 + (world+1)%2
	line, err := tensor.NewMesh(world)
	if err != nil {
		t.Fatal(err)
	}
	square, err := tensor.NewMesh(world/inner, inner)
	if err != nil {
		t.Fatal(err)
	}
	return map[string]layout{
		"rows":         {line, []tensor.Placement{tensor.Shard(0)}},
		"columns":      {line, []tensor.Placement{tensor.Shard(1)}},
		"replicated":   {line, []tensor.Placement{tensor.Replicate()}},
		"square":       {square, []tensor.Placement{tensor.Shard(0), tensor.Shard(1)}},
		"hsdp":         {square, []tensor.Placement{tensor.Replicate(), tensor.Shard(0)}},
		"fsdp over tp": {square, []tensor.Placement{tensor.StridedShard(0, inner), tensor.Shard(0)}},
	}
}

// gridState is what a rank has, full of positions or of -1.
func gridState(t *testing.T, rank, world int, full bool) map[string]any {
	t.Helper()
	state := map[string]any{"step": int64(11)}
	if !full {
		state["step"] = nil
	}
	size := []int64{gridRows, gridCols}
	for name, l := range layouts(t, world) {
		has, err := l.mesh.Local(rank, size, l.placements...)
		if err != nil {
			t.Fatal(err)
		}
		local, err := tensor.New(tensor.Float32, has.Shape...)
		if err != nil {
			t.Fatal(err)
		}
		data, err := tensor.Data[float32](local)
		if err != nil {
			t.Fatal(err)
		}
		for i := range data {
			if data[i] = -1; full {
				data[i] = position(has.Offset, has.Shape, i)
			}
		}
		if state[name], err = dcp.FromLocal(local, size, l.mesh, rank, l.placements...); err != nil {
			t.Fatal(err)
		}
	}
	return state
}

func gridStates(t *testing.T, world int, full bool) []map[string]any {
	t.Helper()
	states := make([]map[string]any, world)
	for rank := range states {
		states[rank] = gridState(t, rank, world, full)
	}
	return states
}

// position is that of element i of a box in the whole.
func position(offset, shape []int64, i int) float32 {
	row, col := offset[0]+int64(i)/shape[1], offset[1]+int64(i)%shape[1]
	return float32(row*gridCols + col)
}

// gridRanks are the numbers of ranks on the side of Go.
var gridRanks = []int{1, 2, 3, 4, 7}

// TestGrid saves with 1, 2, 3, 4 and 7 ranks of Go, and with 1, 2 and 4 of torch,
// and loads with each of the other side: rows, columns, replicas, two-dimensional
// meshes.
func TestGrid(t *testing.T) {
	python := pythonWithTorch(t)
	root := t.TempDir()
	var jobs []string
	for _, world := range gridRanks {
		folder := filepath.Join(root, fmt.Sprint("go", world))
		states := gridStates(t, world, true)
		byRanks(t, world, func(rank int, g collective.Group) error {
			_, err := dcp.Save(t.Context(), folder, states[rank], dcp.SaveOptions{Group: g})
			return err
		})
		jobs = append(jobs, "load", folder)
	}
	for _, torch := range []int{1, 2, 4} {
		t.Run(fmt.Sprint(torch, " of torch"), func(t *testing.T) {
			folder := filepath.Join(root, fmt.Sprint("torch", torch))
			args := append([]string{"-B", filepath.Join("torch", "grid.py"), strconv.Itoa(torch), "save", folder}, jobs...)
			var loaded [][]map[string]any // by job and rank
			if err := json.Unmarshal([]byte(run(t, python, args...)), &loaded); err != nil {
				t.Fatal(err)
			}
			if len(loaded) != len(gridRanks) {
				t.Fatalf("torch loaded %d of %d", len(loaded), len(gridRanks))
			}
			for i, ranks := range loaded {
				checkTorchGrid(t, fmt.Sprintf("saved by %d", gridRanks[i]), torch, ranks)
			}
			for _, world := range gridRanks {
				states := gridStates(t, world, false)
				byRanks(t, world, func(rank int, g collective.Group) error {
					o := dcp.LoadOptions{ShareReads: world%2 == 0, OpenOptions: dcp.OpenOptions{Group: g}}
					if _, err := dcp.Load(t.Context(), folder, states[rank], o); err != nil {
						return err
					}
					checkGrid(t, rank, world, states[rank])
					return nil
				})
			}
		})
	}
}

func byRanks(t *testing.T, world int, f func(rank int, g collective.Group) error) {
	t.Helper()
	var ranks errgroup.Group
	for rank, g := range collective.InProcess(world) {
		ranks.Go(func() error { return f(rank, g) })
	}
	if err := ranks.Wait(); err != nil {
		t.Fatalf("%d ranks: %v", world, err)
	}
}

// checkTorchGrid checks what the ranks of torch have: of each tensor the part that
// is theirs, full of positions.
func checkTorchGrid(t *testing.T, what string, world int, ranks []map[string]any) {
	t.Helper()
	if len(ranks) != world {
		t.Fatalf("%s: %d ranks", what, len(ranks))
	}
	for rank, got := range ranks {
		if got["step"] != 11.0 {
			t.Errorf("%s, rank %d: step %v", what, rank, got["step"])
		}
		for name, l := range layouts(t, world) {
			has, err := l.mesh.Local(rank, []int64{gridRows, gridCols}, l.placements...)
			if err != nil {
				t.Fatal(err)
			}
			want := []any{anys(has.Offset), anys(has.Shape), []any{}}
			elements := []any{}
			if n, _ := tensor.NumElements(has.Shape); n > 0 {
				for i := range n {
					elements = append(elements, float64(position(has.Offset, has.Shape, int(i))))
				}
			}
			want[2] = elements
			if fmt.Sprint(got[name]) != fmt.Sprint(any(want)) {
				t.Errorf("%s, rank %d, %s: %v, want %v", what, rank, name, got[name], want)
			}
		}
	}
}

func anys(dims []int64) []any {
	out := []any{}
	for _, n := range dims {
		out = append(out, float64(n))
	}
	return out
}

func checkGrid(t *testing.T, rank, world int, state map[string]any) {
	if state["step"] != int64(11) {
		t.Errorf("rank %d of %d: step %v", rank, world, state["step"])
	}
	for name := range layouts(t, world) {
		for _, sh := range state[name].(*dcp.ShardedTensor).Shards {
			data, err := tensor.Data[float32](sh.Tensor)
			if err != nil {
				t.Error(err)
				return
			}
			for i, x := range data {
				if want := position(sh.Offsets, sh.Tensor.Shape(), i); x != want {
					t.Errorf("rank %d of %d, %s: element %d at %v is %v, want %v", rank, world, name, i, sh.Offsets, x, want)
					return
				}
			}
		}
	}
}
