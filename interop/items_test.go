package interop

import (
	"bytes"
	"encoding/json"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/godcp/godcp/internal/torchfile"
	"github.com/godcp/godcp/tensor"
)

// tensorFile is what items.py is told about an item.
type tensorFile struct {
	File   string  `json:"file"`
	DType  string  `json:"dtype"`
	Shape  []int64 `json:"shape"`
	SHA256 string  `json:"sha256"`
}

// TestItems: torch loads the items that godcp writes with weights_only=True,
// and saving what it loaded gives the same bytes.
func TestItems(t *testing.T) {
	python := pythonWithTorch(t)
	dir := t.TempDir()
	files := writeItems(t, dir)
	var found struct {
		Torch   string
		Aligned bool // torch writes what 2.15 writes beside the tensor
		Unknown []string
		Same    []string
		Faults  map[string]string
	}
	out := run(t, python, "-B", filepath.Join("torch", "items.py"), dir)
	if err := json.Unmarshal([]byte(out), &found); err != nil {
		t.Fatal(err)
	}
	t.Logf("torch %s: %d items, %d of dtypes that it lacks", found.Torch, len(files), len(found.Unknown))
	checkUnknown(t, found.Torch, found.Unknown)
	for name, fault := range found.Faults {
		t.Errorf("%s: %s", name, fault)
	}
	if !found.Aligned {
		if !strings.HasPrefix(found.Torch, "2.4.") {
			t.Errorf("torch %s does not write .storage_alignment", found.Torch)
		}
		return
	}
	var want []string
	for _, f := range files {
		if !slices.Contains(found.Unknown, f.File) {
			want = append(want, f.File)
		}
	}
	if diff := cmp.Diff(want, found.Same); diff != "" {
		t.Errorf("items of which torch writes every byte alike (-want +got):\n%s", diff)
	}
	testObjects(t, dir)
}

// checkUnknown: older releases lack dtypes, the newest has them all.
func checkUnknown(t *testing.T, torch string, unknown []string) {
	t.Helper()
	if strings.HasPrefix(torch, "2.15.") && len(unknown) > 0 {
		t.Errorf("torch %s lacks the dtypes of %v", torch, unknown)
	}
}

// writeItems writes an item for each dtype and kind of shape.
func writeItems(t *testing.T, dir string) (files []tensorFile) {
	t.Helper()
	add := func(name string, x *tensor.Tensor) {
		it, err := torchfile.NewTensorItem(x)
		if err != nil {
			t.Fatal(err)
		}
		writeFile(t, filepath.Join(dir, name), it)
		files = append(files, tensorFile{name, x.DType().String(), x.Shape(), digest(t, x)})
	}
	for d := tensor.Float64; d <= tensor.Float4E2M1FNx2; d++ {
		for i, shape := range [][]int64{{}, {0}, {0, 3}, {1}, {1, 1}, {5}, {2, 3}, {1, 300}, {3, 1, 4}, {2, 3, 4, 5}, {2, 1, 2, 1, 2, 1, 2}} {
			add(fmt.Sprintf("%v-%d.item", d, i), patterned(t, d, shape...))
		}
	}
	// Numbers of each size in the pickle, and sizes around the 64-byte steps.
	for i, shape := range [][]int64{{0, 255}, {0, 65535}, {0, 65536}, {0, 1<<31 - 1}, {0, 1 << 31}, {0, 1 << 39}, {0, 1 << 40}, {70000}} {
		add(fmt.Sprintf("number-%d.item", i), patterned(t, tensor.Uint8, shape...))
	}
	for n := range int64(130) {
		add(fmt.Sprintf("size-%d.item", n), patterned(t, tensor.Int8, n))
	}
	// torch takes such a payload for a data descriptor when it makes its id.
	for _, n := range []int64{7, 8, 100} {
		x := patterned(t, tensor.Uint8, n)
		b, _ := x.Bytes()
		copy(b, "PK\x07\x08")
		add(fmt.Sprintf("descriptor-%d.item", n), x)
	}
	b, err := json.Marshal(files)
	if err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(filepath.Join(dir, "items.json"), b, 0o600); err != nil {
		t.Fatal(err)
	}
	return files
}

// testObjects writes torch's objects again from their pickles and storages.
func testObjects(t *testing.T, dir string) {
	names, err := filepath.Glob(filepath.Join(dir, "*.object"))
	if err != nil || len(names) < 7 {
		t.Fatal(names, err)
	}
	for _, name := range names {
		want, err := os.ReadFile(name)
		if err != nil {
			t.Fatal(err)
		}
		a, err := torchfile.OpenBytes(want, torchfile.Limits{})
		if err != nil {
			t.Fatal(err)
		}
		record := func(name string) ([]byte, bool) {
			e, ok := a.Entry(name)
			if !ok {
				return nil, false
			}
			b, err := a.ReadEntry(e, 1<<20)
			if err != nil {
				t.Fatal(err)
			}
			return b, true
		}
		var storages []*tensor.Tensor
		for b, ok := record("data/0"); ok; b, ok = record(fmt.Sprintf("data/%d", len(storages))) {
			s, err := tensor.FromBytes(tensor.Uint8, []int64{int64(len(b))}, b)
			if err != nil {
				t.Fatal(err)
			}
			storages = append(storages, s)
		}
		pkl, _ := record("data.pkl")
		it, err := torchfile.NewObjectItem(pkl, storages)
		if err != nil {
			t.Fatal(err)
		}
		var got bytes.Buffer
		if _, err := it.WriteTo(&got); err != nil || !bytes.Equal(got.Bytes(), want) {
			t.Errorf("object with %d storages differs from torch's: %v", len(storages), err)
		}
	}
}
