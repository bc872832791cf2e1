package interop

import (
	"fmt"
	"maps"
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
	"github.com/godcp/godcp/fsbase"
	"github.com/godcp/godcp/tensor"
)

// hfWays is how many ways hfload.py loads a checkpoint.
const hfWays = 2 + 2*3

// TestSafetensorsSave saves tensors from 1 and 4 ranks in the Hugging Face
// layout, in one file of each rank and in several. The safetensors library opens
// every file, torch's HuggingFaceStorageReader loads them as 1, 2 and 3 ranks,
// and godcp finds nothing wrong in them.
func TestSafetensorsSave(t *testing.T) {
	python := pythonWithTorch(t)
	command := buildCommand(t)
	seed, err := strconv.ParseUint(os.Getenv("GODCP_SEED"), 10, 64)
	if err != nil {
		seed = uint64(time.Now().UnixNano() % 1_000_000)
	}
	t.Logf("GODCP_SEED=%d repeats this run", seed)
	dtypes, _ := askTorch(t, python)
	root := t.TempDir()
	states := map[string]map[string]any{}
	for i, world := range []int{1, 4} {
		for files := range 3 {
			name := fmt.Sprintf("%d-ranks-%d-files", world, files)
			c := content{t, rand.New(rand.NewPCG(seed, uint64(10*i+files))), dtypes}
			states[name] = hfState(c, world)
			saveHF(t, filepath.Join(root, name), states[name], world, files)
		}
		name := fmt.Sprintf("%d-ranks-nothing", world)
		states[name] = map[string]any{}
		saveHF(t, filepath.Join(root, name), states[name], world, 0)
	}
	said := parseJSON(t, run(t, python, "-B", filepath.Join("torch", "hfload.py"), root)).(map[string]any)
	old := strings.HasPrefix(said["torch"].(string), "2.4.") || strings.HasPrefix(said["torch"].(string), "2.7.")
	if said["reader"] == old {
		t.Errorf("torch %s has a HuggingFaceStorageReader: %v", said["torch"], said["reader"])
	}
	for name, state := range states {
		t.Run(name, func(t *testing.T) {
			loaded := said["found"].(map[string]any)[name].(map[string]any)
			if ways := map[bool]int{false: hfWays, true: 1}[old]; len(loaded) != ways {
				t.Errorf("torch loaded in %d ways, want %d", len(loaded), ways)
			}
			leaves := flat(t, state)
			for way, got := range loaded {
				if diff := cmp.Diff(any(leaves), got); diff != "" {
					t.Errorf("%s (-godcp +torch):\n%s", way, diff)
				}
			}
			run(t, command, "verify", filepath.Join(root, name))
			sums := parseDigests(t, run(t, command, "digest", filepath.Join(root, name)))
			for fqn, leaf := range leaves {
				if want := leaf.(map[string]any)["sha256"]; sums[fqn] != want {
					t.Errorf("%s: digest %s, want %s", fqn, sums[fqn], want)
				}
			}
			if len(sums) != len(leaves) {
				t.Errorf("godcp finds %d tensors of %d", len(sums), len(leaves))
			}
		})
	}
}

// hfState is a state of what fits into the layout, by rank one part of each
// tensor.
func hfState(c content, world int) map[string]any {
	// The format lacks three of these, torch's reader the other two.
	lacking := []tensor.DType{tensor.Complex128, tensor.Complex32, tensor.BComplex32, tensor.Float8E8M0FNU, tensor.Float4E2M1FNx2}
	c.dtypes = slices.DeleteFunc(slices.Clone(c.dtypes), func(d tensor.DType) bool { return slices.Contains(lacking, d) })
	if len(c.dtypes) < 13 {
		c.Errorf("only %d dtypes", len(c.dtypes))
	}
	state := map[string]any{}
	for name, leaves := range map[string]map[string]any{"dtypes": allDTypes(c), "shapes": shapes(c), "views": views(c), "shards": shards(c)} {
		for key, leaf := range leaves {
			switch x := leaf.(type) {
			case *tensor.Tensor:
				if slices.Contains(lacking, x.DType()) {
					delete(leaves, key)
				}
			case cutTensor:
				if len(x.boxes) > 4 || slices.Contains(lacking, x.whole.DType()) {
					delete(leaves, key)
				}
			}
		}
		state[name] = leaves
	}
	if world > 1 {
		return state
	}
	return uncut(state).(map[string]any)
}

// uncut makes cut tensors whole: one rank has them.
func uncut(v any) any {
	switch v := v.(type) {
	case map[string]any:
		whole := map[string]any{}
		for k, m := range v {
			whole[k] = uncut(m)
		}
		return whole
	case cutTensor:
		return v.whole
	}
	return v
}

// saveHF saves a state into so many files of each rank; 0 leaves it to Save.
func saveHF(t *testing.T, folder string, state map[string]any, world, files int) {
	t.Helper()
	mapping := map[string]int{}
	for i, fqn := range slices.Sorted(maps.Keys(flat(t, state))) {
		mapping[fqn] = i%max(files, 1) + 1
	}
	var ranks errgroup.Group
	for rank, group := range collective.InProcess(world) {
		part := partOf(t, state, rank, world).(map[string]any)
		ranks.Go(func() error {
			o := dcp.SaveOptions{Group: group}
			if o.SerializationFormat = dcp.SerializationSafetensors; files == 0 {
				_, err := dcp.Save(t.Context(), folder, part, o)
				return err
			}
			fsys, err := fsbase.Open(t.Context(), folder)
			if err != nil {
				return err
			}
			o.StorageWriter = dcp.NewHuggingFaceStorageWriter(fsys, folder, dcp.HuggingFaceOptions{
				WriterOptions:     dcp.WriterOptions{ThreadCount: files},
				FQNToIndexMapping: mapping, SaveDistributed: world > 1,
			})
			_, err = dcp.Save(t.Context(), "", part, o)
			return err
		})
	}
	if err := ranks.Wait(); err != nil {
		t.Fatalf("%s: %v", filepath.Base(folder), err)
	}
}
