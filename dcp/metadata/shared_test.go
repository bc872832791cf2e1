package metadata

import (
	"encoding/json"
	"os"
	"path/filepath"
	"testing"
)

// fixtureFiles are the metadata files that torch wrote, those of single ranks
// included.
func fixtureFiles(t testing.TB) []string {
	t.Helper()
	return sharedFiles(t, filepath.Join("fixtures", "*", "*"+Name), 63)
}

// hostileFiles are the metadata files of the hostile samples, those included
// whose fault is in a data file.
func hostileFiles(t testing.TB) []string {
	t.Helper()
	return sharedFiles(t, filepath.Join("hostile", "*", Name), 97)
}

func sharedFiles(t testing.TB, pattern string, atLeast int) []string {
	t.Helper()
	files, err := filepath.Glob(filepath.Join("..", "..", "testdata", pattern))
	if err != nil || len(files) < atLeast {
		t.Fatalf("only %d of %s: %v", len(files), pattern, err)
	}
	return files
}

// shortName is the file's checkpoint and name, for a subtest.
func shortName(file string) string {
	dir, base := filepath.Split(file)
	return filepath.Base(dir) + "/" + base
}

func readFile(t testing.TB, file string) []byte {
	t.Helper()
	b, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	return b
}

func readJSON(t testing.TB, file string, v any) {
	t.Helper()
	if err := json.Unmarshal(readFile(t, file), v); err != nil {
		t.Fatalf("%s: %v", file, err)
	}
}
