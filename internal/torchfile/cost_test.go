package torchfile

import "testing"

// TestOpenReads: a large item costs one read at either end.
func TestOpenReads(t *testing.T) {
	for _, n := range []int{1 << 10, 1 << 20} {
		data := tensorItem(make([]byte, n))
		s := sparse{Size: int64(len(data))}
		s.Parts = append(s.Parts, struct {
			Offset int64
			Data   []byte
		}{0, data})
		a, err := Open(&s, s.Size, Limits{})
		if err != nil {
			t.Fatal(err)
		}
		if _, err := a.Tensor(); err != nil {
			t.Fatal(err)
		}
		if s.calls > 2 || s.bytes > 8<<10 {
			t.Errorf("%d bytes: %d reads of %d bytes", n, s.calls, s.bytes)
		}
	}
}

// TestSmallTensorAllocs keeps a checkpoint of many small tensors cheap.
func TestSmallTensorAllocs(t *testing.T) {
	data := smallItem(t)
	n := testing.AllocsPerRun(100, func() {
		a, err := OpenBytes(data, Limits{})
		if err != nil {
			t.Fatal(err)
		}
		if _, err := a.Tensor(); err != nil {
			t.Fatal(err)
		}
	})
	if n > 6 {
		t.Errorf("%v allocations for a small tensor", n)
	}
}
