package conformance

import (
	"bytes"
	"runtime"
	"slices"
	"sync/atomic"
)

func checkBuffer(t *trial) {
	patterns := [][]int{{70_000, 70_000, 70_000}}
	if n := t.largeSize(); n >= 8<<20 {
		// The first of a stream may be handed on whole as a part, or as several.
		patterns = [][]int{{70_000, 70_000, 70_000, 1 << 20, 6 << 20, 70_000, 1<<20 - 1}, {8 << 20, 70_000}, {n, 70_000}}
	}
	for i, w := range t.waysOf("W1", "C2", "C3") {
		for j, sizes := range patterns {
			t.reuseBuffer(w, uint64(10*i+j), sizes)
		}
	}
	for range 10 {
		t.watchBuffer(70_000)
		t.watchBuffer(min(1<<20, t.largeSize()))
	}
}

// watchBuffer looks at the buffer of a Write all the time, which may not change
// it, not for a moment: others may write the same to other streams.
func (t *trial) watchBuffer(n int) {
	p, data := t.path("watched"), content(7, n)
	buf := bytes.Clone(data)
	w := t.create(p)
	defer w.Close()
	var written, changed atomic.Bool
	t.together(2, func(i int) func() {
		if i == 0 {
			return func() {
				defer written.Store(true)
				t.write(w, p, buf)
			}
		}
		return func() {
			for !written.Load() && !changed.Load() {
				changed.Store(!bytes.Equal(buf, data))
				runtime.Gosched()
			}
		}
	})
	if changed.Load() {
		t.errorf("W10", "Write of %d bytes to %q changed them for a moment", n, p)
	}
	if _, err := w.Commit(); err != nil {
		t.fatalf("Commit of %q: %v", p, err)
	}
	t.wantContent("W10", p, data)
}

// reuseBuffer writes a stream from one buffer, which it fills anew for each Write.
func (t *trial) reuseBuffer(w way, seed uint64, sizes []int) {
	p := t.path("a")
	cond, _ := t.clear(w, p, nil)
	s, err := t.createIf(p, cond)()
	if err != nil {
		t.fatalf("beginning a %s to %q: %v", w.what, p, err)
	}
	defer s.Close()
	buf := make([]byte, slices.Max(sizes))
	var want []byte
	for i, n := range sizes {
		part := content(10*seed+uint64(i), n)
		t.write(s, p, buf[:copy(buf, part)])
		if !bytes.Equal(buf[:n], part) {
			t.errorf("W10", "Write of %d bytes to %q changed them", n, p)
		}
		spoil(buf)
		want = append(want, part...)
	}
	if _, err := s.Commit(); err != nil {
		t.fatalf("%s to %q: %v", w.what, p, err)
	}
	t.wantContent("W10", p, want)
}

// spoil changes a byte of each page, the last first: whoever copies meanwhile
// begins with the first.
func spoil(buf []byte) {
	for i := len(buf) - 1; i >= 0; i -= block {
		buf[i] ^= 0xff
	}
}
