package conformance

import (
	"context"
	"runtime"
	"time"

	"github.com/godcp/godcp/fsbase"
)

var leakChecks = []Check{
	{
		ID: "leaks/goroutines", Clauses: []string{"W4", "R5"}, Level: Must, Profile: Core,
		Doc: "Streams that are closed, committed, cancelled or abandoned by a listing leave no goroutine each.",
		run: checkGoroutines,
	},
}

// leakRounds is how often each way to end a stream is taken: what leaks one
// goroutine a time stands out against those of pools, timers and other tests.
const leakRounds = 60

func checkGoroutines(t *trial) {
	p := t.path("dir/a")
	t.put(p, content(1, 3000))
	t.put(t.path("dir/b"), content(1, 3000))
	for clause, end := range map[string]func(string){"W4": t.endWrites, "R5": t.endReads} {
		for range 5 {
			end(p) // connections and workers that stay are made here
		}
		before := runtime.NumGoroutine()
		for range leakRounds {
			end(p)
		}
		if over := t.settle(before + leakRounds/2); over > 0 {
			t.errorf(clause, "%d rounds of streams of %q that ended leave %d goroutines", leakRounds, p, over+leakRounds/2)
		}
	}
}

// settle waits until there are no more than n goroutines, and returns by how
// many there are more after two seconds.
func (t *trial) settle(n int) int {
	deadline := time.Now().Add(2 * time.Second)
	for {
		over := runtime.NumGoroutine() - n
		if over <= 0 {
			return 0
		}
		if time.Now().After(deadline) {
			return over
		}
		time.Sleep(5 * time.Millisecond)
	}
}

// endWrites ends a write in each way that there is.
func (t *trial) endWrites(p string) {
	w := t.create(p)
	t.write(w, p, []byte("discarded"))
	w.Close()

	ctx, cancel := context.WithCancel(t.ctx)
	w = t.with(ctx).create(p)
	cancel()
	_, _ = w.Commit()
	w.Close()

	t.put(p, []byte("committed"))
}

// endReads ends a read in each way that there is.
func (t *trial) endReads(p string) {
	r := t.open(p)
	_, _ = r.ReadAt(make([]byte, 1), 0)
	r.Close()

	ctx, cancel := context.WithCancel(t.ctx)
	r = t.with(ctx).open(p)
	cancel()
	_, _ = r.ReadAt(make([]byte, 1), 0)
	r.Close()

	_, _ = t.read(t.prefix("dir/absent"))
	if l, ok := fsbase.As[fsbase.Lister](t.fs); ok {
		for range l.List(t.ctx, t.prefix("dir/")) {
			break
		}
	}
}
