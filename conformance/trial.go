package conformance

import (
	"context"
	"fmt"
	"runtime"
	"runtime/debug"
	"strings"
	"sync"

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
}

// record is what a trial leaves behind. Its methods are safe for concurrent
// use, because checks fail in goroutines, too.
type record struct {
	check Check

	mu       sync.Mutex
	failures []string
	names    []string
	finished bool
	random   bool   // rng was used
	lacks    string // why the check means nothing here
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
	ctx, cancel := context.WithCancel(t.ctx)
	cancel()
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
// once: so that they meet, however fast each is.
func (t *trial) together(n int, prepare func(i int) (act func())) {
	var ready sync.WaitGroup
	ready.Add(n)
	t.each(n, func(i int) {
		arrive := sync.OnceFunc(ready.Done)
		defer arrive() // also when prepare ends the check
		act := prepare(i)
		arrive()
		ready.Wait()
		act()
	})
}

// racers is how many goroutines race each other.
const racers = 8

// bulk runs f(0) … f(n-1), several at once.
func (t *trial) bulk(n int, f func(i int)) {
	t.each(racers, func(worker int) {
		for i := worker; i < n && !t.failed(); i += racers {
			f(i)
		}
	})
}
