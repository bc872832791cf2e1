package natsgroup

import (
	"fmt"
	"sync"
	"time"

	"github.com/godcp/godcp/collective"
)

// spoke is how every rank but 0 talks to the hub.
type spoke struct {
	g    *Group
	link *link
	box  string // where this rank listens

	begun  chan struct{} // closed when all ranks have joined
	broken chan error    // holds why the connection broke, or this rank may not join

	mu    sync.Mutex
	hub   string    // where the hub listens
	in    *incoming // a result, while it comes
	out   *outgoing // what this rank brings, while it goes
	seen  time.Time // when the hub last gave a sign of life
	deaf  int       // how often in a row the server said that nobody listens there
	heard bool      // the hub was told that this rank has the verdict
}

func newSpoke(g *Group, box string) *spoke {
	return &spoke{g: g, box: box, begun: make(chan struct{}), broken: make(chan error, 1)}
}

// send wants mu held.
func (s *spoke) send(m message) {
	m.rank = s.g.Rank()
	s.link.send(s.hub+".in", "", m)
}

func (s *spoke) arrive(seq uint64, c call, data [][]byte) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.out = newOutgoing(arrive, seq, c, data)
	s.push()
}

func (s *spoke) push() {
	s.out.send(s.link.most, s.send)
	if s.out.done() {
		s.out = nil
	}
}

func (s *spoke) giveUp(seq uint64, err error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.send(message{kind: giveUp, seq: seq}.withError(err))
}

func (s *spoke) part() {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.send(message{kind: leave})
}

// receive is where the messages of the hub come in.
func (s *spoke) receive(m message) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.seen, s.deaf = time.Now(), 0
	switch m.kind {
	case begin:
		if s.hub == "" {
			s.hub = m.text
			s.send(message{kind: beat}) // so the hub knows that we know
			close(s.begun)
		}
	case refuse:
		s.breaks(fmt.Errorf("%w: %s", errRefused, m.text))
	case result:
		w := s.g.waiting()
		if w == nil || w.seq != m.seq || s.in != nil {
			return
		}
		in, err := newIncoming(m, s.g.o.MaxBytes+int64(s.g.Size())*10)
		if err != nil {
			s.g.lose(0, err)
			return
		}
		in.call, s.in = w.call, in
		s.advance()
	case more:
		if s.in == nil || s.in.seq != m.seq {
			return
		}
		if err := s.in.add(m.offset, m.body); err != nil {
			s.g.lose(0, err)
			return
		}
		s.advance()
	case credit:
		if s.out != nil && s.out.seq == m.seq && m.offset > s.out.credit {
			s.out.credit = m.offset
			s.push()
		}
	case verdict:
		err := &collective.RankError{Rank: m.culprit, Err: m.err()}
		if s.hub == "" {
			s.breaks(err)
			return
		}
		s.out = nil
		s.g.fail(ending{m.seq, err})
	}
	s.settle()
}

// advance goes on with a result.
func (s *spoke) advance() {
	if !s.in.done() {
		if upTo, now := s.in.ask(); now {
			s.send(message{kind: credit, seq: s.in.seq, offset: upTo})
		}
		return
	}
	in := s.in
	s.in = nil
	data, err := in.payloads(s.g.Size())
	if err == nil && len(data) != in.call.gets(s.g.Rank(), s.g.Size()) {
		err = fmt.Errorf("%w: a result of %d payloads", errMessage, len(data))
	}
	if err != nil {
		s.g.lose(0, err)
		return
	}
	s.g.deliver(in.seq, data)
}

// settle tells the hub once that this rank needs nothing more from it.
func (s *spoke) settle() {
	if !s.heard && s.hub != "" && s.g.settled() {
		s.heard = true
		s.send(message{kind: heard})
	}
}

// noHub is where the server says that nobody listens where the hub should be.
func (s *spoke) noHub(string) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.deaf++; s.deaf == 2 {
		s.g.lose(0, ErrGone)
	}
}

func (s *spoke) tick(now, before time.Time) {
	s.mu.Lock()
	defer s.mu.Unlock()
	switch o := s.g.o; {
	case now.Sub(before) > o.Silence/2: // this process stood still: it knows nothing of the hub
		s.seen = now
	case now.Sub(s.seen) > o.Silence:
		s.g.lose(0, fmt.Errorf("%w for %v", ErrSilent, o.Silence))
	}
	s.link.send(s.hub+".in", s.box+".deaf", message{kind: beat, rank: s.g.Rank()})
}

// lost is for a connection that has broken. Where rank 0 has the server it is
// rank 0 that is gone.
func (s *spoke) lost(err error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	err = fmt.Errorf("%w: %w", ErrDisconnected, err)
	s.breaks(err)
	if s.hub == "" {
		return
	}
	culprit := 0
	if s.g.o.URL != "" {
		culprit = s.g.Rank()
	}
	s.g.lose(culprit, err)
}

func (s *spoke) breaks(err error) {
	select {
	case s.broken <- err:
	default:
	}
}
