package s3

import (
	"bytes"
	"sync"
)

// send begins to send what is kept, as the next part. It waits while the parts
// of all streams that are under way hold as much memory as they may.
func (w *writeStream) send() (err error) {
	if w.up == nil {
		if w.up, err = w.fs.begin(w.parts, w.key, w.cond, sentParts); err != nil {
			return err
		}
	}
	part := w.buf
	weight := min(int64(len(part)), int64(w.fs.site.parallel())*partSize)
	if err := w.fs.memory.Acquire(w.parts, weight); err != nil {
		return w.failure()
	}
	w.sent++
	number := w.sent
	w.buf = newPart()
	w.running.Go(func() {
		defer w.fs.memory.Release(weight)
		err := w.up.upload(w.parts, number, bytes.NewReader(part), 0, int64(len(part)))
		if err != nil {
			w.cancel(err)
			return
		}
		freePart(part)
	})
	return nil
}

// partBuffers are the memory of parts that are gone.
var partBuffers sync.Pool

func newPart() []byte {
	if b, ok := partBuffers.Get().(*[partSize]byte); ok {
		return b[:0]
	}
	return make([]byte, 0, partSize)
}

// freePart takes a buffer back, unless it grew: large ones are rare.
func freePart(b []byte) {
	if cap(b) == partSize {
		partBuffers.Put((*[partSize]byte)(b[:partSize]))
	}
}
