package torchfile

import (
	"bytes"
	"io"
	"path/filepath"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/godcp/godcp/ckpterr"
)

// FuzzArchive: nothing panics, entries lie apart inside the item, both ways of
// opening agree, and a tensor that is reported can be read.
func FuzzArchive(f *testing.F) {
	for _, it := range fixtures(f) {
		f.Add(it.data)
	}
	for _, dir := range hostile(f) {
		if b := readFile(f, filepath.Join(dir, "__0_0.distcp")); len(b) < 10000 {
			f.Add(b)
		}
	}
	f.Fuzz(func(t *testing.T, b []byte) {
		lim := Limits{Pickle: 1 << 16, Expand: 1 << 20}
		a, err := OpenBytes(b, lim)
		a2, err2 := open(bytes.NewReader(b), int64(len(b)), window{}, lim)
		if (err == nil) != (err2 == nil) || ckpterr.ClassOf(err) != ckpterr.ClassOf(err2) {
			t.Fatalf("in memory %v, through a reader %v", err, err2)
		}
		if err != nil {
			if ckpterr.ClassOf(err) == "" {
				t.Fatalf("no class: %v", err)
			}
			return
		}
		if d := cmp.Diff(a.Entries(), a2.Entries(), cmp.AllowUnexported(Entry{})); d != "" {
			t.Fatal(d)
		}
		var total int64
		for _, e := range a.Entries() {
			if e.Offset < 0 || e.Size < 0 || e.CompressedSize < 0 || e.Offset+e.CompressedSize > int64(len(b)) {
				t.Fatalf("%+v in %d bytes", e, len(b))
			}
			total += e.CompressedSize
			p, err := a.ReadEntry(e, 1<<16)
			if err != nil {
				continue
			}
			q, err := io.ReadAll(a2.OpenEntry(e))
			if err != nil || !bytes.Equal(p, q) {
				t.Fatalf("%+v streams differently: %v", e, err)
			}
		}
		if total > int64(len(b)) {
			t.Fatalf("payloads of %d bytes in %d", total, len(b))
		}
		if _, err := a.Value(nil); err != nil && ckpterr.ClassOf(err) == "" {
			t.Fatalf("no class: %v", err)
		}
		rec, err := a.Tensor()
		if err != nil {
			if ckpterr.ClassOf(err) == "" {
				t.Fatalf("no class: %v", err)
			}
			return
		}
		if rec.Storage.Size <= 1<<16 && rec.Quant == nil {
			x, err := a.ReadTensor(rec, 1<<16)
			if err != nil {
				return // a checksum
			}
			if _, ok := x.Bytes(); rec.Dense && !ok {
				t.Fatalf("%+v is said to be dense", rec)
			}
		}
	})
}

// FuzzTensorRecord puts any pickle beside a storage of 24 bytes: the short way
// and the pickle machine must agree.
func FuzzTensorRecord(f *testing.F) {
	for _, it := range fixtures(f) {
		a, err := OpenBytes(it.data, Limits{})
		if err != nil {
			f.Fatal(err)
		}
		if _, b, err := a.dataPickle(tensorPickle); err == nil {
			f.Add(b)
		}
	}
	f.Add([]byte("\x80\x02" + pklV2(f6, 0, ints(2, 3), ints(3, 1)) + "."))
	f.Add([]byte("\x80\x02" + pklV2(pklStorage("torch.storage\nUntypedStorage", "0", 24), 0, ints(24), ints(1)) + "."))
	f.Fuzz(func(t *testing.T, pkl []byte) {
		a, err := OpenBytes(itemOf(string(pkl), make([]byte, 24)), Limits{Expand: 1 << 20})
		if err != nil {
			t.Fatal(err)
		}
		e, b, err := a.dataPickle(tensorPickle)
		if err != nil {
			return
		}
		want, wantErr := a.decodeTensor(e, b)
		if wantErr != nil && ckpterr.ClassOf(wantErr) == "" {
			t.Fatalf("no class: %v", wantErr)
		}
		var s scan
		if !scanTensor(b, &s) {
			return
		}
		got, err := a.scanned(&s)
		if ckpterr.ClassOf(err) != ckpterr.ClassOf(wantErr) || (err == nil) != (wantErr == nil) {
			t.Fatalf("scan %v, machine %v", err, wantErr)
		}
		if d := cmp.Diff(want, got, cmp.AllowUnexported(Entry{})); d != "" {
			t.Fatalf("-machine +scan\n%s", d)
		}
	})
}
