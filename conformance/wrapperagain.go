package conformance

import (
	"errors"
	"fmt"
	"io"
	"io/fs"
	"sync/atomic"

	"github.com/godcp/godcp/fsbase"
)

// once is failWith for the first of these calls inside, and tells whether there
// was one.
func once(kind error, methods ...string) (meet func(call) error, met func() bool) {
	fail := failWith(kind, methods...)
	var hit atomic.Bool
	return func(c call) error {
		err := fail(c)
		if err != nil && hit.Swap(true) {
			return nil
		}
		return err
	}, hit.Load
}

// checkTriedAgain lets calls inside fail once: a wrapper may try again, and
// then with all that the caller said.
func checkTriedAgain(t *trial) {
	s, w := t.spied()
	for _, way := range w.ways() {
		if way.cond == "" {
			continue
		}
		p := t.path("dir/a")
		publish := way.begin(w, p, content(1, 3000))
		cond, there := way.stale(w, p), content(96, 70)
		meet, met := once(fsbase.ErrThrottled, "Commit", "Upload", "Copy")
		var err error
		s.during(meet, func() { _, err = publish(w, cond) })
		if !met() {
			continue
		}
		said := fmt.Sprintf("%s to %q, which does not hold, and which is throttled once inside,", way.what, p)
		if !errors.Is(err, fsbase.ErrThrottled) {
			t.wantIs(way.condition(), err, said, fsbase.ErrPrecondition)
		}
		w.wantContent("C2", p, there)
	}
	for _, way := range w.ways() {
		p, data := t.path("dir/lost"), content(2, 3000)
		publish := way.begin(w, p, data)
		cond, before := w.clear(way, p, content(1, 500))
		meet, met := once(fmt.Errorf("%w: %w", fsbase.ErrCommitUnknown, errAnswerLost), "Commit", "Upload", "Copy")
		var err error
		s.during(meet, func() { _, err = publish(w, cond) })
		if met() {
			w.truthful(way.what+", which is carried out inside and not answered,", p, err, before, data)
		}
	}
	w.writeAgain(s)
	w.renameAgain(s)
	p, whole := t.path("read/a"), content(1, 100_000)
	stale := w.put(p, content(2, 100_000)).Version
	w.put(p, whole)
	if c, ok := fsbase.As[fsbase.RangeReader](w.fs); ok {
		meet, met := once(fsbase.ErrThrottled, "ReadRanges", "OpenStream", "ReadAt")
		var err error
		s.during(meet, func() {
			_, err = c.ReadRanges(t.ctx, p, stale, []fsbase.Range{{Offset: 100, Dst: make([]byte, 100)}})
		})
		if met() && !errors.Is(err, fsbase.ErrThrottled) {
			t.wantIs("C6", err, fmt.Sprintf("ReadRanges of %q pinned to a version that was replaced, which is throttled once inside,", p), fsbase.ErrChanged)
		}
	}
	for _, before := range []string{"", "after it was read whole"} { // there may be another place to read it from
		w.readHalf(s, p, whole, before)
		w.wantContent("R3", p, whole)
	}
}

// writeAgain lets one of several Writes inside fail once, or the Commit.
func (t *trial) writeAgain(s *spy) {
	for i, way := range t.waysOf("W1", "C2", "C3") {
		for nth := range 4 {
			p, data := t.path(fmt.Sprintf("write/%d-%d", i, nth)), content(2, 300_000)
			cond, before := t.clear(way, p, content(1, 500))
			methods := []string{"Write"}
			if nth == 3 {
				methods = []string{"Commit"}
			}
			meet, met := once(fsbase.ErrThrottled, methods...)
			var writes atomic.Int64
			var werr, err error
			s.during(func(c call) error {
				if c.method == "Write" && nth < 3 && writes.Add(1) <= int64(nth) {
					return nil
				}
				return meet(c)
			}, func() { werr, err = t.inThree(way, p, cond, data) })
			if !met() {
				continue
			}
			said := fmt.Sprintf("%s after three Writes, of which %s number %d fails once inside,", way.what, methods[0], nth%3+1)
			if werr != nil && err == nil {
				t.errorf("W6", "%s to %q is nil after %v", said, p, werr)
			}
			t.truthful(said, p, err, before, data)
		}
	}
}

// inThree writes data in three Writes and commits it, whatever the Writes say.
func (t *trial) inThree(way way, p string, cond fsbase.Condition, data []byte) (werr, err error) {
	w, err := t.createIf(p, cond)()
	if err != nil {
		t.fatalf("beginning a %s to %q: %v", way.what, p, err)
	}
	defer w.Close()
	for n := len(data) / 3; len(data) > 0 && werr == nil; data = data[n:] {
		_, werr = w.Write(data[:n])
	}
	_, err = w.Commit()
	return werr, err
}

// renameAgain loses the answer to a Rename that was carried out: who asks again
// finds no source, and it was there when the caller asked.
func (t *trial) renameAgain(s *spy) {
	from, to, data := t.path("rename/from"), t.path("rename/to"), content(3, 3000)
	t.put(from, data)
	meet, met := once(fmt.Errorf("%w: %w", fsbase.ErrCommitUnknown, errAnswerLost), "Rename")
	var err error
	s.during(meet, func() { err = t.fs.Rename(t.ctx, from, to) })
	said := fmt.Sprintf("Rename of %q to %q, which is carried out inside and not answered,", from, to)
	switch {
	case !met():
	case errors.Is(err, fs.ErrNotExist):
		t.errorf("O3", "%s: %v, and the source was there", said, err)
	case err == nil:
		t.wantAbsent("O3", from)
		t.wantContent("O3", to, data)
	}
}

// readHalf reads while a ReadAt inside fails once, with some bytes that are
// right.
func (t *trial) readHalf(s *spy, p string, whole []byte, before string) {
	r := t.open(p)
	defer r.Close()
	for _, span := range [][2]int{{20_000, 50_000}, {90_000, 10_000}, {0, len(whole)}} {
		meet, met := once(fmt.Errorf("%w: %w", fsbase.ErrThrottled, errHalfRead), "ReadAt")
		off, buf := span[0], make([]byte, span[1])
		var n int
		var err error
		s.during(meet, func() { n, err = r.ReadAt(buf, int64(off)) })
		if !met() {
			continue
		}
		said := fmt.Sprintf("ReadAt of %d bytes at %d of %q %s, of which half are read inside and then it fails once", len(buf), off, p, before)
		if d := difference(buf[:n], whole[off:off+n]); d != "" || n < len(buf) && (err == nil || errors.Is(err, io.EOF)) {
			t.errorf("R3", "%s: %d, %v, %s", said, n, err, d)
		}
		t.readAt(r, p, whole, int64(off), len(buf))
	}
}
