package conformance

import (
	"bytes"
	"encoding/binary"
	"fmt"
	"io"
)

// content returns n bytes in which every aligned word differs from every
// other, and from those of other seeds: a byte that is missing, moved, doubled
// or foreign shows. Nobody else has the bytes yet, so the race detector, which
// would take most of its time for them, need not look.
//
//go:norace
func content(seed uint64, n int) []byte {
	b := make([]byte, (n+7)/8*8)
	for i := 0; i < len(b); i += 8 {
		// splitmix64, which is a bijection of its counter.
		z := (seed<<40 + uint64(i/8) + 1) * 0x9e3779b97f4a7c15
		z = (z ^ z>>30) * 0xbf58476d1ce4e5b9
		z = (z ^ z>>27) * 0x94d049bb133111eb
		binary.LittleEndian.PutUint64(b[i:], z^z>>31)
	}
	return b[:n:n]
}

// difference says how got is not want, "" if it is.
func difference(got, want []byte) string {
	if bytes.Equal(got, want) {
		return ""
	}
	n := min(len(got), len(want))
	first := 0
	for first+block <= n && bytes.Equal(got[first:first+block], want[first:first+block]) {
		first += block
	}
	for i := first; i < n; i++ {
		if got[i] != want[i] {
			return fmt.Sprintf("%d bytes of %d wanted, first difference at offset %d: %#02x instead of %#02x", len(got), len(want), i, got[i], want[i])
		}
	}
	return fmt.Sprintf("%d bytes instead of %d, equal as far as both go", len(got), len(want))
}

// source returns an Upload source of a string.
func source(s string) io.ReaderAt { return bytes.NewReader([]byte(s)) }
