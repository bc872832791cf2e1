package tensor

import (
	"bytes"
	"encoding/binary"
	"io"
	"testing"
)

// FuzzFromLayout builds a layout out of arbitrary numbers. What FromLayout lets
// through can be read everywhere, without a panic.
func FuzzFromLayout(f *testing.F) {
	seed := func(numbers ...int64) []byte {
		var b []byte
		for _, n := range numbers {
			b = binary.LittleEndian.AppendUint64(b, uint64(n))
		}
		return b
	}
	f.Add(uint8(Float32), byte(0), int64(0), seed(2, 3, 3, 1), make([]byte, 24))
	f.Add(uint8(Complex64), byte(3), int64(1), seed(2, 1), make([]byte, 24))
	f.Add(uint8(Float32), byte(0), int64(0), seed(1<<40, 0, 1<<40, 1, 1, 1), []byte{})
	f.Add(uint8(Int8), byte(2), int64(0), seed(1<<20, 1<<20, 0, 0), []byte{1})
	f.Add(uint8(Int8), byte(0), int64(1<<62), seed(3, 1<<62), []byte{1, 2})
	f.Add(uint8(Bool), byte(0), int64(-1), seed(-1, 1), []byte{1, 2})
	f.Fuzz(func(t *testing.T, dtype uint8, flags byte, offset int64, numbers, storage []byte) {
		var n []int64
		for ; len(numbers) >= 8 && len(n) < 140; numbers = numbers[8:] {
			n = append(n, int64(binary.LittleEndian.Uint64(numbers)))
		}
		rank := len(n) / 2
		x, err := FromLayout(Layout{
			DType: DType(dtype), Shape: n[:rank], Strides: n[rank : 2*rank], StorageOffset: offset,
			Conj: flags&1 != 0, Neg: flags&2 != 0, Storage: storage,
		})
		if err != nil {
			return
		}
		if err := Fprint(io.Discard, x, FormatOptions{}); err != nil {
			t.Fatal(err)
		}
		if x.NumElements() > 0 {
			last := make([]int64, rank)
			for i, size := range x.Shape() {
				last[i] = size - 1
			}
			if _, err := x.At(last...); err != nil {
				t.Fatal(err)
			}
		}
		if x.NumBytes() > 1<<20 {
			return
		}
		var logical, json bytes.Buffer
		if err := x.WriteLogical(&logical); err != nil || int64(logical.Len()) != x.NumBytes() {
			t.Fatal(logical.Len(), err)
		}
		if b, ok := x.Contiguous().Bytes(); !ok || !bytes.Equal(b, logical.Bytes()) {
			t.Fatal("Contiguous differs from WriteLogical")
		}
		if err := x.EncodeJSON(&json); err != nil {
			t.Fatal(err)
		}
	})
}
