package natsgroup

import (
	"context"
	"crypto/rand"
	"crypto/tls"
	"errors"
	"fmt"
	"strings"
	"time"

	"github.com/nats-io/nats.go"

	"github.com/godcp/godcp/collective"
)

// errRefused: rank 0 does not want this process.
var errRefused = errors.New("rank 0 refuses")

// Join joins a group from a place that the caller knows. It returns when all
// ranks are there. If some do not come in time the error is, or has in it, a
// [*collective.RankError] that names one.
func Join(ctx context.Context, p Place, o Options) (*Group, error) {
	o = o.withDefaults()
	if err := o.check(); err != nil {
		return nil, err
	}
	if err := p.check(o); err != nil {
		return nil, err
	}
	if p.Rank > 0 || p.Size == 1 || o.URL != "" {
		return join(ctx, p, o, nil)
	}
	soon, cancel := context.WithTimeout(ctx, o.JoinTimeout)
	defer cancel()
	e, err := startServer(soon, p, o.Token)
	if err != nil {
		return nil, err
	}
	g, err := join(soon, p, o, e)
	if err != nil {
		e.release()
	}
	return g, err
}

// join leaves e alone if it fails.
func join(ctx context.Context, p Place, o Options, e *embedded) (*Group, error) {
	ctx, cancel := context.WithTimeout(ctx, o.JoinTimeout)
	defer cancel()
	g := &Group{place: p, o: o}
	if p.Rank > 0 {
		return g.joinHub(ctx)
	}
	box := root(o) + "." + rand.Text()
	h := newHub(p, o, box)
	h.zero, g.up = g, h
	if p.Size == 1 {
		return g, nil
	}
	var err error
	if g.link, err = connectUntil(ctx, p, o, e, h.lost); err != nil {
		return nil, fmt.Errorf("natsgroup: rank 0 joins: %w", errors.Join(ctx.Err(), err))
	}
	if err := h.wait(ctx); err != nil {
		g.Close()
		return nil, fmt.Errorf("natsgroup: rank 0 of %d waits for the others: %w", p.Size, err)
	}
	g.embedded = e
	return g, nil
}

// connectUntil tries to connect until ctx is done: the server may yet have to
// start. One that does not know the token will not learn it.
func connectUntil(ctx context.Context, p Place, o Options, e *embedded, lost func(error)) (*link, error) {
	for delay := 5 * time.Millisecond; ; delay = min(2*delay, 250*time.Millisecond) {
		l, err := connect(ctx, p, o, e, lost)
		if err == nil {
			return l, nil
		}
		if errors.Is(err, nats.ErrAuthorization) {
			return nil, fmt.Errorf("%w: with another token or other credentials than the server knows", err)
		}
		if unknown := (*tls.CertificateVerificationError)(nil); errors.As(err, &unknown) {
			return nil, err
		}
		if !pause(ctx, delay) {
			return nil, err
		}
	}
}

// wait lets the others join.
func (h *hub) wait(ctx context.Context) error {
	h.mu.Lock()
	h.link = h.zero.link
	h.mu.Unlock()
	if err := h.link.listen(h.box+".>", h.receive, h.deaf); err != nil {
		return err
	}
	if err := h.link.listen(root(h.o)+".join", h.greet, func(string) {}); err != nil {
		return err
	}
	h.zero.beats = startHeart(h.o.Heartbeat, h.tick)
	select {
	case <-h.full:
		return nil
	case <-h.over:
		return h.zero.reason()
	case <-ctx.Done():
	}
	h.mu.Lock()
	defer h.mu.Unlock()
	var absent []int
	for rank := 1; rank < h.size; rank++ {
		if p := h.peers[rank]; p == nil || !p.ready {
			absent = append(absent, rank)
		}
	}
	if len(absent) == 0 {
		return nil // it was a close thing
	}
	h.fail(absent[0], fmt.Errorf("ranks %v have not joined: %w", absent, ctx.Err()))
	return h.end.err
}

// greet is for processes that want to join.
func (h *hub) greet(m message) {
	h.mu.Lock()
	defer h.mu.Unlock()
	box := m.text
	switch {
	case m.kind != hello || !strings.HasPrefix(box, root(h.o)+"."):
	case m.world != h.size || m.rank < 1 || m.rank >= h.size:
		h.link.send(box+".in", "", message{kind: refuse, text: fmt.Sprintf("rank %d of %d: the group has %d ranks", m.rank, m.world, h.size)})
	case h.peers[m.rank] != nil && h.peers[m.rank].box == box+".in":
		h.begin()
	case h.end != nil, h.peers[m.rank] != nil && h.peers[m.rank].ready:
		h.link.send(box+".in", "", message{kind: refuse, text: fmt.Sprintf("there is a rank %d", m.rank)})
	default:
		if h.peers[m.rank] == nil {
			h.joined++
		}
		h.peers[m.rank] = &peer{box: box + ".in", seen: time.Now()}
		h.begin()
	}
}

// begin tells those who do not know it that all have said hello. Who does not
// answer to that may have died since, and be replaced.
func (h *hub) begin() {
	if h.joined < h.size {
		return
	}
	for rank, p := range h.peers {
		if p != nil && !p.ready {
			h.post(rank, message{kind: begin, text: h.box})
		}
	}
}

// joinHub is how a rank joins. A connection that breaks meanwhile may be to the
// server of an earlier attempt at the job.
func (g *Group) joinHub(ctx context.Context) (*Group, error) {
	var last error
	for {
		s := newSpoke(g, root(g.o)+"."+rand.Text())
		l, err := connectUntil(ctx, g.place, g.o, nil, s.lost)
		if err == nil {
			s.link, g.link, g.up = l, l, s
			if err = s.wait(ctx); err == nil {
				s.mu.Lock()
				s.seen = time.Now()
				s.mu.Unlock()
				g.beats = startHeart(g.o.Heartbeat, s.tick)
				return g, nil
			}
			l.close(grace)
		}
		if ctx.Err() == nil && errors.Is(err, ErrDisconnected) {
			last = err
			pause(ctx, 50*time.Millisecond)
			continue
		}
		if ctx.Err() != nil {
			if last == nil {
				last = err
			}
			err = &collective.RankError{Err: fmt.Errorf("no answer: %w (%w)", ctx.Err(), last)}
		}
		return nil, fmt.Errorf("natsgroup: rank %d joins: %w", g.place.Rank, err)
	}
}

// wait says hello until all ranks have joined.
func (s *spoke) wait(ctx context.Context) error {
	if err := s.link.listen(s.box+".>", s.receive, s.noHub); err != nil {
		return fmt.Errorf("%w: %w", ErrDisconnected, err)
	}
	for delay := 10 * time.Millisecond; ; delay = min(2*delay, 500*time.Millisecond) {
		s.link.send(root(s.g.o)+".join", "", message{kind: hello, rank: s.g.Rank(), world: s.g.Size(), text: s.box})
		select {
		case <-s.begun:
			return nil
		case err := <-s.broken:
			return err
		case <-time.After(delay):
		case <-ctx.Done():
			return errors.New("connected, but rank 0 is not there, or has another token or job id")
		}
	}
}
