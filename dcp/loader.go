package dcp

import (
	"context"
	"errors"
	"iter"

	"golang.org/x/sync/semaphore"

	"github.com/godcp/godcp/dcp/planner"
)

// loader resolves the data of write items ahead of the writer, within a bound
// of bytes: torch's _TensorLoader. Items are added first and then come out in
// the order in which they were added. The bound is exceeded by one item at
// most: a larger one is resolved alone. (torch's _SerialCpuLoader is this with
// a bound of one byte.)
type loader struct {
	ctx     context.Context
	cancel  context.CancelFunc
	p       planner.SavePlanner
	items   []planner.WriteItem
	bound   int64
	ahead   *semaphore.Weighted
	started bool
	err     error // why values ended early
	done    chan struct{}
}

var errLoaderStarted = errors.New("cannot add items after loading started")

func newLoader(ctx context.Context, p planner.SavePlanner, ahead int64) *loader {
	l := &loader{p: p, bound: max(ahead, 1), done: make(chan struct{})}
	l.ctx, l.cancel = context.WithCancel(ctx)
	l.ahead = semaphore.NewWeighted(l.bound)
	return l
}

func (l *loader) add(it planner.WriteItem) error {
	if l.started {
		return errLoaderStarted
	}
	l.items = append(l.items, it)
	return nil
}

type resolved struct {
	data   any
	weight int64
	err    error
}

// values starts loading. Its consumer is done with an item when it asks for the
// next.
func (l *loader) values() iter.Seq2[planner.WriteItem, any] {
	l.started = true
	ready := make(chan resolved)
	go l.refill(ready)
	return func(yield func(planner.WriteItem, any) bool) {
		for i := 0; ; i++ {
			r, ok := <-ready
			if !ok {
				if i < len(l.items) {
					l.err = l.ctx.Err()
				}
				return
			}
			if r.err != nil {
				l.err = r.err
				return
			}
			more := yield(l.items[i], r.data)
			l.ahead.Release(r.weight)
			if !more {
				return
			}
		}
	}
}

// refill resolves as long as the bound allows.
func (l *loader) refill(ready chan<- resolved) {
	defer close(l.done)
	defer close(ready)
	queue := make(chan resolved, len(l.items))
	go func() {
		defer close(queue)
		for _, it := range l.items {
			weight := min(l.bound, max(1, planner.ChunkBytes(it)))
			if l.ahead.Acquire(l.ctx, weight) != nil {
				return
			}
			data, err := l.p.ResolveData(l.ctx, it)
			queue <- resolved{data, weight, err}
			if err != nil {
				return
			}
		}
	}()
	for r := range queue {
		select {
		case ready <- r:
		case <-l.ctx.Done():
			for range queue { // the resolver ends with its item
			}
			return
		}
	}
}

// close ends loading and waits for it.
func (l *loader) close() {
	l.cancel()
	if l.started {
		<-l.done
	}
}
