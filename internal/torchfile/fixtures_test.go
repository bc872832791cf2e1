package torchfile

import (
	"bytes"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"os"
	"path/filepath"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/godcp/godcp/internal/pickle"
)

// item is one row of testdata/items/items.json: an item that torch wrote.
type item struct {
	File, FQN      string
	Offset, Length int64
	DType          string // of tensors
	Shape          []int64
	SHA256         string // of the logical bytes, of whole tensors
	data           []byte
}

func (it item) String() string { return filepath.ToSlash(it.File) + ":" + it.FQN }

func fixtures(t testing.TB) []item {
	dir := filepath.Join("testdata", "items")
	b, err := os.ReadFile(filepath.Join(dir, "items.json"))
	if err != nil {
		t.Fatal(err)
	}
	var items []item
	if err := json.Unmarshal(b, &items); err != nil {
		t.Fatal(err)
	}
	files := map[string][]byte{}
	for i, it := range items {
		if files[it.File] == nil {
			if files[it.File], err = os.ReadFile(filepath.Join(dir, filepath.FromSlash(it.File))); err != nil {
				t.Fatal(err)
			}
		}
		items[i].data = files[it.File][it.Offset:][:it.Length]
	}
	return items
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
