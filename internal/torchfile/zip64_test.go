package torchfile

import (
	"encoding/json"
	"io"
	"os"
	"path/filepath"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/godcp/godcp/internal/pickle"
)

// sparse is a large item of which only some parts are kept; the rest is
// zeros. It counts what is read.
type sparse struct {
	Size  int64
	Parts []struct {
		Offset int64
		Data   []byte
	}
	calls, bytes int64
}

func (s *sparse) ReadAt(p []byte, off int64) (int, error) {
	s.calls++
	s.bytes += int64(len(p))
	n := len(p)
	if off > s.Size-int64(n) {
		n = int(max(0, s.Size-off))
	}
	clear(p)
	for _, part := range s.Parts {
		from, to := max(off, part.Offset), min(off+int64(n), part.Offset+int64(len(part.Data)))
		if from < to {
			copy(p[from-off:to-off], part.Data[from-part.Offset:])
		}
	}
	if n < len(p) {
		return n, io.EOF
	}
	return n, nil
}

// TestZip64 opens what torch.save([uint8 tensor of 4 GiB + 4096, arange(3)])
// writes: one entry too large for 32 bits and several that begin too late.
func TestZip64(t *testing.T) {
	b, err := os.ReadFile(filepath.Join("testdata", "zip64.json"))
	if err != nil {
		t.Fatal(err)
	}
	var s sparse
	if err := json.Unmarshal(b, &s); err != nil {
		t.Fatal(err)
	}
	a, err := Open(&s, s.Size, Limits{})
	if err != nil {
		t.Fatal(err)
	}
	if s.calls > 3 || s.bytes > 16<<10 {
		t.Errorf("opening took %d reads of %d bytes", s.calls, s.bytes)
	}
	v, err := a.Value(nil)
	if err != nil {
		t.Fatal(err)
	}
	type place struct{ Offset, Size int64 }
	var got []place
	for _, e := range v.Items().All() {
		rec, ok, err := a.TensorOf(e)
		if !ok || err != nil {
			t.Fatal(ok, err)
		}
		if !rec.Dense || rec.Storage.HasCRC {
			t.Errorf("dense %v, CRC %v", rec.Dense, rec.Storage.HasCRC)
		}
		got = append(got, place{rec.Storage.Offset, rec.StorageBytes})
	}
	want := []place{{768, 1<<32 + 4096}, {1<<32 + 4992, 24}}
	if d := cmp.Diff(want, got); d != "" {
		t.Errorf("-want +got\n%s", d)
	}
	if _, err := a.Value(func(g pickle.Global) pickle.Verdict { return pickle.Deny }); err == nil {
		t.Error("Value did not ask about the file's globals")
	}
}
