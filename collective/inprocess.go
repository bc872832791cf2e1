package collective

import (
	"context"
	"fmt"
	"sync"
)

// InProcess makes a group of n ranks, each for a goroutine of its own. Payloads
// are shared, not copied. Every call waits for all ranks, so its outcome is the
// same on all of them. It panics if n is not positive.
func InProcess(n int) []Group {
	if n < 1 {
		panic(fmt.Sprintf("collective: group of %d ranks", n))
	}
	w := &world{size: n, failed: make(chan struct{})}
	w.meeting = newMeeting(n)
	errs := newShelf(n)
	ranks := make([]Group, n)
	for i := range ranks {
		ranks[i] = &member{errs, w, i}
	}
	return ranks
}

// world is what the ranks share.
type world struct {
	size int

	mu      sync.Mutex
	meeting *meeting      // where ranks arrive now
	err     *RankError    // why there are no more meetings
	failed  chan struct{} // closed when err is set
}

// meeting is one collective call of all ranks.
type meeting struct {
	call    call // of the first rank to arrive
	first   int  // that rank
	arrived []bool
	missing int
	data    [][][]byte // by rank, what it brings
	over    chan struct{}
}

// call must be the same on all ranks.
type call struct {
	method string
	root   int
}

func (c call) String() string { return fmt.Sprintf("%s(root %d)", c.method, c.root) }

func newMeeting(n int) *meeting {
	return &meeting{arrived: make([]bool, n), missing: n, data: make([][][]byte, n), over: make(chan struct{})}
}

// absent lists the ranks that have not arrived.
func (m *meeting) absent() []int {
	var ranks []int
	for r, here := range m.arrived {
		if !here {
			ranks = append(ranks, r)
		}
	}
	return ranks
}

// fail ends the group, for the first reason that comes. It returns the reason.
func (w *world) fail(rank int, err error) error {
	if w.err == nil {
		w.err = &RankError{rank, err}
		close(w.failed)
	}
	return w.err
}

// member is one rank.
type member struct {
	*shelf
	w    *world
	rank int
}

func (m *member) Rank() int { return m.rank }
func (m *member) Size() int { return m.w.size }

// Close leaves: whoever still waits for this rank, or will, fails.
func (m *member) Close() error {
	m.w.mu.Lock()
	defer m.w.mu.Unlock()
	_ = m.w.fail(m.rank, ErrClosed) // it is what this rank wants
	return nil
}

// meet brings data to a call of all ranks and returns what everybody brought.
func (m *member) meet(ctx context.Context, c call, data ...[]byte) ([][][]byte, error) {
	t, err := m.arrive(ctx, c, data)
	if err != nil {
		return nil, err
	}
	select {
	case <-t.over:
	case <-m.w.failed:
	case <-ctx.Done():
	}
	m.w.mu.Lock()
	defer m.w.mu.Unlock()
	if t.missing == 0 {
		return t.data, nil
	}
	if m.w.err != nil {
		return nil, m.w.err
	}
	return nil, m.w.fail(m.rank, fmt.Errorf("%s waiting for ranks %v: %w", c.method, t.absent(), ctx.Err()))
}

func (m *member) arrive(ctx context.Context, c call, data [][]byte) (*meeting, error) {
	w := m.w
	w.mu.Lock()
	defer w.mu.Unlock()
	if w.err != nil {
		return nil, w.err
	}
	t := w.meeting
	switch {
	case ctx.Err() != nil:
		return nil, w.fail(m.rank, ctx.Err())
	case c.root < 0 || c.root >= w.size:
		return nil, w.fail(m.rank, fmt.Errorf("root %d of %d ranks", c.root, w.size))
	case t.arrived[m.rank]:
		return nil, w.fail(m.rank, fmt.Errorf("%w: %v during another call of the same rank", ErrMismatch, c))
	case t.missing == w.size:
		t.call, t.first = c, m.rank
	case t.call != c:
		return nil, w.fail(m.rank, fmt.Errorf("%w: %v where rank %d called %v", ErrMismatch, c, t.first, t.call))
	}
	t.arrived[m.rank], t.data[m.rank] = true, data
	if t.missing--; t.missing == 0 {
		w.meeting = newMeeting(w.size)
		close(t.over)
	}
	return t, nil
}
