package interop

import (
	"bytes"
	"encoding/json"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/godcp/godcp/dcp/metadata"
)

// TestMetadata: torch finds in the metadata that godcp wrote what it finds in
// its own, and loads the checkpoint with it.
func TestMetadata(t *testing.T) {
	python := pythonWithTorch(t)
	root := t.TempDir()
	want := copyFixtures(t, root)
	var found struct {
		Torch         string
		Loaded        []string
		Lacks, Faults map[string]string
	}
	out := run(t, python, "-B", filepath.Join("torch", "metadata.py"), root)
	if err := json.Unmarshal([]byte(out[strings.LastIndexByte(strings.TrimSpace(out), '\n')+1:]), &found); err != nil {
		t.Fatalf("%v: %s", err, out)
	}
	t.Logf("torch %s: %d checkpoints, %v", found.Torch, len(found.Loaded), found.Lacks)
	for name, fault := range found.Faults {
		t.Errorf("%s: %s", name, fault)
	}
	if strings.HasPrefix(found.Torch, "2.15.") {
		if diff := cmp.Diff(want, found.Loaded); diff != "" {
			t.Errorf("loaded (-want +got):\n%s", diff)
		}
	} else if len(found.Loaded) < len(want)*3/4 {
		t.Errorf("loaded %d of %d", len(found.Loaded), len(want))
	}
}

// copyFixtures copies the fixtures that torch itself can load, with metadata
// that godcp wrote. It returns their names.
func copyFixtures(t *testing.T, root string) (names []string) {
	t.Helper()
	files, err := filepath.Glob(filepath.Join("..", "testdata", "fixtures", "*", "*"+metadata.Name))
	if err != nil {
		t.Fatal(err)
	}
	for _, file := range files {
		from := filepath.Dir(file)
		name := filepath.Base(from)
		to := filepath.Join(root, name)
		if !loadable(t, from, name) {
			continue
		}
		if _, err := os.Stat(to); err != nil {
			if err := os.CopyFS(to, os.DirFS(from)); err != nil {
				t.Fatal(err)
			}
			names = append(names, name)
		}
		reencode(t, filepath.Join(to, filepath.Base(file)))
	}
	if len(names) < 50 {
		t.Errorf("only %d fixtures", len(names))
	}
	return names
}

// loadable tells what torch 2.15 was seen to load, and the metadata of single
// ranks.
func loadable(t *testing.T, dir, name string) bool {
	t.Helper()
	data, err := os.ReadFile(filepath.Join(dir, "expected.json"))
	if err != nil {
		t.Fatal(err)
	}
	var expected struct {
		Checked string `json:"checked_with_torch"`
	}
	if err := json.Unmarshal(data, &expected); err != nil {
		t.Fatal(err)
	}
	return expected.Checked == "ok" || name == "dist4_no_collectives"
}

// reencode replaces a metadata file, with everything in it that torch does not
// know of, and keeps the old one beside it.
func reencode(t *testing.T, file string) {
	t.Helper()
	data, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	m, err := metadata.Decode(data)
	if err != nil {
		t.Fatal(err)
	}
	m.Previous = []string{"old.distcp"}
	for i := range m.StorageData {
		info := &m.StorageData[i].Info
		payload := int64(64)
		if len(info.TransformDescriptors) > 0 {
			payload = -1
		}
		info.Describe(uint32(i)*0x9e3779b9, payload)
	}
	encoded, err := metadata.Encode(m)
	if err != nil {
		t.Fatal(err)
	}
	writeFile(t, file, bytes.NewReader(encoded))
	writeFile(t, file+".torch", bytes.NewReader(data))
}
