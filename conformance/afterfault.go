package conformance

import "github.com/godcp/godcp/fsbase"

// What checks of faults ask when the fault is over.

// twoStreams demands that the handle is as before: two large streams that are
// written in turns come back as they were.
func (t *trial) twoStreams(after string) {
	size := t.allowed(3 << 20)
	paths, contents := []string{t.path("after/one"), t.path("after/two")}, [][]byte{content(21, size), content(22, size)}
	var streams []fsbase.WriteStream
	for _, p := range paths {
		w := t.create(p)
		defer w.Close()
		streams = append(streams, w)
	}
	const chunk = 100_000
	for off := 0; off < size; off += chunk {
		for i, w := range streams {
			if _, err := w.Write(contents[i][off:min(size, off+chunk)]); err != nil {
				t.errorf("W9", "after %s, Write to %q at %d: %v", after, paths[i], off, err)
				return
			}
		}
	}
	for i, w := range streams {
		if _, err := w.Commit(); err != nil {
			t.errorf("W9", "after %s, Commit of %q: %v", after, paths[i], err)
			return
		}
	}
	for i, p := range paths {
		got, err := t.read(p)
		if !isContent(got, err, contents[i]) {
			t.errorf("W9", "after %s two streams are written in turns, and %q has: %v, %s", after, p, err, difference(got, contents[i]))
		}
	}
}

// wantSameInfo demands that info, which a write of path returned, is what a
// reader is told, but for what it leaves out.
func (t *trial) wantSameInfo(said, path string, info fsbase.Info) {
	there := t.info(path)
	t.wantInfo("W11", said, info, there)
	if info.Sum.Algorithm == there.Sum.Algorithm && info.Sum != there.Sum {
		t.errorf("W11", "%s says the checksum %v, and OpenStream %v", said, info.Sum, there.Sum)
	}
	if !info.ModTime.IsZero() && !there.ModTime.IsZero() && !info.ModTime.Equal(there.ModTime) {
		t.errorf("W11", "%s says the time %v, and OpenStream %v", said, info.ModTime, there.ModTime)
	}
}
