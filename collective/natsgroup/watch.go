package natsgroup

import (
	"context"
	"fmt"
	"strconv"
	"strings"
	"time"

	"github.com/godcp/godcp/collective"
)

// deaf is where the server says that nobody listens where a rank should be. It
// takes two: the first may be news that has not reached every server yet.
func (h *hub) deaf(subject string) {
	rank, err := strconv.Atoi(subject[strings.LastIndexByte(subject, '.')+1:])
	h.mu.Lock()
	defer h.mu.Unlock()
	if err != nil || rank < 1 || rank >= h.size || h.peers[rank] == nil || h.peers[rank].left {
		return
	}
	if p := h.peers[rank]; p.deaf < 1 {
		p.deaf++
		return
	}
	h.dead(rank, ErrGone)
}

// dead ends the group because of a rank that gives no sign of life. One that
// does not know yet that the group has begun is only forgotten: its launcher may
// start it again.
func (h *hub) dead(rank int, err error) {
	if !h.peers[rank].ready && h.end == nil {
		h.peers[rank] = nil
		h.joined--
		return
	}
	h.fail(rank, err)
	h.drop(rank)
}

// tick watches over the ranks and tells them that the hub lives.
func (h *hub) tick(now, before time.Time) {
	h.mu.Lock()
	defer h.mu.Unlock()
	stalled := now.Sub(before) > h.o.Silence/2 // this process: it knows nothing of the others
	if m := &h.meet; !stalled && !m.began.IsZero() && now.Sub(m.began) >= h.o.CallTimeout {
		err := fmt.Errorf("%v was not called within %v by ranks %v: %w", m.call, h.o.CallTimeout, m.absent(), context.DeadlineExceeded)
		h.fail(m.absent()[0], err)
	}
	for rank, p := range h.peers {
		switch {
		case p == nil || p.left:
			continue
		case stalled:
			p.seen = now
		case now.Sub(p.seen) > h.o.Silence:
			h.dead(rank, fmt.Errorf("%w for %v", ErrSilent, h.o.Silence))
			continue
		}
		h.link.send(p.box, fmt.Sprintf("%s.%d", h.box, rank), message{kind: beat})
	}
}

// lost is for a connection that has broken: no rank hears the hub any more.
func (h *hub) lost(err error) {
	h.mu.Lock()
	defer h.mu.Unlock()
	h.fail(0, fmt.Errorf("%w: %w", ErrDisconnected, err))
	for rank, p := range h.peers {
		if p != nil && !p.left {
			h.drop(rank)
		}
	}
}

// part is Close of rank 0. It waits until nobody needs the hub any more.
func (h *hub) part() {
	h.mu.Lock()
	h.fail(0, collective.ErrClosed)
	h.mu.Unlock()
	late := time.NewTimer(h.o.Linger)
	defer late.Stop()
	for {
		h.mu.Lock()
		changed, needed := h.changed, false
		for _, p := range h.peers {
			needed = needed || p != nil && !p.left && !p.heard
		}
		h.mu.Unlock()
		if !needed {
			return
		}
		select {
		case <-changed:
		case <-late.C:
			return
		}
	}
}
