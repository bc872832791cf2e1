package conformance

import (
	"errors"
	"slices"
	"sync"
	"sync/atomic"
	"time"
)

// heldFor is how long a call inside is held for a wrapper that waits for it.
// One that does not wait has returned by then, also where the machine is busy.
const heldFor = 300 * time.Millisecond

// leave is the end of a call.
func (l *log) leave(c call) {
	l.mu.Lock()
	answered := l.answered
	l.mu.Unlock()
	if answered != nil {
		answered(c)
	}
	l.mu.Lock()
	defer l.mu.Unlock()
	l.running--
}

// answering tells hook of each call that has its answer, while f runs.
func (l *log) answering(hook func(call), f func()) {
	set := func(hook func(call)) {
		l.mu.Lock()
		defer l.mu.Unlock()
		l.answered = hook
	}
	set(hook)
	defer set(nil)
	f()
}

// settled waits, for a while, until at most so many streams are open and no call
// is under way, and returns how many are open: a wrapper may tidy up when it has
// answered.
func (l *log) settled(opens int) int {
	for start := time.Now(); ; time.Sleep(time.Millisecond) {
		l.mu.Lock()
		now, running := l.opens, l.running
		l.mu.Unlock()
		if now <= opens && running == 0 || time.Since(start) > heldFor {
			return now
		}
	}
}

// hold holds the first call of the methods inside, of any for none, until it is
// released.
type hold struct {
	methods []string
	first   atomic.Bool
	held    chan struct{} // closed when there is one
	freed   chan struct{}
	release func()
}

func newHold(methods ...string) *hold {
	h := &hold{methods: methods, held: make(chan struct{}), freed: make(chan struct{})}
	h.release = sync.OnceFunc(func() { close(h.freed) })
	return h
}

// wait holds a call, and tells whether it was the one.
func (h *hold) wait(c call) bool {
	if len(h.methods) > 0 && !slices.Contains(h.methods, c.method) || h.first.Swap(true) {
		return false
	}
	close(h.held)
	<-h.freed
	return true
}

// beside makes a call of the wrapper in a goroutine and waits until it is held
// inside, or has returned.
func (h *hold) beside(t *trial, do func()) (returned <-chan struct{}, held bool) {
	returned = t.begun(do)
	select {
	case <-h.held:
		return returned, true
	case <-returned:
		return returned, false
	}
}

// begun runs do in a goroutine.
func (t *trial) begun(do func()) (returned <-chan struct{}) {
	over := make(chan struct{})
	go func() {
		defer close(over)
		defer t.guard()
		do()
	}()
	return over
}

// early tells whether something is over within a time.
func early(over <-chan struct{}, wait time.Duration) bool {
	select {
	case <-over:
		return true
	case <-time.After(wait):
		return false
	}
}

// errScratch, met by ReadAt and ReadRanges, fails them when they have used the
// memory that they were given, as io.ReaderAt allows while they run.
var errScratch = errors.New("the connection broke off in the midst")

func scribble(p []byte) {
	for i := range p {
		p[i] ^= 0x5a
	}
}
