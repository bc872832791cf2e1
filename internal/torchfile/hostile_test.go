package torchfile

import (
	"encoding/json"
	"errors"
	"os"
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

func TestHostile(t *testing.T) {
	dirs, err := filepath.Glob(filepath.Join("testdata", "hostile", "*"))
	if err != nil || len(dirs) < 30 {
		t.Fatalf("%d samples, %v", len(dirs), err)
	}
	for _, dir := range dirs {
		t.Run(filepath.Base(dir), func(t *testing.T) {
			var sample struct {
				What   string
				Expect []string
			}
			b, err := os.ReadFile(filepath.Join(dir, "hostile.json"))
			if err != nil {
				t.Fatal(err)
			}
			if err := json.Unmarshal(b, &sample); err != nil {
				t.Fatal(err)
			}
			if b, err = os.ReadFile(filepath.Join(dir, "__0_0.distcp")); err != nil {
				t.Fatal(err)
			}
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
