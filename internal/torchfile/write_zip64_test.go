package torchfile

import (
	"bytes"
	"encoding/json"
	"fmt"
	"path/filepath"
	"testing"
)

// TestZip64WrittenAsTorch lays out the archive of TestZip64 and wants torch's
// bytes around the payloads. torch wrote it with its checksums off.
func TestZip64WrittenAsTorch(t *testing.T) {
	var want sparse
	if err := json.Unmarshal(readFile(t, filepath.Join("testdata", "zip64.json")), &want); err != nil {
		t.Fatal(err)
	}
	a, err := Open(&want, want.Size, Limits{})
	if err != nil {
		t.Fatal(err)
	}
	e, _ := a.Entry("data.pkl")
	pkl, err := a.ReadEntry(e, 1<<20)
	if err != nil {
		t.Fatal(err)
	}
	it := Item{pkl: pkl, storages: make([][]byte, 2)}
	recs := it.records(nil)
	recs[firstStorage].size, recs[firstStorage+1].size = 1<<32+4096, 24
	dir, dirLen, size := layOut(recs)
	if size != want.Size {
		t.Errorf("%d bytes, torch wrote %d", size, want.Size)
	}
	compare := func(what string, off int64, got []byte) {
		t.Helper()
		b := make([]byte, len(got))
		if _, err := want.ReadAt(b, off); err != nil {
			t.Fatal(err)
		}
		if !bytes.Equal(got, b) {
			t.Errorf("%s\ntorch %q\nours  %q", what, b, got)
		}
	}
	var crcs uint64
	var central []byte
	for i := range recs {
		r := &recs[i]
		compare("local header of "+r.name, r.header, r.appendLocal(nil))
		if i == len(recs)-1 {
			r.data = serializationID(namesHash(2), crcs)
		}
		compare(r.name, r.payload, r.data)
		compare("descriptor of "+r.name, r.payload+r.size, r.appendDescriptor(nil))
		crcs = r.addCRC(crcs)
		central = r.appendCentral(central)
	}
	compare("directory and end", dir, appendEnd(central, len(recs), dir, dirLen))
}

// TestManyEntries: from 65535 entries on only the zip64 record counts them.
func TestManyEntries(t *testing.T) {
	for _, n := range []int{1<<16 - 2, 1<<16 - 1} {
		b := appendEnd(nil, n, 1<<10, 46*int64(n))
		w := window{b: append(make([]byte, 1<<10+46*n), b...)}
		d, err := parseEnd(w, int64(len(w.b))-endLen, int64(len(w.b)))
		if err != nil || d.count != n {
			t.Errorf("%d entries are read as %d: %v", n, d.count, err)
		}
	}
}

// TestUnorderedSetOfMany has torch's ids of archives with several storages, in
// which the set has grown up to four times.
func TestUnorderedSetOfMany(t *testing.T) {
	for n, want := range map[int]string{
		0: "02908468677762923104", 1: "15728199511854643026", 2: "05611085236196705294", 5: "00551901853203590787",
		9: "01977860353369201443", 30: "11140614621817349016", 100: "09159737005121336556",
	} {
		if got := fmt.Sprintf("%020d", namesHash(n)); got != want {
			t.Errorf("%d storages: %s, torch has %s", n, got, want)
		}
	}
}
