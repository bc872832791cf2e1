package torchfile

import (
	"bytes"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/godcp/godcp/internal/pickle"
)

// item is an item that torch wrote as an archive.
type item struct {
	FQN, DType string // DType is empty for bytes
	Shape      []int64
	SHA256     string // of the logical bytes, of whole tensors
	data       []byte
	where      string
}

func (it item) String() string { return it.where + ":" + it.FQN }

// expected is a fixture's expected.json.
type expected struct {
	Entries  map[string]struct{ SHA256 string }
	Metadata map[string]struct {
		Items map[string]struct {
			DType  string
			Size   []int64
			Chunks []struct{ Offsets, Sizes []int64 }
		} `json:"state_dict_metadata"`
		Storage []struct {
			FQN            string
			IndexOffset    []int64 `json:"index_offset"`
			File           string  `json:"relative_path"`
			Offset, Length int64
			Transforms     []string `json:"transform_descriptors"`
		} `json:"storage_data"`
	}
}

// fixtures are the items of all fixtures, but for those inside a transform and
// the tensors written as safetensors. Most of many_small's, which are all
// alike, are left out.
func fixtures(t testing.TB) []item {
	t.Helper()
	files, err := filepath.Glob(filepath.Join("..", "..", "testdata", "fixtures", "*", "expected.json"))
	if err != nil || len(files) < 60 {
		t.Fatalf("only %d fixtures: %v", len(files), err)
	}
	var items []item
	for _, file := range files {
		var e expected
		if err := json.Unmarshal(readFile(t, file), &e); err != nil {
			t.Fatal(err)
		}
		dir := filepath.Dir(file)
		got := itemsOf(t, dir, e)
		if filepath.Base(dir) == "many_small" {
			got = got[:20]
		}
		items = append(items, got...)
	}
	return items
}

func itemsOf(t testing.TB, dir string, e expected) (items []item) {
	files := map[string][]byte{}
	for _, name := range slices.Sorted(maps.Keys(e.Metadata)) {
		m := e.Metadata[name]
		for _, s := range m.Storage {
			meta := m.Items[s.FQN]
			if s.Transforms != nil || meta.DType != "" && strings.HasPrefix(filepath.Base(dir), "fs_safetensors") {
				continue
			}
			if files[s.File] == nil {
				files[s.File] = readFile(t, filepath.Join(dir, filepath.FromSlash(s.File)))
			}
			it := item{FQN: s.FQN, DType: meta.DType, data: files[s.File][s.Offset:][:s.Length]}
			it.where = filepath.Base(dir) + "/" + s.File
			for _, c := range meta.Chunks {
				if slices.Equal(c.Offsets, s.IndexOffset) {
					it.Shape = c.Sizes
				}
			}
			if it.DType != "" && slices.Equal(it.Shape, meta.Size) {
				it.SHA256 = e.Entries[s.FQN].SHA256
			}
			items = append(items, it)
		}
	}
	return items
}

func readFile(t testing.TB, name string) []byte {
	t.Helper()
	b, err := os.ReadFile(name)
	if err != nil {
		t.Fatal(err)
	}
	return b
}

func TestFixtureTensors(t *testing.T) {
	for _, it := range fixtures(t) {
		if it.DType == "" {
			continue
		}
		t.Run(it.String(), func(t *testing.T) {
			a, err := Open(bytes.NewReader(it.data), int64(len(it.data)), Limits{})
			if err != nil {
				t.Fatal(err)
			}
			rec, err := a.Tensor()
			if err != nil {
				t.Fatal(err)
			}
			if rec.DType.String() != it.DType {
				t.Errorf("dtype %v, want %v", rec.DType, it.DType)
			}
			if err := rec.CheckShape(it.Shape); err != nil {
				t.Error(err)
			}
			if it.SHA256 == "" {
				return
			}
			x, err := a.ReadTensor(rec, 1<<30)
			if err != nil {
				t.Fatal(err)
			}
			h := sha256.New()
			if err := x.WriteLogical(h); err != nil {
				t.Fatal(err)
			}
			if got := hex.EncodeToString(h.Sum(nil)); got != it.SHA256 {
				t.Errorf("sha256 of the values is %s, want %s", got, it.SHA256)
			}
			if rec.Dense {
				e := rec.Storage
				sum := sha256.Sum256(it.data[e.Offset:][:e.Size])
				if got := hex.EncodeToString(sum[:]); got != it.SHA256 {
					t.Errorf("said to be dense, but the payload's sha256 is %s", got)
				}
			}
		})
	}
}

func TestFixtureValues(t *testing.T) {
	for _, it := range fixtures(t) {
		if it.DType != "" {
			continue
		}
		t.Run(it.String(), func(t *testing.T) {
			a, err := OpenBytes(it.data, Limits{})
			if err != nil {
				t.Fatal(err)
			}
			v, err := a.Value(nil)
			if err != nil {
				t.Fatal(err)
			}
			if v.Kind() == pickle.Invalid {
				t.Error("no value")
			}
		})
	}
}

// TestScanAgreesOnFixtures holds the short way against the pickle machine, and
// makes sure that it is taken for what torch writes.
func TestScanAgreesOnFixtures(t *testing.T) {
	taken := 0
	for _, it := range fixtures(t) {
		if it.DType == "" {
			continue
		}
		a, err := OpenBytes(it.data, Limits{})
		if err != nil {
			t.Fatal(err)
		}
		e, b, err := a.dataPickle(tensorPickle)
		if err != nil {
			t.Fatal(err)
		}
		want, err := a.decodeTensor(e, b)
		if err != nil {
			t.Fatalf("%v: %v", it, err)
		}
		var s scan
		if !scanTensor(b, &s) {
			if !want.Conj && !want.Neg && want.Quant == nil {
				t.Errorf("%v: not scanned", it)
			}
			continue
		}
		taken++
		got, err := a.scanned(&s)
		if err != nil {
			t.Fatal(err)
		}
		if d := cmp.Diff(want, got, cmp.AllowUnexported(Entry{})); d != "" {
			t.Errorf("%v (-machine +scan)\n%s", it, d)
		}
	}
	if taken == 0 {
		t.Error("no fixture was scanned")
	}
}
