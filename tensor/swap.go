package tensor

import "slices"

// SwapBytes reverses the bytes of every element in place, each half of a complex
// one by itself: what was stored big-endian becomes little-endian. Bytes after
// the last whole element stay as they are.
func SwapBytes(d DType, data []byte) {
	size := int(d.part().Size())
	if size < 2 {
		return
	}
	for ; len(data) >= size; data = data[size:] {
		slices.Reverse(data[:size])
	}
}
