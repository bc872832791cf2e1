package torchfile

import (
	"bytes"
	"strconv"
	"testing"
)

func smallItem(b testing.TB) []byte {
	for _, it := range fixtures(b) {
		if it.DType == "float32" && len(it.data) < 4096 {
			return it.data
		}
	}
	b.Fatal("no small tensor item")
	return nil
}

// BenchmarkSmallTensor opens an item that is in memory and reads its record.
func BenchmarkSmallTensor(b *testing.B) {
	data := smallItem(b)
	b.ReportAllocs()
	for b.Loop() {
		a, err := OpenBytes(data, Limits{})
		if err != nil {
			b.Fatal(err)
		}
		if _, err := a.Tensor(); err != nil {
			b.Fatal(err)
		}
	}
}

// BenchmarkSmallTensorMachine does the same by way of the pickle machine.
func BenchmarkSmallTensorMachine(b *testing.B) {
	data := smallItem(b)
	b.ReportAllocs()
	for b.Loop() {
		a, err := OpenBytes(data, Limits{})
		if err != nil {
			b.Fatal(err)
		}
		e, p, err := a.dataPickle(tensorPickle)
		if err != nil {
			b.Fatal(err)
		}
		if _, err := a.decodeTensor(e, p); err != nil {
			b.Fatal(err)
		}
	}
}

// BenchmarkOpen reads items of several sizes through an io.ReaderAt.
func BenchmarkOpen(b *testing.B) {
	for _, n := range []int{1 << 10, 64 << 20} {
		data := tensorItem(make([]byte, n))
		b.Run(strconv.Itoa(n), func(b *testing.B) {
			b.ReportAllocs()
			for b.Loop() {
				a, err := Open(bytes.NewReader(data), int64(len(data)), Limits{})
				if err != nil {
					b.Fatal(err)
				}
				if _, err := a.Tensor(); err != nil {
					b.Fatal(err)
				}
			}
		})
	}
}
