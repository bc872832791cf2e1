package dcp

import (
	"bytes"
	"errors"
	"io"
	"testing"
	"testing/iotest"

	"pgregory.net/rapid"

	"github.com/godcp/godcp/internal/torchfile"
	"github.com/godcp/godcp/tensor"
)

// rowOf is a dataFile of byte tensors of these sizes and what it must read as.
func rowOf(t testing.TB, sizes []int) (*dataFile, []byte) {
	t.Helper()
	d := &dataFile{}
	var all bytes.Buffer
	for i, n := range sizes {
		x, err := tensor.FromSlice(bytes.Repeat([]byte{byte(i + 1)}, n), int64(n))
		if err != nil {
			t.Fatal(err)
		}
		item, err := torchfile.NewTensorItem(x)
		if err != nil {
			t.Fatal(err)
		}
		if off := d.add(item); off != int64(all.Len()) {
			t.Fatalf("item %d is at %d, want %d", i, off, all.Len())
		}
		if _, err := item.WriteTo(&all); err != nil {
			t.Fatal(err)
		}
	}
	return d, all.Bytes()
}

// TestDataFileIsAReader reads a file in every way in which a reader is read.
func TestDataFileIsAReader(t *testing.T) {
	for _, sizes := range [][]int{nil, {0}, {1}, {0, 5, 0, 300, 7}} {
		d, want := rowOf(t, sizes)
		if d.size() != int64(len(want)) {
			t.Fatalf("%v: size %d, want %d", sizes, d.size(), len(want))
		}
		if err := iotest.TestReader(io.NewSectionReader(d, 0, d.size()), want); err != nil {
			t.Errorf("%v: %v", sizes, err)
		}
	}
}

// TestDataFileReadAt reads random parts: as of the concatenation of its items.
func TestDataFileReadAt(t *testing.T) {
	rapid.Check(t, func(rt *rapid.T) {
		d, whole := rowOf(t, rapid.SliceOfN(rapid.IntRange(0, 200), 0, 6).Draw(rt, "sizes"))
		model := bytes.NewReader(whole)
		for range 20 {
			off := rapid.Int64Range(0, int64(len(whole))+10).Draw(rt, "off")
			n := rapid.IntRange(0, 2*len(whole)/3+5).Draw(rt, "n")
			got, want := make([]byte, n), make([]byte, n)
			gotN, gotErr := d.ReadAt(got, off)
			wantN, wantErr := model.ReadAt(want, off)
			if n == 0 {
				wantErr = gotErr // both nil and io.EOF are right
			}
			if gotN != wantN || gotErr != wantErr || !bytes.Equal(got, want) {
				rt.Fatalf("ReadAt of %d at %d: %d, %v; want %d, %v", n, off, gotN, gotErr, wantN, wantErr)
			}
		}
	})
}

func TestDataFileNegativeOffset(t *testing.T) {
	d, _ := rowOf(t, []int{3})
	if n, err := d.ReadAt(make([]byte, 4), -2); n != 0 || err == nil || errors.Is(err, io.EOF) {
		t.Errorf("got %d, %v", n, err)
	}
}
