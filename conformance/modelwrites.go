package conformance

import (
	"bytes"
	"context"
	"errors"
	"io/fs"
	"slices"

	"github.com/godcp/godcp/fsbase"
)

// The calls of a machine that change something. a, b and c choose what.

func (m *machine) create(a, b, c byte) {
	slot, path := int(a)%len(m.writers), m.name(b)
	m.closeWriter(slot)
	cond := m.pickCond(path, c)
	m.logf("create stream %d of %q%s", slot, path, condText(cond))
	w, err := m.createIf(path, cond)()
	switch {
	case err == nil:
		m.writers[slot] = &openWriter{WriteStream: w, path: path, cond: cond}
	case !m.holds(path, cond): // known before Commit
		m.wantRefused("creation of a stream", path, cond, err)
	default:
		m.errorf(clauseOf(cond), "creation of a stream of %q%s: %v", path, condText(cond), err)
	}
}

func (m *machine) write(a, b, _ byte) {
	slot := int(a) % len(m.writers)
	w := m.writers[slot]
	if w == nil {
		return
	}
	data := m.data(b)
	m.logf("write %d bytes to stream %d (%q)", len(data), slot, w.path)
	n, err := w.Write(bytes.Clone(data))
	if err != nil && !m.holds(w.path, w.cond) {
		m.wantRefused("Write", w.path, w.cond, err)
		m.closeWriter(slot)
		return
	}
	if n != len(data) || err != nil {
		m.errorf(clauseOf(w.cond), "Write of %d bytes to %q: %d, %v", len(data), w.path, n, err)
	}
	w.data = append(w.data, data...)
}

func (m *machine) commitWriter(a, b, _ byte) {
	slot := int(a) % len(m.writers)
	w := m.writers[slot]
	if w == nil {
		return
	}
	m.logf("commit stream %d (%q, %d bytes)", slot, w.path, len(w.data))
	info, err := w.Commit()
	m.published("Commit", w.path, w.cond, w.data, info, err)
	if b%2 == 0 {
		_, err := w.Commit()
		m.wantIs("W5", err, "Commit again", fs.ErrClosed)
	}
	m.closeWriter(slot)
	m.check(w.path)
}

func (m *machine) closeWriter(slot int) {
	if w := m.writers[slot]; w != nil {
		m.logf("close stream %d (%q)", slot, w.path)
		if err := w.Close(); err != nil {
			m.errorf("W4", "Close of %q: %v", w.path, err)
		}
		m.writers[slot] = nil
	}
}

func (m *machine) discard(a, _, _ byte) { m.closeWriter(int(a) % len(m.writers)) }

// writeWhole is a stream from its creation to its Commit.
func (m *machine) writeWhole(a, b, c byte) {
	path, data := m.name(a), m.data(b)
	cond := m.pickCond(path, c)
	m.logf("write %d bytes to %q%s", len(data), path, condText(cond))
	info, err := m.commit(m.createIf(path, cond), data)
	m.published("Commit", path, cond, data, info, err)
}

func (m *machine) upload(a, b, c byte) {
	u, ok := fsbase.As[fsbase.Uploader](m.fs)
	if !ok {
		return
	}
	path, data := m.name(a), m.data(b)
	cond := m.pickCond(path, c)
	m.logf("upload %d bytes to %q%s", len(data), path, condText(cond))
	info, err := u.Upload(m.ctx, path, bytes.NewReader(data), int64(len(data)), cond)
	m.published("Upload", path, cond, data, info, err)
}

func (m *machine) copyStream(a, b, c byte) {
	u, ok := fsbase.As[fsbase.Copier](m.fs)
	src, dst := m.name(a), m.name(b)
	if !ok || src == dst {
		return
	}
	cond := m.pickCond(dst, c)
	m.logf("copy %q to %q%s", src, dst, condText(cond))
	info, err := u.Copy(m.ctx, src, dst, cond)
	if from := m.world[src]; from != nil {
		m.published("Copy", dst, cond, from.data, info, err)
	} else if !errors.Is(err, fs.ErrNotExist) && (m.holds(dst, cond) || !errors.Is(err, fsbase.ErrPrecondition)) {
		m.errorf("C9", "Copy of the absent %q to %q: %v", src, dst, err)
	}
	m.check(src)
}

func (m *machine) rename(a, b, _ byte) {
	from, to := m.name(a), m.name(b)
	if from == to {
		return
	}
	m.logf("rename %q to %q", from, to)
	err := m.fs.Rename(m.ctx, from, to)
	switch f := m.world[from]; {
	case f == nil:
		m.wantNotExist("O3", err, "Rename(%q, %q), the source not there", from, to)
	case err != nil:
		m.errorf("O3", "Rename(%q, %q): %v", from, to, err)
	default:
		delete(m.world, from)
		m.replace(to, &file{f.data, m.info(to).Version})
	}
	m.check(from)
	m.check(to)
}

func (m *machine) removeOne(a, _, _ byte) {
	path := m.name(a)
	m.logf("remove %q", path)
	if err := m.fs.RmFile(m.ctx, path); err != nil && (m.world[path] != nil || !errors.Is(err, fs.ErrNotExist)) {
		m.errorf("O2", "RmFile(%q): %v", path, err)
	}
	delete(m.world, path)
	m.check(path)
}

func (m *machine) removeMany(a, _, _ byte) {
	if !has[fsbase.RemoveAller](m.fs) {
		return
	}
	prefix := m.prefix(m.dir) + "/" + pick(modelPrefixes, a)
	m.logf("remove all of %q", prefix)
	want := m.there(prefix)
	if got := m.removeAll(prefix); !slices.Equal(got, want) {
		m.errorf("C10", "RemoveAll(%q) yields %q instead of %q", prefix, got, want)
	}
	for _, n := range want {
		delete(m.world, n)
	}
	for _, name := range m.names { // what is left may be a copy of what is gone
		m.check(m.prefix(m.dir + "/" + name))
	}
}

func (m *machine) mkdir(a, _, _ byte) {
	p := m.prefix(m.dir + "/dir/sub")
	m.logf("mkdir %q", p)
	if err := m.fs.Mkdir(m.ctx, p); err != nil {
		m.errorf("O4", "Mkdir(%q): %v", p, err)
	}
}

// late makes a call under a context that is done.
func (m *machine) late(a, b, _ byte) {
	done, path := m.cancelled(), m.name(a)
	calls := []func() error{
		func() error { _, err := done.commit(done.createIf(path, fsbase.Condition{}), m.data(b)); return err },
		func() error { return done.fs.RmFile(done.ctx, path) },
		func() error { return done.fs.Rename(done.ctx, path, path+".late") },
		func() error { _, err := done.read(path); return err },
	}
	m.logf("call %d on %q under a done context", int(b)%len(calls), path)
	m.wantIs("O5", pick(calls, b)(), "a call under a done context", context.Canceled)
	m.check(path)
}

// change sends the calls that follow to the other handle.
func (m *machine) change(a, _, _ byte) {
	if h := pick(m.handles, a); h != m.trial {
		m.logf("go on with handle %d", int(a)%len(m.handles))
		m.trial = h
	}
}
