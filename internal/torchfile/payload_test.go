package torchfile

import (
	"bytes"
	"io"
	"testing"

	"github.com/godcp/godcp/ckpterr"
)

func TestPayloadChecksum(t *testing.T) {
	for _, method := range []uint16{methodStore, methodDeflate} {
		content := bytes.Repeat([]byte("0123456789"), 10000)
		for name, test := range map[string]struct {
			change func(e *rawEntry)
			want   ckpterr.Class
		}{
			"sound":       {func(e *rawEntry) {}, ""},
			"absent":      {func(e *rawEntry) { e.crc = 0 }, ""},
			"wrong":       {func(e *rawEntry) { e.crc ^= 1 }, ckpterr.ChecksumMismatch},
			"byte wrong":  {func(e *rawEntry) { e.data[len(e.data)/2] ^= 1 }, ckpterr.ChecksumMismatch},
			"inflates +1": {func(e *rawEntry) { e.size-- }, ckpterr.BadArchive},
			"inflates -1": {func(e *rawEntry) { e.size++ }, ckpterr.BadArchive},
			"cut":         {func(e *rawEntry) { e.data = e.data[:len(e.data)-4] }, ckpterr.BadArchive},
			"not deflate": {func(e *rawEntry) { e.data = bytes.Repeat([]byte{0xff}, 100) }, ckpterr.BadArchive},
		} {
			e := entry("archive/data/1", bytes.Clone(content))
			if method == methodDeflate {
				e.data, e.size, e.method = deflate(content), len(content), method
			} else if test.want == ckpterr.BadArchive {
				continue
			}
			test.change(&e)
			data := edit(func(z *rawZip) { z.entries = append(z.entries, e) })
			for _, open := range []func() (*Archive, error){
				func() (*Archive, error) { return OpenBytes(data, Limits{}) },
				func() (*Archive, error) { return Open(bytes.NewReader(data), int64(len(data)), Limits{}) },
			} {
				a, err := open()
				if err != nil {
					t.Fatal(name, err)
				}
				got, _ := a.Entry("data/1")
				b, err := a.ReadEntry(got, 1<<20)
				if c := ckpterr.ClassOf(err); !classOr(c, test.want) || err == nil && !bytes.Equal(b, content) {
					t.Errorf("method %d, %s: ReadEntry gave %v", method, name, err)
				}
				b, err = io.ReadAll(a.OpenEntry(got))
				if c := ckpterr.ClassOf(err); !classOr(c, test.want) || err == nil && !bytes.Equal(b, content) {
					t.Errorf("method %d, %s: OpenEntry gave %v", method, name, err)
				}
			}
		}
	}
}

// classOr: damaged deflate data may break the stream before its checksum.
func classOr(got, want ckpterr.Class) bool {
	return got == want || want == ckpterr.ChecksumMismatch && got == ckpterr.BadArchive
}

func TestReadEntryLimit(t *testing.T) {
	a, err := OpenBytes(edit(func(*rawZip) {}), Limits{})
	if err != nil {
		t.Fatal(err)
	}
	e, _ := a.Entry("data/0")
	if _, err := a.ReadEntry(e, 23); ckpterr.ClassOf(err) != ckpterr.LimitExceeded {
		t.Errorf("24 bytes where 23 are allowed: %v", err)
	}
	if _, err := a.ReadEntry(Entry{Offset: 1 << 40, CompressedSize: 5, Size: 5}, 10); ckpterr.ClassOf(err) != ckpterr.OutOfRange {
		t.Errorf("an entry of another archive: %v", err)
	}
}
