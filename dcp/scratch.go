package dcp

import "sync"

// scratchPool keeps buffers of one batch: fresh memory costs more than the read
// that fills it.
var scratchPool = sync.Pool{New: func() any {
	b := make([]byte, batchBytes)
	return &b
}}

// getScratch returns n bytes of any content.
func getScratch(n int64) *[]byte {
	if n > batchBytes {
		b := make([]byte, n)
		return &b
	}
	b := scratchPool.Get().(*[]byte)
	*b = (*b)[:n]
	return b
}

func putScratch(b *[]byte) {
	if int64(cap(*b)) == batchBytes {
		scratchPool.Put(b)
	}
}
