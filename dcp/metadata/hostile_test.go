package metadata

import (
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/godcp/godcp/ckpterr"
)

const ok = ckpterr.Class("OK")

// faultElsewhere says of a hostile sample that its fault is not in `.metadata`
// alone: there it must be found sound.
func faultElsewhere(name string) bool {
	switch name {
	case "d01_offset_beyond", "d02_length_beyond", "d15_missing_file",
		"s01_corrupt", "s02_bomb", "s03_truncated", "s04_unknown", "s07_window", "s08_lie":
		return true
	}
	return strings.ContainsAny(name[:1], "btz") // bytes items, tensor items, archives
}

func TestHostile(t *testing.T) {
	for _, file := range hostileFiles(t) {
		dir := filepath.Dir(file)
		name := filepath.Base(dir)
		t.Run(name, func(t *testing.T) {
			var sample struct{ Expect []ckpterr.Class }
			readJSON(t, filepath.Join(dir, "hostile.json"), &sample)
			if faultElsewhere(name) {
				sample.Expect = []ckpterr.Class{ok}
			}
			expectClass(t, readFile(t, file), sample.Expect...)
		})
	}
}

// expectClass wants the first fault that Decode or Validate finds to be of one
// of the classes.
func expectClass(t *testing.T, data []byte, want ...ckpterr.Class) {
	t.Helper()
	got, err := judge(t, data)
	if !slices.Contains(want, got) {
		t.Errorf("got %s (%v), want one of %v", got, err, want)
	}
	if err != nil {
		t.Log(err)
	}
}

func judge(t *testing.T, data []byte) (ckpterr.Class, error) {
	t.Helper()
	m, err := Decode(data)
	if err != nil {
		if ckpterr.ClassOf(err) == "" {
			t.Errorf("not a ckpterr.Error: %v", err)
		}
		return ckpterr.ClassOf(err), err
	}
	for p := range m.Validate() {
		if !p.Warning {
			return p.Err.Class, p.Err
		}
	}
	for i := range m.StateDictMetadata {
		if err := m.ValidateItem(&m.StateDictMetadata[i]); err != nil {
			t.Errorf("ValidateItem finds what Validate does not: %v", err)
		}
	}
	return ok, nil
}

// TestFixturesAreSound: what real torch wrote has no faults.
func TestFixturesAreSound(t *testing.T) {
	for _, file := range fixtureFiles(t) {
		t.Run(shortName(file), func(t *testing.T) {
			want := ok
			if filepath.Base(file) != Name {
				want = ckpterr.ChunkGap // one rank's part
			}
			expectClass(t, readFile(t, file), want)
		})
	}
}
