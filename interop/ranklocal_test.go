package interop

import (
	"encoding/json"
	"path/filepath"
	"strconv"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/godcp/godcp/ckpterr"
	"github.com/godcp/godcp/dcp"
	"github.com/godcp/godcp/tensor"
)

// What torch/ranklocal.py saves and loads.
const setRows, setCols = 7, 5

// TestRankLocal: torch loads what Go saved rank by rank, before and after the
// merge, and Go loads and merges what torch saved so. World 0 is torch without a
// process group. A torch that has no such sets loads what was merged.
func TestRankLocal(t *testing.T) {
	python := pythonWithTorch(t)
	command := buildCommand(t)
	torch := func(world int, jobs ...string) [][]any {
		args := append([]string{"-B", filepath.Join("torch", "ranklocal.py"), strconv.Itoa(world)}, jobs...)
		var have [][]any
		if err := json.Unmarshal([]byte(run(t, python, args...)), &have); err != nil {
			t.Fatal(err)
		}
		if len(have) != len(jobs)/2 {
			t.Fatalf("torch did %d of %q", len(have), jobs)
		}
		return have
	}
	var has bool
	if err := json.Unmarshal([]byte(run(t, python, "-B", filepath.Join("torch", "ranklocal.py"), "can")), &has); err != nil {
		t.Fatal(err)
	}
	var merged []string // to be loaded by another number of ranks
	for _, world := range []int{0, 3} {
		ours := filepath.Join(t.TempDir(), "go")
		saveSet(t, ours, max(world, 1))
		if has {
			theirs := filepath.Join(t.TempDir(), "torch")
			have := torch(world, "load", ours, "save", theirs)
			checkSet(t, have[0], max(world, 1))
			checkTorchSet(t, theirs)
			run(t, command, "merge", "--trust-set", theirs)
			merged = append(merged, theirs)
		}
		run(t, command, "merge", ours)
		merged = append(merged, ours)
	}
	var jobs []string
	for _, folder := range merged {
		run(t, command, "verify", folder)
		ck, err := dcp.Open(t.Context(), folder)
		if err != nil {
			t.Fatal(err)
		}
		checkWhole(t, ck)
		jobs = append(jobs, "load", folder)
	}
	for _, have := range torch(2, jobs...) {
		checkSet(t, have, 2)
	}
}

func checkTorchSet(t *testing.T, folder string) {
	t.Helper()
	if _, err := dcp.Open(t.Context(), folder); ckpterr.ClassOf(err) != ckpterr.NotACheckpoint {
		t.Errorf("without trust: %v", err)
	}
	ck, err := dcp.OpenWith(t.Context(), folder, dcp.OpenOptions{TrustSet: true})
	if err != nil {
		t.Fatal(err)
	}
	checkWhole(t, ck)
}

// setTensor is all of "w" and of "c".
func setTensor(t *testing.T) *tensor.Tensor {
	t.Helper()
	data := make([]float32, setRows*setCols)
	for i := range data {
		data[i] = float32(i/setCols*100 + i%setCols)
	}
	x, err := tensor.FromSlice(data, setRows, setCols)
	if err != nil {
		t.Fatal(err)
	}
	return x
}

// part is what one of the ranks has of a tensor that is cut along dim.
func part(t *testing.T, x *tensor.Tensor, dim, rank, ranks int) *dcp.ShardedTensor {
	t.Helper()
	box := slabs(x.Shape(), dim, ranks)[rank]
	sub, err := x.Sub(box)
	if err != nil {
		t.Fatal(err)
	}
	return &dcp.ShardedTensor{DType: x.DType(), Size: x.Shape(), Shards: []dcp.Shard{{Offsets: box.Offsets, Tensor: sub}}}
}

func saveSet(t *testing.T, folder string, ranks int) {
	t.Helper()
	x := setTensor(t)
	rep, err := tensor.FromSlice([]int64{0, 1, 2, 3}, 4)
	if err != nil {
		t.Fatal(err)
	}
	for rank := range ranks {
		state := map[string]any{"w": part(t, x, 0, rank, ranks), "c": part(t, x, 1, rank, ranks), "rep": rep, "step": int64(11)}
		_, err := dcp.Save(t.Context(), folder, state, dcp.SaveOptions{
			NoCollectives: &dcp.RankLocal{Rank: rank, WorldSize: ranks},
			WriterOptions: dcp.WriterOptions{SaveID: "interop"},
		})
		if err != nil {
			t.Fatal(err)
		}
	}
}

// checkSet compares what the ranks of torch have with what is theirs.
func checkSet(t *testing.T, got []any, ranks int) {
	t.Helper()
	x := setTensor(t)
	var want []any
	for rank := range ranks {
		want = append(want, map[string]any{
			"w": rowsOf(t, part(t, x, 0, rank, ranks)), "c": rowsOf(t, part(t, x, 1, rank, ranks)),
			"rep": []any{0.0, 1.0, 2.0, 3.0}, "step": 11.0,
		})
	}
	if d := cmp.Diff(want, got); d != "" {
		t.Errorf("-godcp +torch:\n%s", d)
	}
}

// rowsOf is a part as JSON has it.
func rowsOf(t *testing.T, s *dcp.ShardedTensor) any {
	t.Helper()
	x := s.Shards[0].Tensor.Contiguous()
	data, err := tensor.Data[float32](x)
	if err != nil {
		t.Fatal(err)
	}
	rows := make([]any, x.Shape()[0])
	for i := range rows {
		row := make([]any, x.Shape()[1])
		for j := range row {
			row[j] = float64(data[i*len(row)+j])
		}
		rows[i] = row
	}
	return rows
}

func checkWhole(t *testing.T, ck *dcp.Checkpoint) {
	t.Helper()
	want := digest(t, setTensor(t))
	for _, fqn := range []string{"w", "c"} {
		x, err := ck.Tensor(t.Context(), fqn)
		if err != nil {
			t.Fatal(err)
		}
		if got := digest(t, x); got != want {
			t.Errorf("%s differs", fqn)
		}
	}
	if v, err := ck.Value(t.Context(), "step"); err != nil || v != int64(11) {
		t.Errorf("step %v, %v", v, err)
	}
}
