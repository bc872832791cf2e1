package torchfile

import (
	"bytes"
	"fmt"
	"path/filepath"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/klauspost/compress/zstd"

	"github.com/godcp/godcp/ckpterr"
	"github.com/godcp/godcp/internal/pickle"
)

// TestValueTensors finds the tensors inside bytes items.
func TestValueTensors(t *testing.T) {
	found := 0
	for _, it := range fixtures(t) {
		if it.DType != "" {
			continue
		}
		a, err := OpenBytes(it.data, Limits{})
		if err != nil {
			t.Fatal(err)
		}
		v, err := a.Value(nil)
		if err != nil {
			t.Fatal(err)
		}
		walk(v, func(v pickle.Value) {
			rec, ok, err := a.TensorOf(v)
			if err != nil {
				t.Errorf("%v: %v", it, err)
			}
			if ok {
				found++
				if _, err := a.ReadTensor(rec, 1<<20); err != nil {
					t.Errorf("%v: %v", it, err)
				}
			}
		})
	}
	if found == 0 {
		t.Error("no bytes item holds a tensor")
	}
}

func walk(v pickle.Value, visit func(pickle.Value)) {
	visit(v)
	for _, e := range v.Items().All() {
		walk(e, visit)
	}
	for _, e := range v.RawPairs().All() {
		walk(e, visit)
	}
}

func TestValueUnsafe(t *testing.T) {
	for name, pkl := range map[string]string{
		"os.system":      "cos\nsystem\n" + text("true") + "\x85R",
		"builtins.eval":  "cbuiltins\neval\n" + text("1") + "\x85R",
		"__builtin__":    "c__builtin__\nexec\n" + text("1") + "\x85R",
		"not even used":  "cposix\nsystem\n0N",
		"inside a dict":  "}" + text("a") + "csubprocess\nPopen\ns",
		"a dotted name":  "ctorch\nserialization.os.system\n" + text("true") + "\x85R",
		"_load_from_b64": "ctorch.storage\n_load_from_bytes\n" + text("x") + "\x85R",
	} {
		a, err := OpenBytes(item23(pkl), Limits{})
		if err != nil {
			t.Fatal(err)
		}
		if v, err := a.Value(nil); ckpterr.ClassOf(err) != ckpterr.UnsafePickle {
			t.Errorf("%s gave %v and a %v", name, err, v.Kind())
		}
	}
}

// TestTensorOf: what is no tensor of this archive is not taken for one.
func TestTensorOf(t *testing.T) {
	a, err := OpenBytes(item23("]("+pklV2(f6, 0, ints(6), ints(1))+"cmine\nThing\n)RK\x05"+pklV2(f6, 0, ints(7), ints(1))+"e"), Limits{})
	if err != nil {
		t.Fatal(err)
	}
	v, err := a.Value(nil)
	if err != nil {
		t.Fatal(err)
	}
	var got []string
	for _, e := range v.Items().All() {
		rec, ok, err := a.TensorOf(e)
		got = append(got, fmt.Sprintf("%v %v %s", rec != nil, ok, ckpterr.ClassOf(err)))
	}
	want := []string{"true true ", "false false ", "false false ", "false true OutOfRange"}
	if d := cmp.Diff(want, got); d != "" {
		t.Errorf("-want +got\n%s", d)
	}
}

func TestBigEndian(t *testing.T) {
	data := append([]byte{0x3f, 0x80, 0, 0, 0x40, 0, 0, 0}, make([]byte, 16)...)
	item := func(class, order string) []byte {
		z := rawZip{entries: []rawEntry{
			entry("archive/data.pkl", []byte("\x80\x02"+pklV2(pklStorage("torch\n"+class, "0", 24/classSize(class)), 0, ints(2), ints(1))+".")),
			entry("archive/byteorder", []byte(order)), entry("archive/data/0", data), entry("archive/version", []byte("3")),
		}}
		return z.bytes()
	}
	for _, test := range []struct {
		class, order string
		want         []byte
	}{
		{"FloatStorage", "big", []byte{0, 0, 0x80, 0x3f, 0, 0, 0, 0x40}},
		{"FloatStorage", "little", []byte{0x3f, 0x80, 0, 0, 0x40, 0, 0, 0}},
		{"ByteStorage", "big", []byte{0x3f, 0x80}},
	} {
		b := item(test.class, test.order)
		a, err := OpenBytes(b, Limits{})
		if err != nil {
			t.Fatal(err)
		}
		rec, err := a.Tensor()
		if err != nil {
			t.Fatal(err)
		}
		x, err := a.ReadTensor(rec, 100)
		if err != nil {
			t.Fatal(err)
		}
		var got bytes.Buffer
		if err := x.WriteLogical(&got); err != nil {
			t.Fatal(err)
		}
		if !bytes.Equal(got.Bytes(), test.want) || rec.Dense {
			t.Errorf("%s %s: % x, dense %v, want % x", test.class, test.order, got.Bytes(), rec.Dense, test.want)
		}
		if !bytes.Equal(b, item(test.class, test.order)) {
			t.Error("reading changed the item")
		}
	}
}

func classSize(class string) int64 { return storageClasses[class].Size() }

// TestInsideZstd opens what the zstd extension has wrapped, once in two frames.
func TestInsideZstd(t *testing.T) {
	b := readFile(t, filepath.Join("..", "..", "testdata", "hostile", "s10_two_frames_ok", "__0_0.distcp"))
	d, err := zstd.NewReader(nil)
	if err != nil {
		t.Fatal(err)
	}
	defer d.Close()
	item, err := d.DecodeAll(b, nil)
	if err != nil {
		t.Fatal(err)
	}
	if err := readAsW(item); err != nil {
		t.Error(err)
	}
	// The frames themselves are no archive.
	if _, err := OpenBytes(b, Limits{}); ckpterr.ClassOf(err) != ckpterr.BadArchive {
		t.Errorf("the compressed bytes gave %v", err)
	}
}
