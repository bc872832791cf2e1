package natsgroup

import (
	"context"
	"errors"
	"fmt"
	"sync"
	"time"

	"github.com/godcp/godcp/collective"
)

// hub is where the ranks meet, in the process of rank 0. Its methods in this
// file want mu held; they reach rank 0 directly and the others through peers.
type hub struct {
	o    Options
	size int
	zero *Group // rank 0
	link *link  // nil in a group of one
	box  string // where ranks send

	mu    sync.Mutex
	seq   uint64 // of the call that is being made
	meet  meeting
	end   *ending
	peers []*peer // by rank; none for rank 0

	pulls, pushes lanes // ranks whose data is on its way

	joined  int           // ranks that have said hello
	ready   int           // ranks that know that the group has begun
	full    chan struct{} // closed when all do
	over    chan struct{} // closed when end is set
	changed chan struct{} // closed, and made anew, when a peer has changed
}

// meeting is one call of all ranks.
type meeting struct {
	call    call
	first   int       // the rank that began it
	began   time.Time // zero when nobody has
	here    []bool
	missing int
	data    [][][]byte // by rank, what it brings
	bytes   int64
}

// ending is why, and from which call on, a group works no more.
type ending struct {
	seq uint64
	err *collective.RankError
}

func newHub(p Place, o Options, box string) *hub {
	h := &hub{
		o: o, size: p.Size, box: box, seq: 1, joined: 1, ready: 1,
		peers: make([]*peer, p.Size), full: make(chan struct{}), over: make(chan struct{}), changed: make(chan struct{}),
	}
	if p.Size == 1 {
		close(h.full)
	}
	h.meet = newMeeting(p.Size)
	return h
}

func newMeeting(n int) meeting {
	return meeting{here: make([]bool, n), missing: n, data: make([][][]byte, n)}
}

// absent lists the ranks that have not come.
func (m *meeting) absent() (ranks []int) {
	for r, here := range m.here {
		if !here {
			ranks = append(ranks, r)
		}
	}
	return ranks
}

// announce tells whether a rank may bring data to a call. One that made another
// call than the others ends the group.
func (h *hub) announce(rank int, seq uint64, c call) bool {
	m := &h.meet
	switch {
	case h.end != nil && seq >= h.end.seq:
		h.tell(rank)
		return false
	case seq < h.seq || m.here[rank]:
		return false // said before
	case seq > h.seq, c.method > barrier, c.root >= h.size:
		h.fail(rank, fmt.Errorf("%w: call %d when %d was due", errMessage, seq, h.seq))
		return false
	case m.began.IsZero():
		m.call, m.first, m.began = c, rank, time.Now()
	case m.call != c:
		h.fail(rank, fmt.Errorf("%w: %v where rank %d called %v", collective.ErrMismatch, c, m.first, m.call))
		return false
	}
	return true
}

// bring takes the data of a rank that may bring it, and ends the call when all
// have come.
func (h *hub) bring(rank int, data [][]byte) {
	m := &h.meet
	if want := m.call.brings(rank, h.size); len(data) != want {
		h.fail(rank, fmt.Errorf("%w: %v with %d payloads, not %d", errMessage, m.call, len(data), want))
		return
	}
	if m.bytes += size(data); m.bytes > h.o.MaxBytes {
		h.fail(rank, fmt.Errorf("%w: %v has %d bytes with those of this rank, at most %d", ErrTooLarge, m.call, m.bytes, h.o.MaxBytes))
		return
	}
	m.here[rank], m.data[rank] = true, data
	if m.missing--; m.missing > 0 {
		return
	}
	done, seq := h.meet, h.seq
	h.seq++
	h.meet = newMeeting(h.size)
	for r := range h.size {
		h.deliver(r, seq, done.call.result(r, done.data))
	}
}

func (h *hub) deliver(rank int, seq uint64, data [][]byte) {
	if rank == 0 {
		h.zero.deliver(seq, data)
		return
	}
	h.push(rank, newOutgoing(result, seq, call{}, data))
}

// fail ends the group for the first reason that comes, and tells everybody.
func (h *hub) fail(rank int, err error) {
	if h.end != nil {
		return
	}
	h.end = &ending{h.seq, &collective.RankError{Rank: rank, Err: err}}
	close(h.over)
	h.meet = newMeeting(h.size)
	for r := range h.size {
		h.tell(r)
	}
}

// tell gives a rank the verdict.
func (h *hub) tell(rank int) {
	if rank == 0 {
		h.zero.fail(*h.end)
		return
	}
	h.post(rank, message{kind: verdict, seq: h.end.seq, culprit: h.end.err.Rank}.withError(h.end.err.Err))
}

// quit is a rank that gives up during call seq.
func (h *hub) quit(rank int, seq uint64, err error) {
	gaveUp := errors.Is(err, context.Canceled) || errors.Is(err, context.DeadlineExceeded)
	if m := &h.meet; gaveUp && seq == h.seq && m.here[rank] {
		err = fmt.Errorf("%s waiting for ranks %v: %w", m.call.method, m.absent(), err)
	}
	h.fail(rank, err)
}

// The hub as rank 0 uses it.

func (h *hub) arrive(seq uint64, c call, data [][]byte) {
	h.mu.Lock()
	defer h.mu.Unlock()
	if h.announce(0, seq, c) {
		h.bring(0, data)
	}
}

func (h *hub) giveUp(seq uint64, err error) {
	h.mu.Lock()
	defer h.mu.Unlock()
	h.quit(0, seq, err)
}
