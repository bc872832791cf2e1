package conformance

import (
	"fmt"

	"github.com/godcp/godcp/fsbase"
)

var readMemoryChecks = []Check{
	{
		ID: "read/memory-kept", Clauses: []string{"R3", "C6"}, Level: Must, Profile: Core,
		Doc: "What the caller does to the memory that ReadAt or ReadRanges has filled, blocks of common sizes and whole streams among it, changes nothing that is read later.",
		run: checkReadMemoryKept,
	},
}

func checkReadMemoryKept(t *trial) {
	for _, size := range []int{1000, 32 << 10, 300_000} {
		p, whole := t.path(fmt.Sprintf("dir/%d", size)), content(uint64(size), size)
		t.put(p, whole)
		first := t.open(p)
		defer first.Close()
		for block := 4 << 10; ; block *= 2 {
			for off := 0; off < size; off += max(block, size/3/block*block) { // the first, the last, and some between
				n := min(block, size-off)
				t.readMemoryKept(first, p, whole, off, n)
			}
			if block >= size {
				break
			}
		}
	}
}

// readMemoryKept spoils what was read, and reads it again.
func (t *trial) readMemoryKept(r fsbase.ReadStream, p string, whole []byte, off, n int) {
	buf := make([]byte, n)
	_, _ = r.ReadAt(buf, int64(off))
	giveBack(buf)
	for _, at := range []int{0, n / 2, n - min(n, 100)} { // for which a block may be kept
		t.readAt(r, p, whole, int64(off+at), min(n-at, 100))
	}
	t.readAt(r, p, whole, int64(off), n)
	if c, ok := fsbase.As[fsbase.RangeReader](t.fs); ok {
		ranges := []fsbase.Range{{Offset: int64(off), Dst: buf}}
		for range 2 {
			if _, err := c.ReadRanges(t.ctx, p, "", ranges); err != nil {
				t.errorf("C6", "ReadRanges of %d bytes at %d of %q: %v", n, off, p, err)
			} else if d := difference(buf, whole[off:off+n]); d != "" {
				t.errorf("C6", "ReadRanges of %d bytes at %d of %q, whose memory was written to when they were read before: %s", n, off, p, d)
			}
			giveBack(buf)
		}
	}
	other := t.open(p)
	defer other.Close()
	t.readAt(other, p, whole, int64(off), n)
}
