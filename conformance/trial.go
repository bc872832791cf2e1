package conformance

import (
	"context"
	"fmt"
	"runtime"
	"runtime/debug"
	"strings"
	"sync"
	"sync/atomic"

	"github.com/godcp/godcp/fsbase"
)

// trial is one run of one check: what it works on and what it saw. Copies
// made by on and with share the record.
type trial struct {
	*record
	ctx  context.Context
	fs   fsbase.FileSystemBase
	root string // folder of this trial, "" for the root of fs
	env  *environment
	lay  []string // see noteResidue
}

// record is what a trial leaves behind. Its methods are safe for concurrent
// use, because checks fail in goroutines, too.
type record struct {
	check Check

	meetings atomic.Int64 // of together

	mu       sync.Mutex
	failures []string
	names    []string
	finished bool
	random   bool     // rng was used
	taken    []string // of takenNames
	lacks    string   // why the check means nothing here
}

// maxFailures bounds the report of a check that fails in a loop.
const maxFailures = 8

// errorf records that clause, which the check must cite, is broken and what
// was seen. The check goes on.
func (r *record) errorf(clause, format string, args ...any) {
	r.add(fmt.Sprintf("%s demands: %s; seen: %s", clause, demands[clause], fmt.Sprintf(format, args...)))
}

// fatalf records that the check could not be carried out, and ends it (in
// a goroutine made by each: ends that goroutine).
func (r *record) fatalf(format string, args ...any) {
	r.add(fmt.Sprintf(format, args...))
	runtime.Goexit()
}

// absent ends the check, which means nothing on this backend or with this
// harness. It is not for goroutines of the check.
func (r *record) absent(format string, args ...any) {
	r.lacks = fmt.Sprintf(format, args...)
	runtime.Goexit()
}

func (r *record) add(failure string) {
	r.mu.Lock()
	defer r.mu.Unlock()
	if len(r.failures) < maxFailures {
		r.failures = append(r.failures, failure)
	}
}

func (r *record) failed() bool {
	r.mu.Lock()
	defer r.mu.Unlock()
	return len(r.failures) > 0
}

// detail returns the failures as one text, "" if there are none.
func (r *record) detail() string {
	r.mu.Lock()
	defer r.mu.Unlock()
	return strings.Join(r.failures, "\n")
}

// guard turns a panic into a failure. It is for defer.
func (r *record) guard() {
	if v := recover(); v != nil {
		r.add(fmt.Sprintf("panic: %v\n%s", v, debug.Stack()))
	}
}

// path returns the path of name inside the trial's folder, and remembers it to
// be removed.
func (t *trial) path(name string) string {
	p := t.prefix(name)
	t.mu.Lock()
	defer t.mu.Unlock()
	t.names = append(t.names, p)
	return p
}

// prefix is path for what is not the name of a stream.
func (t *trial) prefix(name string) string {
	if t.root == "" {
		return name
	}
	return t.root + "/" + name
}

// on returns the same trial on another handle.
func (t *trial) on(fsys fsbase.FileSystemBase) *trial {
	c := *t
	c.fs = fsys
	return &c
}

// with returns the same trial under another context.
func (t *trial) with(ctx context.Context) *trial {
	c := *t
	c.ctx = ctx
	return &c
}

// cancelled returns the same trial under a context that is done.
func (t *trial) cancelled() *trial {
	ctx, cancel := context.WithCancelCause(t.ctx)
	cancel(errCause)
	return t.with(ctx)
}

// reopened returns the same trial on a second handle of the same storage.
func (t *trial) reopened() *trial {
	fsys, err := t.env.reopen(t.ctx, t.fs)
	if err != nil {
		t.fatalf("the harness cannot reopen the storage: %v", err)
	}
	return t.on(fsys)
}

// crashed returns the same trial on what a power loss now would leave.
func (t *trial) crashed() *trial {
	fsys, err := t.env.crash(t.ctx, t.fs)
	if err != nil {
		t.fatalf("the harness cannot crash the storage: %v", err)
	}
	return t.on(fsys)
}

// each runs f(0) … f(n-1) at once and waits for all.
func (t *trial) each(n int, f func(i int)) {
	var wg sync.WaitGroup
	for i := range n {
		wg.Go(func() {
			defer t.guard()
			f(i)
		})
	}
	wg.Wait()
}

// together prepares n actions, waits until all are ready, and runs them at
// once: so that they meet, however fast each is. What waits for a WaitGroup is
// woken one after the other, so the last step is to spin: two of two then meet
// within nanoseconds, if there are two processors, and of more than that some
// meet now and then.
func (t *trial) together(n int, prepare func(i int) (act func())) {
	var ready sync.WaitGroup
	ready.Add(n)
	var awake atomic.Int64
	meeting := t.meetings.Add(1)
	t.each(n, func(i int) {
		arrive := sync.OnceFunc(ready.Done)
		arise := sync.OnceFunc(func() { awake.Add(1) })
		defer arise()
		defer arrive() // also when prepare ends the check
		act := prepare(i)
		arrive()
		ready.Wait()
		arise()
		for spins := 1; awake.Load() < int64(n); spins++ {
			if n > runtime.GOMAXPROCS(0) || spins%10_000 == 0 {
				runtime.Gosched()
			}
		}
		// At other distances each time, of up to a microsecond, since nobody
		// knows where in an action another has to come between.
		for range (meeting*int64(7+2*i) + int64(i)) % 400 {
			awake.Load()
		}
		act()
	})
}

// amid calls race while others look at the same storage all the time. Whoever
// has to wait for a lock between two steps gives others the time to come
// between: a window of nanoseconds becomes one of microseconds.
func (t *trial) amid(race func()) {
	p := t.path("crowd/a")
	for i := range 50 {
		t.put(t.path(fmt.Sprintf("crowd/%d", i)), nil)
	}
	look := func() { _, _ = t.fs.Exists(t.ctx, p) }
	if l, ok := fsbase.As[fsbase.Lister](t.fs); ok {
		look = func() {
			for range l.List(t.ctx, t.prefix("crowd/")) {
			}
		}
	}
	var over atomic.Bool
	var crowd sync.WaitGroup
	for range 2 {
		crowd.Go(func() {
			defer t.guard()
			for !over.Load() && t.ctx.Err() == nil {
				look()
			}
		})
	}
	defer crowd.Wait() // also when race ends the check
	defer over.Store(true)
	race()
}

// racers is how many goroutines race each other.
const racers = 8

// contenders is how many race in a round: in most of them two, which meet, and
// in every third one racers, which are many.
func contenders(round int) int {
	if round%3 == 2 {
		return racers
	}
	return 2
}

// bulk runs f(0) … f(n-1), several at once.
func (t *trial) bulk(n int, f func(i int)) {
	t.each(racers, func(worker int) {
		for i := worker; i < n && !t.failed(); i += racers {
			f(i)
		}
	})
}
