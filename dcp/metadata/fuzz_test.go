package metadata

import (
	"slices"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"

	"github.com/godcp/godcp/ckpterr"
)

// sameModel compares what two decoders made; inert values have no common form.
var sameModel = cmp.Options{
	cmpopts.IgnoreUnexported(Metadata{}, StorageMeta{}, PlannerData{}),
	cmpopts.IgnoreFields(Extra{}, "Value"),
	cmpopts.IgnoreFields(PlannerData{}, "Opaque"),
	cmpopts.EquateEmpty(),
}

// FuzzMetadata: Decode never panics, its errors have a class, Validate ends,
// and the fast way (a Builder) and the general one agree.
func FuzzMetadata(f *testing.F) {
	for _, file := range slices.Concat(fixtureFiles(f), hostileFiles(f)) {
		if data := readFile(f, file); len(data) < 4096 {
			f.Add(data)
		}
	}
	f.Fuzz(func(t *testing.T, data []byte) {
		m, err := Decode(data)
		slow, slowErr := newDecoder(len(data)).decode(data, nil)
		if (err == nil) != (slowErr == nil) && !isLimit(err) && !isLimit(slowErr) {
			t.Fatalf("with a builder: %v; without: %v", err, slowErr)
		}
		if err != nil {
			if ckpterr.ClassOf(err) == "" {
				t.Fatalf("no class: %v", err)
			}
			return
		}
		if slowErr == nil {
			if diff := cmp.Diff(slow, m, sameModel); diff != "" {
				t.Fatalf("-without a builder +with:\n%s", diff)
			}
		}
		faults := 0
		for range m.Validate() {
			faults++
		}
		for i := range m.StateDictMetadata {
			it := &m.StateDictMetadata[i]
			if m.ValidateItem(it) != nil {
				continue
			}
			if it.Tensor == nil {
				if _, ok := m.ChunkStorage(it, 0); !ok {
					t.Fatalf("%q is valid and has no record", it.FQN)
				}
				continue
			}
			for j := range it.Tensor.Chunks {
				if _, ok := m.ChunkStorage(it, j); !ok {
					t.Fatalf("%q is valid and chunk %d has no record", it.FQN, j)
				}
			}
		}
	})
}

func isLimit(err error) bool { return ckpterr.ClassOf(err) == ckpterr.LimitExceeded }

// TestBuilderAgrees runs the fuzz target's comparison on every file.
func TestBuilderAgrees(t *testing.T) {
	all := map[string][]byte{"generated": generate(20, 5)}
	for _, file := range fixtureFiles(t) {
		all[shortName(file)] = readFile(t, file)
	}
	for name, b := range all {
		fast, err := Decode(b)
		if err != nil {
			t.Fatal(err)
		}
		slow, err := newDecoder(len(b)).decode(b, nil)
		if err != nil {
			t.Fatal(err)
		}
		if diff := cmp.Diff(slow, fast, sameModel); diff != "" {
			t.Errorf("%s: -without a builder +with:\n%s", name, diff)
		}
	}
}
