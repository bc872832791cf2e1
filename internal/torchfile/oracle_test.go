package torchfile

import (
	"archive/zip"
	"bytes"
	"fmt"
	"hash/crc32"
	"io"
	"math/rand/v2"
	"testing"

	"github.com/google/go-cmp/cmp"
	"pgregory.net/rapid"
)

// sameAsZip compares an archive with what archive/zip reads.
func sameAsZip(t interface {
	Errorf(string, ...any)
	Fatalf(string, ...any)
}, data []byte, a *Archive,
) {
	z, err := zip.NewReader(bytes.NewReader(data), int64(len(data)))
	if err != nil {
		t.Fatalf("archive/zip: %v", err)
	}
	if len(z.File) != len(a.Entries()) {
		t.Fatalf("%d entries, archive/zip sees %d", len(a.Entries()), len(z.File))
	}
	for i, f := range z.File {
		off, err := f.DataOffset()
		if err != nil {
			t.Fatalf("archive/zip: %v", err)
		}
		e := a.Entries()[i]
		if f.Name != a.Root()+"/"+e.Name || off != e.Offset || int64(f.UncompressedSize64) != e.Size ||
			int64(f.CompressedSize64) != e.CompressedSize || f.CRC32 != e.CRC32 || f.Method != e.Method {
			t.Errorf("entry %+v, archive/zip sees %+v at %d", e, f.FileHeader, off)
		}
		if !e.HasCRC {
			continue // archive/zip cannot read it
		}
		r, err := f.Open()
		if err != nil {
			t.Fatalf("archive/zip: %v", err)
		}
		want, err := io.ReadAll(r)
		if err != nil {
			t.Fatalf("archive/zip: %v", err)
		}
		got, err := a.ReadEntry(e, 1<<30)
		if err != nil || !bytes.Equal(got, want) {
			t.Errorf("entry %q differs: %v", e.Name, err)
		}
		got, err = io.ReadAll(a.OpenEntry(e))
		if err != nil || !bytes.Equal(got, want) {
			t.Errorf("entry %q streams differently: %v", e.Name, err)
		}
	}
}

func TestFixturesAsZip(t *testing.T) {
	for _, it := range fixtures(t) {
		a, err := OpenBytes(it.data, Limits{})
		if err != nil {
			t.Fatalf("%v: %v", it, err)
		}
		sameAsZip(t, it.data, a)
	}
}

// TestGoZip reads archives by Go's writer, stored and deflated, small enough
// for one read and not; both ways of opening agree.
func TestGoZip(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		var buf bytes.Buffer
		w := zip.NewWriter(&buf)
		add := func(name string, data []byte) {
			h := &zip.FileHeader{Name: "r/" + name, Method: rapid.SampledFrom([]uint16{zip.Store, zip.Deflate}).Draw(t, "method")}
			if rapid.Bool().Draw(t, "raw") {
				h.Method, h.CRC32 = zip.Store, crc32.ChecksumIEEE(data)
				h.CompressedSize64, h.UncompressedSize64 = uint64(len(data)), uint64(len(data))
				f, err := w.CreateRaw(h)
				if err == nil {
					_, err = f.Write(data)
				}
				if err != nil {
					t.Fatal(err)
				}
				return
			}
			f, err := w.CreateHeader(h)
			if err == nil {
				_, err = f.Write(data)
			}
			if err != nil {
				t.Fatal(err)
			}
		}
		add("version", []byte("3\n"))
		for i := range rapid.IntRange(0, 40).Draw(t, "entries") {
			data := make([]byte, rapid.SampledFrom([]int{0, 1, 5, 100, 5000, 90000}).Draw(t, "size"))
			if rapid.Bool().Draw(t, "noise") {
				r := rand.New(rand.NewPCG(uint64(i), 1))
				for j := range data {
					data[j] = byte(r.Uint32())
				}
			}
			add(fmt.Sprintf("data/%d", i), data)
		}
		if err := w.Close(); err != nil {
			t.Fatal(err)
		}
		data := buf.Bytes()
		a, err := OpenBytes(data, Limits{})
		if err != nil {
			t.Fatal(err)
		}
		sameAsZip(t, data, a)
		b, err := Open(bytes.NewReader(data), int64(len(data)), Limits{})
		if err != nil {
			t.Fatal(err)
		}
		if d := cmp.Diff(a.Entries(), b.Entries(), cmp.AllowUnexported(Entry{})); d != "" {
			t.Errorf("in memory and through a reader\n%s", d)
		}
		sameAsZip(t, data, b)
	})
}
