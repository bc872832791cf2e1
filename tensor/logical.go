package tensor

import (
	"io"
	"iter"
)

// blockBytes bounds the memory that WriteLogical and Convert take.
const blockBytes = 256 << 10

// WriteLogical writes the little-endian bytes of the elements in C order, conj
// and neg resolved: what a hash of the values is made of. There are NumBytes of
// them, which for an expanded tensor may be far more than its storage. Memory
// that is dense goes to w in one piece, other memory through a buffer of 256 KiB.
func (t *Tensor) WriteLogical(w io.Writer) error {
	if b, ok := t.Bytes(); ok {
		_, err := w.Write(b)
		return err
	}
	buf := make([]byte, min(blockBytes, t.NumBytes()))
	for box := range blocks(t.shape, t.dtype.Size()) {
		if _, err := w.Write(gather(t.sub(box), buf)); err != nil {
			return err
		}
	}
	return nil
}

// gather returns the logical bytes of t: its own memory, or else buf, which is
// long enough.
func gather(t *Tensor, buf []byte) []byte {
	if b, ok := t.Bytes(); ok {
		return b
	}
	buf = buf[:t.NumBytes()]
	copyInto(dense(t.dtype, t.shape, t.numel, buf), t)
	return buf
}

// blocks cuts a shape with elements into boxes of at most blockBytes that
// follow each other in C order. The box is the caller's until the next one.
func blocks(shape []int64, size int64) iter.Seq[Box] {
	// The first dimensions are taken one index at a time, dimension cut in
	// pieces, those after it whole.
	cut, inner := len(shape), size
	for cut > 0 && inner*shape[cut-1] <= blockBytes {
		cut--
		inner *= shape[cut]
	}
	return func(yield func(Box) bool) {
		box := FullBox(shape)
		if cut == 0 {
			yield(box)
			return
		}
		cut := cut - 1
		piece := blockBytes / inner
		for i := range cut {
			box.Sizes[i] = 1
		}
		for {
			for at := int64(0); at < shape[cut]; at += piece {
				box.Offsets[cut], box.Sizes[cut] = at, min(piece, shape[cut]-at)
				if !yield(box) {
					return
				}
			}
			if !next(box.Offsets[:cut], shape) {
				return
			}
		}
	}
}

// next counts up an index in C order; false when it was the last.
func next(index, shape []int64) bool {
	for i := len(index) - 1; i >= 0; i-- {
		if index[i]++; index[i] < shape[i] {
			return true
		}
		index[i] = 0
	}
	return false
}
