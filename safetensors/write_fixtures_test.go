package safetensors

import (
	"encoding/json"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/godcp/godcp/tensor"
)

// metadataText is __metadata__ in a header. The Rust library writes its keys
// in random order.
var metadataText = regexp.MustCompile(`"__metadata__":\{("(\\.|[^"\\])*":"(\\.|[^"\\])*",?)*\},?`)

// TestFileAsTorch makes the files of HuggingFaceStorageWriter again, out of
// what was read from them. The ones that torch consolidated are of another
// hand: Python's, without padding.
func TestFileAsTorch(t *testing.T) {
	var names []string
	for _, pattern := range []string{"hf_rank0*/*", "hf_dist4/*", "hf_dist_1rank/*", "hf_*/sharded/*"} {
		found, err := filepath.Glob(filepath.Join("..", "testdata", "fixtures", filepath.FromSlash(pattern)+".safetensors"))
		if err != nil {
			t.Fatal(err)
		}
		names = append(names, found...)
	}
	if len(names) < 18 {
		t.Fatalf("only %d files", len(names))
	}
	for _, name := range names {
		want, err := os.ReadFile(name)
		if err != nil {
			t.Fatal(err)
		}
		h, err := readBytes(want)
		if err != nil {
			t.Fatal(err)
		}
		var in []NamedTensor
		for _, info := range h.Tensors {
			x, err := tensor.FromBytes(info.DType, info.Shape, want[info.Offset:][:info.Size])
			if err != nil {
				t.Fatal(err)
			}
			in = append(in, NamedTensor{info.Name, x})
		}
		f, err := NewFile(in, shardingAgain(t, h.Metadata))
		if err != nil {
			t.Fatal(err)
		}
		got := content(t, f)
		if len(got) != len(want) {
			t.Errorf("%s: %d bytes, torch wrote %d", name, len(got), len(want))
		}
		if d := cmp.Diff(metadataText.ReplaceAllString(string(want), ""), metadataText.ReplaceAllString(string(got), "")); d != "" {
			t.Errorf("%s (-torch +ours)\n%s", name, d)
		}
	}
}

// shardingAgain is the metadata again, whose values are torch's but for the
// order of the tensors.
func shardingAgain(t *testing.T, want map[string]string) map[string]string {
	t.Helper()
	offsets, err := parseSharding(want[shardingKey])
	if err != nil {
		t.Fatal(err)
	}
	got := ShardingInfo(offsets)
	sorted := cmp.Transformer("sorted", func(m map[string]string) map[string]any {
		out := map[string]any{}
		for k, v := range m {
			out[k] = v
			if k == shardingKey {
				var parsed any
				if err := json.Unmarshal([]byte(v), &parsed); err != nil {
					t.Fatal(err)
				}
				out[k] = []any{len(v), parsed}
			}
		}
		return out
	})
	if d := cmp.Diff(want, got, sorted); d != "" {
		t.Errorf("metadata (-torch +ours)\n%s", d)
	}
	return got
}

// TestIndexAsTorch: the same lines as torch's, which has the tensors in the
// order in which they were written.
func TestIndexAsTorch(t *testing.T) {
	names, err := filepath.Glob(filepath.Join("..", "testdata", "fixtures", "hf_*", IndexName))
	if err != nil || len(names) < 4 {
		t.Fatal(names, err)
	}
	for _, name := range names {
		want, err := os.ReadFile(name)
		if err != nil {
			t.Fatal(err)
		}
		var index struct {
			Metadata struct {
				TotalSize int64 `json:"total_size"`
			}
			WeightMap map[string]string `json:"weight_map"`
		}
		if err := json.Unmarshal(want, &index); err != nil {
			t.Fatal(err)
		}
		got := Index(index.Metadata.TotalSize, index.WeightMap)
		if d := cmp.Diff(lineSet(string(want)), lineSet(string(got))); d != "" || len(got) != len(want) {
			t.Errorf("%s (-torch +ours)\n%s", name, d)
		}
	}
}

func lineSet(text string) map[string]int {
	m := map[string]int{}
	for line := range strings.Lines(text) {
		m[strings.TrimRight(line, ",\n")]++
	}
	return m
}

func TestFolderTexts(t *testing.T) {
	for _, c := range []struct{ got, want string }{
		{ModelName(1, 1), "model-00001-of-00001.safetensors"},
		{ShardName(4, 2, 123456), "shard-00004-model-00002-of-123456.safetensors"},
		{string(Index(0, nil)), "{\n  \"metadata\": {\n    \"total_size\": 0\n  },\n  \"weight_map\": {}\n}"},
		{
			string(Index(5, map[string]string{"é\x7f": "b", "a": "b\U0001f600"})),
			"{\n  \"metadata\": {\n    \"total_size\": 5\n  },\n  \"weight_map\": {\n    \"a\": \"b\\ud83d\\ude00\",\n    \"\\u00e9\\u007f\": \"b\"\n  }\n}",
		},
		{ShardingInfo(nil)[shardingKey], "{}"},
		{
			ShardingInfo(map[string][]int64{"w": {4, 0}, "b\"": {}})[shardingKey],
			`{"b\"": {"saved_offsets": []}, "w": {"saved_offsets": [4, 0]}}`,
		},
	} {
		if d := cmp.Diff(c.want, c.got); d != "" {
			t.Errorf("-want +got\n%s", d)
		}
	}
}
