package interop

import (
	"encoding/json"
	"fmt"
	"math/rand/v2"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"golang.org/x/sync/errgroup"

	"github.com/godcp/godcp/collective"
	"github.com/godcp/godcp/dcp"
	"github.com/godcp/godcp/tensor"
)

// ways is how many ways load.py loads a checkpoint.
const ways = 5 + 2*3

// TestTorchLoads saves states from 1 and 4 ranks. Torch loads them with
// dcp.load from files and by fsspec, flat, nested, and as 1, 2 and 3 ranks with
// DTensors of several placements, with dcp_to_torch_save, and item by item.
func TestTorchLoads(t *testing.T) {
	python := pythonWithTorch(t)
	seed, err := strconv.ParseUint(os.Getenv("GODCP_SEED"), 10, 64)
	if err != nil {
		seed = uint64(time.Now().UnixNano() % 1_000_000)
	}
	t.Logf("GODCP_SEED=%d repeats this run", seed)
	dtypes, zstd := askTorch(t, python)
	root := t.TempDir()
	states := map[string]map[string]any{}
	for i, sc := range saveCases(zstd) {
		for _, world := range []int{1, 4} {
			name := fmt.Sprintf("%s-%d", sc.name, world)
			c := content{t, rand.New(rand.NewPCG(seed, uint64(i))), dtypes}
			states[name] = saveAs(c, filepath.Join(root, name), sc, world)
		}
	}
	out := run(t, python, "-B", filepath.Join("torch", "load.py"), "load", root)
	found := parseJSON(t, out).(map[string]any)
	for name, state := range states {
		t.Run(name, func(t *testing.T) { checkLoaded(t, state, found[name].(map[string]any)) })
	}
}

// checkLoaded compares what torch loaded, in every way, with what was saved.
func checkLoaded(t *testing.T, state, loaded map[string]any) {
	if len(loaded) != ways {
		t.Errorf("torch loaded in %d ways, want %d", len(loaded), ways)
	}
	leaves, tree := flat(t, state), expectation(t, state)
	for way, got := range loaded {
		if m, ok := got.(map[string]any); ok && len(m) == 1 && m["error"] != nil {
			t.Errorf("%s: %s", way, m["error"])
			continue
		}
		want := any(leaves)
		if way == "torch_save" || way == "nested" {
			want = tree
		}
		if diff := cmp.Diff(want, got); diff != "" {
			t.Errorf("%s (-godcp +torch):\n%s", way, diff)
		}
	}
}

// saveAs saves new states of a case to folder and returns the last one.
func saveAs(c content, folder string, sc saveCase, world int) (state map[string]any) {
	c.Helper()
	for _, o := range sc.how {
		state = sc.state(c)
		var ranks errgroup.Group
		for rank, group := range collective.InProcess(world) {
			part := partOf(c.T, state, rank, world).(map[string]any)
			ranks.Go(func() error {
				_, err := dcp.Save(c.Context(), folder, part, dcp.SaveOptions{Group: group, WriterOptions: o})
				return err
			})
		}
		if err := ranks.Wait(); err != nil {
			c.Fatalf("%s from %d ranks: %v", sc.name, world, err)
		}
	}
	return state
}

// askTorch finds out which dtypes the torch under test can save and load, and
// whether it has the zstd extension.
func askTorch(t *testing.T, python string) (dtypes []tensor.DType, zstd bool) {
	t.Helper()
	args := []string{"-B", filepath.Join("torch", "load.py"), "dtypes"}
	for d := tensor.Float64; d <= tensor.Float4E2M1FNx2; d++ {
		args = append(args, d.String())
	}
	var said struct {
		Torch   string
		ZStd    bool
		Unknown []string
	}
	out := run(t, python, args...)
	if err := json.Unmarshal([]byte(out), &said); err != nil {
		t.Fatal(err)
	}
	for d := tensor.Float64; d <= tensor.Float4E2M1FNx2; d++ {
		if !slices.Contains(said.Unknown, d.String()) {
			dtypes = append(dtypes, d)
		}
	}
	t.Logf("torch %s lacks the dtypes of %v", said.Torch, said.Unknown)
	checkUnknown(t, said.Torch, said.Unknown)
	if old := strings.HasPrefix(said.Torch, "2.4."); said.ZStd == old || len(dtypes) < 16 {
		t.Errorf("torch %s: zstd %v, %d dtypes", said.Torch, said.ZStd, len(dtypes))
	}
	return dtypes, said.ZStd
}
