package conformance

import (
	"errors"
	"io"
	"io/fs"
	"slices"

	"github.com/godcp/godcp/fsbase"
)

// The calls of a machine that look.

func (m *machine) openReader(a, b, _ byte) {
	slot, path := int(a)%len(m.readers), m.name(b)
	m.closeReader(slot)
	m.logf("open reader %d of %q", slot, path)
	r, err := m.fs.OpenStream(m.ctx, path)
	if now := m.world[path]; now == nil {
		m.wantNotExist("R1", err, "OpenStream(%q), which is not there", path)
	} else if err != nil {
		m.errorf("R6", "OpenStream(%q): %v", path, err)
	} else {
		m.readers[slot] = &openReader{r, path, now}
		return
	}
	if err == nil {
		r.Close()
	}
}

func (m *machine) readOpen(a, b, c byte) {
	slot := int(a) % len(m.readers)
	r := m.readers[slot]
	if r == nil {
		return
	}
	off, n := int64(len(r.file.data)*int(b)/256), pick([]int{1, 100, 5000}, c)
	m.logf("read %d bytes at %d with reader %d (%q)", n, off, slot, r.path)
	if m.world[r.path] == r.file {
		m.readAt(r, r.path, r.file.data, off, n)
		return
	}
	buf := make([]byte, n)
	got, err := r.ReadAt(buf, off)
	if errors.Is(err, fsbase.ErrChanged) || errors.Is(err, fs.ErrNotExist) {
		return
	}
	want := r.file.data[off:]
	want = want[:min(n, len(want))]
	if d := difference(buf[:got], want); d != "" || err != nil && err != io.EOF {
		m.errorf("R2", "ReadAt of %d bytes at %d of a version of %q that is gone: %v, %s", n, off, r.path, err, d)
	}
}

func (m *machine) closeReader(slot int) {
	if r := m.readers[slot]; r != nil {
		if err := r.Close(); err != nil {
			m.errorf("R5", "Close of a reader of %q: %v", r.path, err)
		}
		m.readers[slot] = nil
	}
}

func (m *machine) look1(a, _, _ byte) {
	path := m.name(a)
	m.logf("look at %q", path)
	m.check(path)
}

func (m *machine) listSome(a, _, _ byte) {
	prefix := m.prefix(m.dir) + "/" + pick(modelPrefixes, a)
	m.logf("list %q", prefix)
	m.list(prefix)
}

// list compares a listing with the model.
func (m *machine) list(prefix string) {
	l, ok := fsbase.As[fsbase.Lister](m.fs)
	if !ok {
		return
	}
	var got []string
	for info, err := range l.List(m.ctx, prefix) {
		if err != nil {
			m.errorf("C8", "List(%q): %v", prefix, err)
			return
		}
		got = append(got, info.Path)
		if f := m.world[info.Path]; f != nil {
			m.wantInfo("C8", "List", info, fsbase.Info{Path: info.Path, Size: int64(len(f.data)), Version: f.version})
		}
	}
	if want := m.there(prefix); !slices.Equal(got, want) {
		m.errorf("C8", "List(%q) yields %q instead of %q", prefix, got, want)
	}
}

func (m *machine) readSome(a, b, c byte) {
	r, ok := fsbase.As[fsbase.RangeReader](m.fs)
	if !ok {
		return
	}
	path, pin := m.name(a), fsbase.Version("")
	now := m.world[path]
	if b%3 > 0 && len(m.past[path]) > 0 {
		pin = pick(m.past[path], b/3).version
	}
	m.logf("read ranges of %q pinned to %q", path, pin)
	if now == nil {
		_, err := r.ReadRanges(m.ctx, path, pin, nil)
		m.wantNotExist("R1", err, "ReadRanges(%q), which is not there", path)
		return
	}
	if pin != "" && pin != now.version {
		_, err := r.ReadRanges(m.ctx, path, pin, nil)
		m.wantIs("C6", err, "ReadRanges pinned to a version that is gone", fsbase.ErrChanged)
		return
	}
	n := len(now.data)
	cut := n * int(c) / 256
	m.readRanges(path, pin, now.data, [2]int{cut, n - cut}, [2]int{0, cut}, [2]int{n, 0})
}
