package conformance

import (
	"fmt"
	"io/fs"
	"maps"
	"slices"
	"time"

	"github.com/godcp/godcp/fsbase"
)

// checkOwnAnswer lets a look begin after a commit, while another that began
// before it has its answer inside and has not returned. Calls that share one
// inside may do so only if that began after they did.
func checkOwnAnswer(t *trial) {
	var cases []func()
	_, w := t.spied()
	for _, op := range slices.Sorted(maps.Keys(w.looksOf(""))) {
		for _, before := range [][]byte{nil, content(1, 500)} {
			cases = append(cases, t.ownAnswer(op, t.path(fmt.Sprintf("%s/%d", op, len(before))), before))
		}
	}
	t.each(len(cases), func(i int) { cases[i]() }) // at once: some may wait
}

// looksOf are infoLooks with Exists, which tells no more than the path.
func (t *trial) looksOf(p string) map[string]func() (fsbase.Info, error) {
	looks := t.infoLooks(p)
	looks["Exists"] = func() (fsbase.Info, error) {
		ok, err := t.fs.Exists(t.ctx, p)
		if !ok && err == nil {
			err = fs.ErrNotExist
		}
		return fsbase.Info{Path: p}, err
	}
	return looks
}

// ownAnswer returns what does so with one kind of look.
func (t *trial) ownAnswer(op, p string, before []byte) func() {
	s, w := t.spied()
	if before != nil {
		w.put(p, before)
	}
	look, h := w.looksOf(p)[op], newHold()
	return func() {
		s.answering(func(c call) { h.wait(c) }, func() {
			first, held := h.beside(t, func() { _, _ = look() })
			defer func() { h.release(); <-first }()
			if held {
				w.lookAfter(op, p, look, h)
			}
		})
	}
}

// lookAfter commits and looks while another look is held.
func (t *trial) lookAfter(op, p string, look func() (fsbase.Info, error), h *hold) {
	var want fsbase.Info
	var err error
	committed := t.begun(func() { want, err = t.commit(t.createIf(p, fsbase.Condition{}), content(2, 3000)) })
	if !early(committed, contextEnds) { // it waits for those who look
		h.release()
		<-committed
		return
	}
	if err != nil {
		t.errorf("R6", "writing %q while %s is not answered: %v", p, op, err)
		return
	}
	defer time.AfterFunc(heldFor, h.release).Stop()
	got, err := look()
	said := fmt.Sprintf("%s(%q) after a commit, while another that began before it is not answered,", op, p)
	if err != nil {
		t.errorf("R6", "%s: %v", said, err)
	} else if op != "Exists" {
		t.wantInfo("R6", said, got, want)
	}
}
