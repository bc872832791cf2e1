package conformance

import (
	"fmt"
	"runtime"
	"sync"
	"time"

	"github.com/godcp/godcp/fsbase"
)

// meter measures costs. Its figures are taken when the trial is over or has
// been given up, so they are under a lock.
type meter struct {
	mu    sync.Mutex
	costs *Costs
}

func (m *meter) add(f func(*Costs)) {
	m.mu.Lock()
	defer m.mu.Unlock()
	if m.costs != nil {
		f(m.costs)
	}
}

// taken returns the figures and keeps later ones away from them.
func (m *meter) taken() *Costs {
	m.mu.Lock()
	defer m.mu.Unlock()
	c := m.costs
	m.costs = nil
	return c
}

// Of each kind of operation this many are measured, or as many as the time
// allows.
const (
	operationCount  = 32
	operationBudget = 150 * time.Millisecond
	smallSize       = 4096
)

func (m *meter) run(t *trial) {
	for _, o := range append(basicOperations(t), capabilityOperations(t)...) {
		t.figure(o.name, func() error { return m.operation(t, o) })
	}
	t.figure("over-read", func() error { return m.overRead(t) })
	t.figure("throughput", func() error { return m.throughput(t) })
	t.figure("ReadAt", func() error { return m.smallRead(t) })
}

// figure records that a figure could not be had.
func (t *trial) figure(what string, f func() error) {
	if err := f(); err != nil {
		t.add(fmt.Sprintf("%s: %v", what, err))
	}
}

// operation is one kind of call: do carries out number i of it, and prepare,
// which is not measured, makes it possible.
type operation struct {
	name    string
	prepare func(i int) error
	do      func(i int) error
}

// operation measures one kind. Preparations come first, so that the counters
// see nothing but the operation.
func (m *meter) operation(t *trial, o operation) error {
	prepared := 0
	for start := time.Now(); prepared < operationCount && (prepared == 0 || time.Since(start) < operationBudget); prepared++ {
		if o.prepare == nil {
			continue
		}
		if err := o.prepare(prepared); err != nil {
			return err
		}
	}
	var before, after runtime.MemStats
	requests := t.env.requestsNow()
	runtime.ReadMemStats(&before)
	start := time.Now()
	n := 0
	for ; n < prepared && (n == 0 || time.Since(start) < operationBudget); n++ {
		if err := o.do(n); err != nil {
			return err
		}
	}
	took := time.Since(start)
	runtime.ReadMemStats(&after)
	per := float64(n)
	cost := OperationCost{
		Operation: o.name, Count: n, Seconds: took.Seconds() / per,
		Allocs:     float64(after.Mallocs-before.Mallocs) / per,
		AllocBytes: float64(after.TotalAlloc-before.TotalAlloc) / per,
	}
	if t.env.requests != nil {
		r := float64(t.env.requestsNow()-requests) / per
		cost.Requests = &r
	}
	m.add(func(c *Costs) { c.Operations = append(c.Operations, cost) })
	return nil
}

func (e *environment) requestsNow() int64 {
	if e.requests == nil {
		return 0
	}
	return e.requests()
}

// paths returns the names that one kind of operation works on, made before
// anything is measured.
func (t *trial) paths(kind string) []string {
	names := make([]string, operationCount)
	for i := range names {
		names[i] = t.path(fmt.Sprintf("%s/%d", kind, i))
	}
	return names
}

// fill writes a stream.
func (t *trial) fill(p string, data []byte) error {
	_, err := t.commit(func() (fsbase.WriteStream, error) { return t.fs.CreateStream(t.ctx, p) }, data)
	return err
}
