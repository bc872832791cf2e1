package interop

import (
	"encoding/json"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/godcp/godcp/safetensors"
	"github.com/godcp/godcp/tensor"
)

// TestSafetensors: the safetensors library reads the files that godcp writes
// and writes the same bytes again, and torch's HuggingFaceStorageReader loads
// their folders.
func TestSafetensors(t *testing.T) {
	python := pythonWithTorch(t)
	dir := t.TempDir()
	files := writeDTypes(t, dir)
	rank0 := writeRank0(t, dir, files)
	sharded := writeSharded(t, dir, files)
	var found struct {
		Torch              string
		Reader             bool
		Unknown, Different []string
		Files, Folders     map[string]map[string][]any
		Index              map[string]any
	}
	out := run(t, python, "-B", filepath.Join("torch", "huggingface.py"), dir)
	if err := json.Unmarshal([]byte(out), &found); err != nil {
		t.Fatal(err)
	}
	t.Logf("torch %s lacks the dtypes of %v", found.Torch, found.Unknown)
	checkUnknown(t, found.Torch, found.Unknown)
	for _, name := range found.Unknown {
		delete(files, filepath.ToSlash(name))
	}
	if diff := cmp.Diff(files, found.Files); diff != "" {
		t.Errorf("files (-godcp +safetensors):\n%s", diff)
	}
	for _, name := range found.Different {
		t.Errorf("%s: Python writes other bytes", name)
	}
	weights := map[string]any{}
	for fqn := range rank0 {
		weights[fqn] = safetensors.ModelName(1, 1)
	}
	if diff := cmp.Diff(map[string]any{"metadata": map[string]any{"total_size": 12345.0}, "weight_map": weights}, found.Index); diff != "" {
		t.Errorf("index (-godcp +Python):\n%s", diff)
	}
	if !found.Reader {
		if !strings.HasPrefix(found.Torch, "2.4.") && !strings.HasPrefix(found.Torch, "2.7.") {
			t.Errorf("torch %s has no HuggingFaceStorageReader", found.Torch)
		}
		return
	}
	want := map[string]map[string][]any{"rank0": rank0, "sharded": sharded}
	if diff := cmp.Diff(want, found.Folders); diff != "" {
		t.Errorf("checkpoints (-godcp +torch):\n%s", diff)
	}
}

// described is what huggingface.py says about a tensor.
func described(t *testing.T, x *tensor.Tensor) []any {
	t.Helper()
	shape := []any{}
	for _, n := range x.Shape() {
		shape = append(shape, float64(n))
	}
	return []any{x.DType().String(), shape, digest(t, x)}
}

// writeDTypes writes a file of each dtype, and returns what is in which file.
func writeDTypes(t *testing.T, dir string) map[string]map[string][]any {
	t.Helper()
	files := map[string]map[string][]any{}
	for d := tensor.Float64; d <= tensor.Float4E2M1FNx2; d++ {
		switch d {
		case tensor.Complex128, tensor.Complex32, tensor.BComplex32:
			continue // safetensors has none
		}
		in := map[string]*tensor.Tensor{
			"row": patterned(t, d, 6), "block.é\"\\\n\x01": patterned(t, d, 3, 2, 4), "empty": patterned(t, d, 0, 3),
		}
		if d != tensor.Float4E2M1FNx2 {
			in["scalar"] = patterned(t, d)
		}
		name := "dtypes/" + d.String() + ".safetensors"
		files[name] = writeSafetensors(t, filepath.Join(dir, name), in, nil)
	}
	return files
}

// writeRank0 writes a checkpoint of whole tensors, with an index.
func writeRank0(t *testing.T, dir string, files map[string]map[string][]any) map[string][]any {
	t.Helper()
	in, offsets, weights := map[string]*tensor.Tensor{}, map[string][]int64{}, map[string]string{}
	for _, d := range []tensor.DType{
		tensor.Float64, tensor.Float32, tensor.Float16, tensor.BFloat16, tensor.Int64, tensor.Int32, tensor.Int16, tensor.Int8,
		tensor.Uint8, tensor.Bool, tensor.Complex64, tensor.Uint16, tensor.Uint32, tensor.Uint64, tensor.Float8E4M3FN, tensor.Float8E5M2,
	} {
		for i, shape := range [][]int64{{}, {5}, {3, 4}} {
			fqn := fmt.Sprintf("layer.%d.%v", i, d)
			in[fqn], offsets[fqn], weights[fqn] = patterned(t, d, shape...), make([]int64, len(shape)), safetensors.ModelName(1, 1)
		}
	}
	name := "rank0/" + safetensors.ModelName(1, 1)
	files[name] = writeSafetensors(t, filepath.Join(dir, name), in, safetensors.ShardingInfo(offsets))
	if err := os.WriteFile(filepath.Join(dir, "rank0", safetensors.IndexName), safetensors.Index(12345, weights), 0o600); err != nil {
		t.Fatal(err)
	}
	return files[name]
}

// writeSharded writes what four ranks have of tensors cut by rows: the last
// rank has none of them, as torch leaves it.
func writeSharded(t *testing.T, dir string, files map[string]map[string][]any) map[string][]any {
	t.Helper()
	whole := map[string]*tensor.Tensor{
		"w": patterned(t, tensor.Float32, 6, 3), "é": patterned(t, tensor.BFloat16, 6, 2, 2), "c": patterned(t, tensor.Complex64, 6),
	}
	want := map[string][]any{}
	for fqn, x := range whole {
		want[fqn] = described(t, x)
	}
	for rank := range 4 {
		part, offsets := map[string]*tensor.Tensor{}, map[string][]int64{}
		for fqn, x := range whole {
			box := slabs(x.Shape(), 0, 3)[min(rank, 2)]
			if rank == 3 {
				box.Offsets[0], box.Sizes[0] = 6, 0
			}
			sub, err := x.Sub(box)
			if err != nil {
				t.Fatal(err)
			}
			part[fqn], offsets[fqn] = sub, box.Offsets
		}
		name := "sharded/" + safetensors.ShardName(rank+1, 1, 1)
		files[name] = writeSafetensors(t, filepath.Join(dir, name), part, safetensors.ShardingInfo(offsets))
	}
	return want
}

func writeSafetensors(t *testing.T, path string, in map[string]*tensor.Tensor, metadata map[string]string) map[string][]any {
	t.Helper()
	var list []safetensors.NamedTensor
	written := map[string][]any{}
	for name, x := range in {
		list = append(list, safetensors.NamedTensor{Name: name, Tensor: x})
		written[name] = described(t, x)
	}
	f, err := safetensors.NewFile(list, metadata)
	if err != nil {
		t.Fatal(err)
	}
	writeFile(t, path, f)
	return written
}
