package torchfile

import (
	"archive/zip"
	"hash/crc32"
	"io"
	"strconv"
	"testing"

	"github.com/godcp/godcp/tensor"
)

// BenchmarkWriteSmall lays out and writes tensors of 1 KiB.
func BenchmarkWriteSmall(b *testing.B) {
	x := filled(b, tensor.Float32, []int64{16, 16})
	b.ReportAllocs()
	for b.Loop() {
		it, err := NewTensorItem(x)
		if err != nil {
			b.Fatal(err)
		}
		if _, err := it.WriteTo(io.Discard); err != nil {
			b.Fatal(err)
		}
	}
}

// BenchmarkWriteSmallZip writes the same records with archive/zip, which
// neither aligns nor sums the item.
func BenchmarkWriteSmallZip(b *testing.B) {
	x := filled(b, tensor.Float32, []int64{16, 16})
	data, _ := x.Bytes()
	pkl, err := tensorPickleOf(tensor.Float32, x.Shape())
	if err != nil {
		b.Fatal(err)
	}
	it := newItem(pkl, [][]byte{data})
	b.ReportAllocs()
	for b.Loop() {
		w := zip.NewWriter(io.Discard)
		for _, r := range it.records(nil) {
			f, err := w.CreateRaw(&zip.FileHeader{
				Name: r.name, CRC32: crc32.ChecksumIEEE(r.data),
				CompressedSize64: uint64(len(r.data)), UncompressedSize64: uint64(len(r.data)),
			})
			if err != nil {
				b.Fatal(err)
			}
			if _, err := f.Write(r.data); err != nil {
				b.Fatal(err)
			}
		}
		if err := w.Close(); err != nil {
			b.Fatal(err)
		}
	}
}

// BenchmarkWriteLarge is the cost of both checksums.
func BenchmarkWriteLarge(b *testing.B) {
	for _, n := range []int64{1 << 20, 256 << 20} {
		x := filled(b, tensor.Uint8, []int64{n})
		b.Run(strconv.FormatInt(n, 10), func(b *testing.B) {
			b.SetBytes(n)
			for b.Loop() {
				it, err := NewTensorItem(x)
				if err != nil {
					b.Fatal(err)
				}
				it.CRC32C()
			}
		})
	}
}

func BenchmarkNewTensorItem(b *testing.B) {
	x := filled(b, tensor.Float32, []int64{16, 16})
	b.ReportAllocs()
	for b.Loop() {
		if _, err := NewTensorItem(x); err != nil {
			b.Fatal(err)
		}
	}
}
