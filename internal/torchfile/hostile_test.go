package torchfile

import (
	"encoding/json"
	"errors"
	"path/filepath"
	"slices"
	"testing"

	"github.com/godcp/godcp/ckpterr"
	"github.com/godcp/godcp/internal/pickle"
)

// readAsW opens b and reads it as the reader of a checkpoint would.
func readAsW(b []byte) error {
	a, err := OpenBytes(b, Limits{})
	if err != nil {
		return err
	}
	rec, err := a.Tensor()
	if err != nil {
		return err
	}
	if err := rec.CheckShape([]int64{2, 3}); err != nil {
		return err
	}
	_, err = a.ReadTensor(rec, 1<<20)
	return err
}

// hostile are the folders of the samples with a hostile item: bytes (b), a
// tensor (t), or the archive of one (z).
func hostile(t testing.TB) []string {
	t.Helper()
	dirs, err := filepath.Glob(filepath.Join("..", "..", "testdata", "hostile", "[btz][0-9]*"))
	if err != nil || len(dirs) < 33 {
		t.Fatalf("only %d samples: %v", len(dirs), err)
	}
	return dirs
}

func TestHostile(t *testing.T) {
	for _, dir := range hostile(t) {
		t.Run(filepath.Base(dir), func(t *testing.T) {
			var sample struct {
				What   string
				Expect []string
			}
			if err := json.Unmarshal(readFile(t, filepath.Join(dir, "hostile.json")), &sample); err != nil {
				t.Fatal(err)
			}
			b := readFile(t, filepath.Join(dir, "__0_0.distcp"))
			var err error
			if filepath.Base(dir)[0] == 'b' {
				err = readValue(b)
			} else {
				err = readAsW(b)
			}
			t.Logf("%s: %v", sample.What, err)
			got := "OK"
			if err != nil {
				got = string(ckpterr.ClassOf(err))
			}
			if !slices.Contains(sample.Expect, got) {
				t.Errorf("%s\ngave %q (%v), want one of %q", sample.What, got, err, sample.Expect)
			}
			var e *ckpterr.Error
			if err != nil && !errors.As(err, &e) {
				t.Errorf("%v has no class", err)
			}
		})
	}
}

func readValue(b []byte) error {
	a, err := OpenBytes(b, Limits{})
	if err != nil {
		return err
	}
	_, err = a.Value(func(pickle.Global) pickle.Verdict { return pickle.Opaque })
	return err
}
