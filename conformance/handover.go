package conformance

import (
	"errors"
	"fmt"
	"runtime"
	"sync"

	"github.com/godcp/godcp/fsbase"
)

// handOver calls first, and second on a goroutine that has just become able to
// run: it comes where first lets go of its processor, at a lock or between two
// calls of the system, however short that is. For together that takes luck.
func (t *trial) handOver(first, second func()) {
	start := make(chan struct{})
	var other sync.WaitGroup
	other.Go(func() {
		defer t.guard()
		<-start
		second()
	})
	defer other.Wait()
	runtime.Gosched() // it waits by now
	close(start)
	first()
}

// pairs lets two clients change a name at once, in all pairs of changes, and
// judges what both and a look afterwards were told. Of conditional writes and
// others one may be lost: they are not to be mixed.
func (t *trial) pairs(handles []*trial, changes ...act) {
	for _, first := range changes {
		for _, second := range changes {
			for round := range t.env.limits.Rounds/20 + 2 {
				if t.failed() {
					return
				}
				t.pair(handles, first, second, round%2 == 0, round/2%2 == 0)
			}
		}
	}
}

// pair begins with a name that is there or not, and with streams that are written
// before the two meet or not.
func (t *trial) pair(handles []*trial, first, second act, there, begun bool) {
	h := &history{}
	p := t.path(fmt.Sprintf("pair/%s-%s", first, second))
	t.remove(p)
	there = there || first == actSwap || second == actSwap
	var both [2]*client
	for i := range both {
		both[i] = &client{trial: handles[i%len(handles)], history: h, path: p, who: i}
	}
	if there {
		both[0].change(actWrite)
		both[1].look(actRead)
	}
	var ends [2]func()
	for i, a := range []act{first, second} {
		ends[i] = func() { both[i].play([]act{a}) }
		if begun && a != actRemove {
			ends[i] = both[i].begin(a)
		}
	}
	t.handOver(ends[0], ends[1])
	for i, on := range handles {
		last := &client{trial: on, history: h, path: p, who: len(both) + i}
		last.look(actRead)
	}
	if d := h.linearize(); d != "" && !t.failed() {
		t.errorf("O7", "on %q, of which two calls meet: %s", p, d)
	}
}

// begin writes a content that nobody else writes, and returns what commits it.
func (c *client) begin(a act) (commit func()) {
	cond := c.condition(a)
	c.number++
	next, old := c.who*100+c.number, c.seen
	w, err := c.createIf(c.path, cond)()
	if err == nil {
		_, err = w.Write(numbered(next))
	}
	if err != nil {
		if !errors.Is(err, fsbase.ErrPrecondition) {
			c.errorf("O7", "beginning to %s %q among others: %v", a, c.path, err)
		}
		return func() {}
	}
	return func() {
		defer w.Close()
		q := c.ask(c.who, asked{act: a, next: next, old: old})
		info, err := w.Commit()
		c.end(q, info, err)
	}
}
