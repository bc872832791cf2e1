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

// ways is how many ways load.py loads a checkpoint; of a dtype that torch's dcp
// cannot load it opens the items only.
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
	torch := askTorch(t, python)
	cases := saveCases(torch.ZStd)
	if len(torch.Items) > 0 {
		cases = append(cases, saveCase{"items-dtypes", allDTypes, []dcp.WriterOptions{{}}})
	}
	root := t.TempDir()
	states := map[string]map[string]any{}
	for i, sc := range cases {
		for _, world := range []int{1, 4} {
			name := fmt.Sprintf("%s-%d", sc.name, world)
			c := content{t, rand.New(rand.NewPCG(seed, uint64(i))), torch.DTypes}
			if strings.HasPrefix(name, "items-") {
				c.dtypes = torch.Items
			}
			states[name] = saveAs(c, filepath.Join(root, name), sc, world)
		}
	}
	out := run(t, python, "-B", filepath.Join("torch", "load.py"), "load", root)
	found := parseJSON(t, out).(map[string]any)
	for name, state := range states {
		t.Run(name, func(t *testing.T) { checkLoaded(t, name, state, found[name].(map[string]any)) })
	}
}

// checkLoaded compares what torch loaded, in every way, with what was saved.
func checkLoaded(t *testing.T, name string, state, loaded map[string]any) {
	want := ways
	if strings.HasPrefix(name, "items-") {
		want = 1
	}
	if len(loaded) != want {
		t.Errorf("torch loaded in %d ways, want %d", len(loaded), want)
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

// torchAtHand is what the torch under test can do.
type torchAtHand struct {
	ZStd   bool
	DTypes []tensor.DType // that its dcp loads
	Items  []tensor.DType // that only its torch.load loads
}

func askTorch(t *testing.T, python string) (torch torchAtHand) {
	t.Helper()
	args := []string{"-B", filepath.Join("torch", "load.py"), "dtypes"}
	for d := tensor.Float64; d <= tensor.Float4E2M1FNx2; d++ {
		args = append(args, d.String())
	}
	var said struct {
		Torch         string
		ZStd          bool
		DTypes, Items []string
	}
	out := run(t, python, args...)
	if err := json.Unmarshal([]byte(out), &said); err != nil {
		t.Fatal(err)
	}
	t.Logf("torch %s: dtypes %v, of items only %v", said.Torch, said.DTypes, said.Items)
	parse := func(names []string) (dtypes []tensor.DType) {
		for _, name := range names {
			d, ok := tensor.ParseDType(name)
			if !ok {
				t.Fatalf("dtype %q", name)
			}
			dtypes = append(dtypes, d)
		}
		return dtypes
	}
	old := slices.ContainsFunc([]string{"2.4.", "2.5.", "2.6."}, func(v string) bool { return strings.HasPrefix(said.Torch, v) })
	if !old && !said.ZStd || len(said.DTypes) < 16 {
		t.Errorf("torch %s: zstd %v, %d dtypes", said.Torch, said.ZStd, len(said.DTypes))
	}
	return torchAtHand{said.ZStd, parse(said.DTypes), parse(said.Items)}
}
