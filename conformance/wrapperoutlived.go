package conformance

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"slices"

	"github.com/godcp/godcp/fsbase"
)

// checkOutlived holds a call inside, all kinds of calls at once, and looks at
// what a wrapper does that has returned before. It may, of a call that only
// looks.
func checkOutlived(t *trial) {
	var cases []func()
	_, w := t.spied()
	for i, way := range w.ways() {
		cases = append(cases, t.publishOutlived(way, t.path(fmt.Sprintf("publish/%d", i))))
	}
	for _, ends := range []bool{false, true} {
		cases = append(cases, t.readAtOutlived(t.path(fmt.Sprintf("read/%v", ends)), ends))
		if has[fsbase.RangeReader](w.fs) {
			cases = append(cases, t.readRangesOutlived(t.path(fmt.Sprintf("ranges/%v", ends)), ends))
		}
	}
	for _, op := range slices.Sorted(maps.Keys(w.everyCall(""))) {
		if slices.Contains([]string{"RmFile", "Rename", "RemoveAll"}, op) {
			cases = append(cases, t.changeOutlived(op))
		}
	}
	t.each(len(cases), func(i int) { cases[i]() })
}

// publishOutlived ends the context of a call that has published inside, which
// has not told yet: only ErrCommitUnknown is true of it before that.
func (t *trial) publishOutlived(way way, p string) func() {
	s, w := t.spied()
	data := content(2, 3000)
	publish := way.begin(w, p, data)
	cond, before := w.clear(way, p, content(1, 500))
	return func() {
		h := newHold("Commit", "Upload", "Copy")
		ctx, cancel := context.WithCancel(t.ctx)
		defer cancel()
		var err error
		s.answering(func(c call) { h.wait(c) }, func() {
			defer h.release()
			returned, held := h.beside(t, func() { _, err = publish(w.with(ctx), cond) })
			cancel()
			tooEarly := held && early(returned, heldFor)
			h.release()
			<-returned
			s.settled(0)
			if !held {
				return
			}
			said := fmt.Sprintf("%s, whose context ends while it is not answered inside,", way.what)
			if tooEarly && err == nil {
				t.errorf("W1", "%s to %q is nil before there is an answer", said, p)
			}
			w.truthful(said, p, err, before, data)
		})
	}
}

// changeOutlived ends the context of a call that has been begun inside. Nobody
// can tell what it will do to what is written once the wrapper has returned.
func (t *trial) changeOutlived(op string) func() {
	s, w := t.spied()
	p, to := t.path("change/"+op), t.path("change/to")
	w.put(p, []byte("x"))
	return func() {
		h := newHold(op)
		ctx, cancel := context.WithCancel(t.ctx)
		defer cancel()
		var err error
		s.during(func(c call) error { h.wait(c); return nil }, func() {
			defer h.release()
			returned, held := h.beside(t, func() { err = w.with(ctx).everyCall(to)[op](p) })
			cancel()
			tooEarly := held && early(returned, heldFor)
			h.release()
			<-returned
			s.settled(0)
			if tooEarly && !errors.Is(err, fsbase.ErrCommitUnknown) {
				t.errorf("O7", "%s of %q, whose context ends, returns while that inside is under way: %v", op, p, err)
			}
		})
	}
}

func (t *trial) readAtOutlived(p string, ends bool) func() {
	s, w := t.spied()
	w.put(p, content(1, 3000))
	ctx, cancel := context.WithCancel(t.ctx)
	r := w.with(ctx).open(p)
	return func() {
		defer cancel()
		defer r.Close()
		t.memoryOutlived(s, "R3", fmt.Sprintf("ReadAt of %q", p), ends, cancel, func(buf []byte) { _, _ = r.ReadAt(buf, 0) })
	}
}

func (t *trial) readRangesOutlived(p string, ends bool) func() {
	s, w := t.spied()
	w.put(p, content(1, 3000))
	ctx, cancel := context.WithCancel(t.ctx)
	return func() {
		defer cancel()
		t.memoryOutlived(s, "C6", fmt.Sprintf("ReadRanges of %q", p), ends, cancel, func(buf []byte) {
			_, _ = as[fsbase.RangeReader](w).ReadRanges(ctx, p, "", []fsbase.Range{{Dst: buf}})
		})
	}
}

// memoryOutlived demands that the memory of a read is the caller's once it has
// returned, whatever is still read inside.
func (t *trial) memoryOutlived(s *spy, clause, said string, ends bool, cancel func(), read func(buf []byte)) {
	if ends {
		said += ", whose context ends,"
	}
	h := newHold()
	buf, mine := make([]byte, 3000), content(9, 3000)
	s.during(func(c call) error {
		if !h.wait(c) {
			return nil
		}
		return failWith(fmt.Errorf("%w: %w", fsbase.ErrThrottled, errScratch))(c)
	}, func() {
		defer h.release()
		returned, held := h.beside(t, func() { read(buf) })
		if ends {
			cancel()
		}
		tooEarly := held && early(returned, heldFor)
		if tooEarly {
			copy(buf, mine)
		}
		h.release()
		<-returned
		s.settled(1)
		if tooEarly && difference(buf, mine) != "" {
			t.errorf(clause, "%s has returned, and then its memory is written, by a read inside that it did not wait for", said)
		}
	})
}
