package dcp

import "sync"

// scratchPool keeps buffers of one part: fresh memory costs more than the read
// that fills it.
var scratchPool = sync.Pool{New: func() any {
	b := make([]byte, readLimits.Part)
	return &b
}}

// getScratch returns n bytes of any content.
func getScratch(n int64) *[]byte {
	if n > readLimits.Part {
		b := make([]byte, n)
		return &b
	}
	b := scratchPool.Get().(*[]byte)
	*b = (*b)[:n]
	return b
}

func putScratch(b *[]byte) {
	if int64(cap(*b)) == readLimits.Part {
		scratchPool.Put(b)
	}
}
