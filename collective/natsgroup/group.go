package natsgroup

import (
	"context"
	"errors"
	"fmt"
	"sync"
	"time"

	"github.com/godcp/godcp/collective"
)

// Group is this process's view of the ranks of a job, see collective.Group.
//
// A goroutine per group sends heartbeats, and the connection has its own, from
// Join to Close. They call nobody back.
type Group struct {
	place    Place
	o        Options
	embedded *embedded // on rank 0, if it runs the server
	up       uplink
	link     *link // nil in a group of one
	beats    *heart
	closing  sync.Once

	mu   sync.Mutex
	seq  uint64 // of the last call
	busy *wait  // the call under way
	end  *ending
}

// uplink is how a rank talks to the hub.
type uplink interface {
	arrive(seq uint64, c call, data [][]byte)
	giveUp(seq uint64, err error)
	tick(now, before time.Time)
	part() // the rank has closed: it tells the others
}

// wait is a call that waits for its result.
type wait struct {
	seq  uint64
	call call
	done chan struct{}
	data [][]byte
	err  error
}

// grace is how long a rank that has to give up waits for what the hub says of
// it, so that all ranks get the same error.
const grace = time.Second

// Rank is from 0 up to, not including, Size.
func (g *Group) Rank() int { return g.place.Rank }

// Size is how many ranks there are.
func (g *Group) Size() int { return g.place.Size }

// Gather brings every rank's data to root.
func (g *Group) Gather(ctx context.Context, root int, data []byte) ([][]byte, error) {
	return g.call(ctx, call{gather, root}, [][]byte{data})
}

// Scatter hands data[i] of root to rank i.
func (g *Group) Scatter(ctx context.Context, root int, data [][]byte) ([]byte, error) {
	return one(g.call(ctx, call{scatter, root}, data))
}

// Broadcast hands root's data to every rank.
func (g *Group) Broadcast(ctx context.Context, root int, data []byte) ([]byte, error) {
	return one(g.call(ctx, call{broadcast, root}, [][]byte{data}))
}

// AllGather is Gather with a result on every rank.
func (g *Group) AllGather(ctx context.Context, data []byte) ([][]byte, error) {
	return g.call(ctx, call{allGather, 0}, [][]byte{data})
}

// Barrier waits until every rank has called it.
func (g *Group) Barrier(ctx context.Context) error {
	_, err := g.call(ctx, call{barrier, 0}, nil)
	return err
}

func one(data [][]byte, err error) ([]byte, error) {
	if err != nil {
		return nil, err
	}
	return data[0], nil
}

// call makes a call of all ranks.
func (g *Group) call(ctx context.Context, c call, data [][]byte) ([][]byte, error) {
	w, err := g.start(ctx, c, data)
	if w == nil {
		return nil, err
	}
	if err != nil {
		g.up.giveUp(w.seq, err)
		if data, last := g.last(w, err); last != nil || !errors.Is(err, collective.ErrMismatch) {
			return data, last
		}
		return nil, &collective.RankError{Rank: g.Rank(), Err: err} // that other call was complete
	}
	if c.brings(g.Rank(), g.Size()) == 0 {
		data = nil
	}
	g.up.arrive(w.seq, c, data)
	limit := time.NewTimer(g.o.CallTimeout + g.o.Heartbeat + grace/2)
	defer limit.Stop()
	select {
	case <-w.done:
		return w.data, w.err
	case <-ctx.Done():
		g.up.giveUp(w.seq, ctx.Err())
		return g.last(w, ctx.Err())
	case <-limit.C:
		// The hub ends calls that take too long, so it is the hub that does not
		// come on.
		g.fail(ending{w.seq, &collective.RankError{
			Err: fmt.Errorf("%v has no result after %v: %w", c, g.o.CallTimeout, context.DeadlineExceeded),
		}})
		return g.last(w, context.DeadlineExceeded)
	}
}

// start begins a call. A wait with an error is a call that this rank gives up;
// without a wait there is none to be made.
func (g *Group) start(ctx context.Context, c call, data [][]byte) (*wait, error) {
	g.mu.Lock()
	defer g.mu.Unlock()
	if g.end != nil {
		return nil, g.end.err
	}
	if g.busy != nil {
		return g.busy, fmt.Errorf("%w: %v during another call of the same rank", collective.ErrMismatch, c)
	}
	w := &wait{seq: g.seq + 1, call: c, done: make(chan struct{})}
	g.seq++
	g.busy = w
	switch {
	case ctx.Err() != nil:
		return w, ctx.Err()
	case c.root < 0 || c.root >= g.Size():
		return w, fmt.Errorf("root %d of %d ranks", c.root, g.Size())
	case c.method == scatter && c.root == g.Rank() && len(data) != g.Size():
		return w, fmt.Errorf("scatter of %d payloads to %d ranks", len(data), g.Size())
	case c.brings(g.Rank(), g.Size()) > 0 && size(data) > g.o.MaxBytes:
		return w, fmt.Errorf("%w: %v of %d bytes, at most %d", ErrTooLarge, c, size(data), g.o.MaxBytes)
	}
	return w, nil
}

// last waits a moment for how a call of a rank that gives up has ended: it may
// have been complete, or another rank may have given up before.
func (g *Group) last(w *wait, err error) ([][]byte, error) {
	late := time.NewTimer(grace)
	defer late.Stop()
	select {
	case <-w.done:
	case <-late.C:
		g.lose(g.Rank(), err)
		<-w.done
	}
	return w.data, w.err
}

// deliver ends a call with its result.
func (g *Group) deliver(seq uint64, data [][]byte) {
	g.mu.Lock()
	defer g.mu.Unlock()
	if w := g.busy; w != nil && w.seq == seq {
		w.data, g.busy = data, nil
		close(w.done)
	}
}

// fail ends the group from a call on, and the call under way if it is that late.
func (g *Group) fail(e ending) {
	g.mu.Lock()
	defer g.mu.Unlock()
	if g.end == nil {
		g.end = &e
	}
	if w := g.busy; w != nil && w.seq >= e.seq {
		w.err, g.busy = g.end.err, nil
		close(w.done)
	}
}

// lose ends the group here and now, without a word from the hub: what has not
// come will not.
func (g *Group) lose(rank int, err error) {
	g.fail(ending{0, &collective.RankError{Rank: rank, Err: err}})
}

// Close leaves the group. On rank 0 it waits, for no longer than
// [Options.Linger], until the others have all results that there are, and then
// stops the server, if that runs in this process. Nothing of the group runs when
// it returns.
func (g *Group) Close() error {
	g.closing.Do(func() {
		g.up.part()
		g.lose(g.Rank(), collective.ErrClosed)
		if g.beats != nil {
			g.beats.stop()
		}
		if g.link != nil {
			g.link.close(2 * time.Second)
		}
		if g.embedded != nil {
			g.embedded.release()
		}
	})
	return nil
}

// Another makes another group of the same ranks, which must all call it, with
// the same name, one that this job does not use yet. Calls of one do not wait
// for those of the other: a save in the background has a group of its own. Each
// is closed for itself.
func (g *Group) Another(ctx context.Context, name string) (*Group, error) {
	o := g.o
	o.Name = name
	if g.embedded == nil {
		return join(ctx, g.place, o, nil)
	}
	if err := g.embedded.share(); err != nil {
		return nil, err
	}
	another, err := join(ctx, g.place, o, g.embedded)
	if err != nil {
		g.embedded.release()
	}
	return another, err
}

// waiting is the call under way.
func (g *Group) waiting() *wait {
	g.mu.Lock()
	defer g.mu.Unlock()
	return g.busy
}

// settled tells that nothing can come any more that changes anything.
func (g *Group) settled() bool {
	g.mu.Lock()
	defer g.mu.Unlock()
	return g.end != nil && g.busy == nil
}

// reason is why the group is over.
func (g *Group) reason() error {
	g.mu.Lock()
	defer g.mu.Unlock()
	return g.end.err
}
