package dcp_test

import (
	"encoding/json"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"golang.org/x/sync/errgroup"

	"github.com/godcp/godcp/backends/memfs"
	"github.com/godcp/godcp/collective"
	"github.com/godcp/godcp/dcp"
	"github.com/godcp/godcp/fsbase"
	"github.com/godcp/godcp/safetensors"
)

// TestSafetensorsMapping: the file of each tensor, of whole tensors and of
// shards, and the index.
func TestSafetensorsMapping(t *testing.T) {
	mapping := map[string]int{"elsewhere": 4}
	for fqn := range hfWhole(1) {
		mapping[fqn] = 1
		if strings.HasPrefix(fqn, "columns.") {
			mapping[fqn] = 3
		}
	}
	for _, world := range []int{1, 2} {
		fsys := memfs.New()
		mds := make([]int, world)
		var eg errgroup.Group
		for rank, g := range collective.InProcess(world) {
			eg.Go(func() error {
				o := dcp.HuggingFaceOptions{FQNToIndexMapping: mapping, SaveDistributed: world > 1}
				w := dcp.NewHuggingFaceStorageWriter(fsys, "here", o)
				md, err := dcp.Save(t.Context(), "", hfState(1, rank, world), dcp.SaveOptions{StorageWriter: w, Group: g})
				if err == nil {
					mds[rank] = len(md.StorageData)
				}
				return err
			})
		}
		if err := eg.Wait(); err != nil {
			t.Fatal(err)
		}
		want := []string{"model-00001-of-00004.safetensors", "model-00003-of-00004.safetensors", "model.safetensors.index.json"}
		if world == 2 {
			want = []string{
				"shard-00001-model-00001-of-00004.safetensors", "shard-00001-model-00003-of-00004.safetensors",
				"shard-00002-model-00001-of-00004.safetensors", "shard-00002-model-00003-of-00004.safetensors",
			}
		}
		if d := cmp.Diff(want, names(t, fsys)); d != "" {
			t.Errorf("(-want +got):\n%s", d)
		}
		if err := checkHF(t.Context(), fsys, 1); err != nil || mds[0] < len(hfWhole(1)) || mds[world-1] != mds[0] {
			t.Errorf("%d ranks: %v, %v records", world, err, mds)
		}
		if world == 1 {
			checkIndexFile(t, fsys, mapping)
		}
	}
}

func checkIndexFile(t *testing.T, fsys fsbase.FileSystemBase, mapping map[string]int) {
	t.Helper()
	text, _, err := fsbase.ReadFile(t.Context(), fsys, safetensors.IndexName, 1<<20)
	if err != nil {
		t.Fatal(err)
	}
	var got, want struct {
		Metadata struct {
			TotalSize int64 `json:"total_size"`
		} `json:"metadata"`
		WeightMap map[string]string `json:"weight_map"`
	}
	if err := json.Unmarshal(text, &got); err != nil {
		t.Fatal(err)
	}
	want.WeightMap = map[string]string{}
	for fqn, x := range hfWhole(1) {
		want.Metadata.TotalSize += x.NumBytes()
		want.WeightMap[fqn] = safetensors.ModelName(mapping[fqn], 4)
	}
	if d := cmp.Diff(want, got); d != "" {
		t.Errorf("index (-want +got):\n%s", d)
	}
}
