package metadata

import (
	"bytes"
	"encoding/json"
	"os"
	"slices"
	"testing"

	"github.com/godcp/godcp/ckpterr"
)

// sample is a hostile checkpoint's `.metadata` with the classes it may get.
type sample struct {
	What   string
	Expect []ckpterr.Class
}

const ok = ckpterr.Class("OK")

// elsewhere names the samples whose fault is not in `.metadata` alone: there
// it must be found sound.
var elsewhere = []string{
	"d01_offset_beyond", "d02_length_beyond", "d15_missing_file",
	"s01_corrupt", "s02_bomb", "s03_truncated", "s04_unknown", "s07_window", "s08_lie",
}

func TestHostile(t *testing.T) {
	text, err := os.ReadFile("testdata/hostile/expect.json")
	if err != nil {
		t.Fatal(err)
	}
	var samples map[string]sample
	if err := json.Unmarshal(text, &samples); err != nil {
		t.Fatal(err)
	}
	if len(samples) < 60 {
		t.Fatalf("only %d samples", len(samples))
	}
	for name, s := range samples {
		t.Run(name, func(t *testing.T) {
			data, err := os.ReadFile("testdata/hostile/" + name + ".pickle")
			if err != nil {
				t.Fatal(err)
			}
			want := s.Expect
			if slices.Contains(elsewhere, name) {
				want = []ckpterr.Class{ok}
			}
			expectClass(t, data, want...)
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

// TestHostileBig has the samples that are too big to keep as files.
func TestHostileBig(t *testing.T) {
	t.Run("deep tuples", func(t *testing.T) {
		data := []byte("\x80\x04)")
		data = append(data, bytes.Repeat([]byte{0x85}, 200_000)...)
		expectClass(t, append(data, '.'), ckpterr.LimitExceeded)
	})
	t.Run("dup flood", func(t *testing.T) {
		data := []byte("\x80\x04N")
		data = append(data, bytes.Repeat([]byte{'2'}, 500_000)...)
		expectClass(t, append(data, '.'), ckpterr.MalformedPickle, ckpterr.LimitExceeded)
	})
}

// TestFixturesAreSound: what real torch wrote has no faults.
func TestFixturesAreSound(t *testing.T) {
	entries, err := os.ReadDir("testdata/fixtures")
	if err != nil {
		t.Fatal(err)
	}
	for _, e := range entries {
		if !bytes.HasSuffix([]byte(e.Name()), []byte(".pickle")) {
			continue
		}
		t.Run(e.Name(), func(t *testing.T) {
			data, err := os.ReadFile("testdata/fixtures/" + e.Name())
			if err != nil {
				t.Fatal(err)
			}
			want := ok
			if bytes.HasPrefix([]byte(e.Name()), []byte("dist4_no_collectives")) {
				want = ckpterr.ChunkGap // one rank's part
			}
			expectClass(t, data, want)
		})
	}
}
