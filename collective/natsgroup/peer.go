package natsgroup

import (
	"time"

	"github.com/godcp/godcp/collective"
)

// peer is another rank as the hub sees it.
type peer struct {
	box string // where it listens

	in  *incoming // what it brings, while that comes
	out *outgoing // what it gets, while that goes

	ready bool      // it knows that the group has begun
	seen  time.Time // when it last gave a sign of life
	deaf  int       // how often in a row the server said that nobody listens
	left  bool      // it has closed, or is dead
	heard bool      // it has the verdict, and needs nothing more
}

// post sends a message to a rank.
func (h *hub) post(rank int, m message) {
	if p := h.peers[rank]; p != nil && !p.left {
		h.link.send(p.box, "", m)
	}
}

// receive is where the messages of the other ranks come in.
func (h *hub) receive(m message) {
	h.mu.Lock()
	defer h.mu.Unlock()
	if m.rank < 1 || m.rank >= h.size || h.peers[m.rank] == nil || h.peers[m.rank].left {
		return
	}
	p := h.peers[m.rank]
	p.seen, p.deaf = time.Now(), 0
	if !p.ready {
		p.ready = true
		if h.ready++; h.ready == h.size {
			close(h.full)
		}
	}
	switch m.kind {
	case arrive:
		if p.in != nil || !h.announce(m.rank, m.seq, m.call) {
			return
		}
		in, err := newIncoming(m, h.o.MaxBytes+int64(h.size)*10)
		if err != nil {
			h.fail(m.rank, err)
			return
		}
		p.in = in
		h.advance(m.rank)
	case more:
		if p.in == nil || p.in.seq != m.seq {
			return
		}
		if err := p.in.add(m.offset, m.body); err != nil {
			h.fail(m.rank, err)
			return
		}
		h.advance(m.rank)
	case credit:
		if p.out != nil && p.out.seq == m.seq && m.offset > p.out.credit {
			p.out.credit = m.offset
			h.push(m.rank, p.out)
		}
	case giveUp:
		p.out = nil // it waits no more
		h.pushed(m.rank)
		h.quit(m.rank, m.seq, m.err())
	case leave:
		h.fail(m.rank, collective.ErrClosed)
		h.drop(m.rank)
	case heard:
		p.heard = true
		h.change()
	}
}

// advance goes on with what a rank brings.
func (h *hub) advance(rank int) {
	p := h.peers[rank]
	if h.end != nil {
		p.in = nil // nobody needs it any more
		h.pulled(rank)
		return
	}
	if !p.in.done() {
		if h.pulls.enter(rank) {
			h.ask(rank)
		}
		return
	}
	data, err := p.in.payloads(h.size)
	p.in = nil
	h.pulled(rank)
	if err != nil {
		h.fail(rank, err)
		return
	}
	h.bring(rank, data)
}

// ask lets a rank send more of what it brings.
func (h *hub) ask(rank int) {
	if in := h.peers[rank].in; in != nil {
		if upTo, now := in.ask(); now {
			h.post(rank, message{kind: credit, seq: in.seq, offset: upTo})
		}
	}
}

// pulled lets the next rank send.
func (h *hub) pulled(rank int) {
	if next, ok := h.pulls.exit(rank); ok {
		h.ask(next)
	}
}

// push goes on with what a rank gets. What is small goes at once.
func (h *hub) push(rank int, out *outgoing) {
	p := h.peers[rank]
	if p.left {
		return
	}
	p.out = out
	if out.sent > 0 && !h.pushes.enter(rank) {
		return
	}
	out.send(h.link.most, func(m message) { h.post(rank, m) })
	if out.done() {
		p.out = nil
		h.pushed(rank)
	}
}

// pushed lets the next rank have its result.
func (h *hub) pushed(rank int) {
	if next, ok := h.pushes.exit(rank); ok && h.peers[next].out != nil {
		h.push(next, h.peers[next].out)
	}
}

// drop forgets a rank that has closed or is dead.
func (h *hub) drop(rank int) {
	p := h.peers[rank]
	p.left, p.in, p.out = true, nil, nil
	h.pulled(rank)
	h.pushed(rank)
	h.change()
}

func (h *hub) change() {
	close(h.changed)
	h.changed = make(chan struct{})
}
