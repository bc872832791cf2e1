package natsgroup

import (
	"encoding/binary"
	"fmt"
	"slices"
)

const (
	// inline is how much travels without being asked for: with 4,096 ranks the
	// hub gets 32 MiB at once, less than a server keeps for one client.
	inline = 8 << 10

	// window is how much more a receiver asks for at a time, and transfers how
	// many it asks at the same time.
	window    = 2 << 20
	transfers = 8

	// piece is the most in one message, if the server takes that much.
	piece = 512 << 10
)

// outgoing are payloads on their way. They are not copied before they are sent.
type outgoing struct {
	kind   kind
	seq    uint64
	call   call
	parts  [][]byte // what is left
	total  int64
	sent   int64
	credit int64 // the receiver takes that much
}

// newOutgoing has the lengths first, so that the receiver can tell payloads
// apart.
func newOutgoing(k kind, seq uint64, c call, payloads [][]byte) *outgoing {
	head := binary.AppendUvarint(nil, uint64(len(payloads)))
	for _, p := range payloads {
		head = binary.AppendUvarint(head, uint64(len(p)))
	}
	o := &outgoing{kind: k, seq: seq, call: c, parts: append([][]byte{head}, payloads...), credit: inline}
	o.total = size(o.parts)
	return o
}

// size is the sum of lengths.
func size(payloads [][]byte) (n int64) {
	for _, p := range payloads {
		n += int64(len(p))
	}
	return n
}

// send hands out what the credit allows, in messages of at most most bytes. The
// first one goes even if there is nothing to send.
func (o *outgoing) send(most int, post func(message)) {
	for first := o.sent == 0; first || o.sent < min(o.credit, o.total); first = false {
		m := message{kind: more, seq: o.seq, offset: o.sent}
		if first {
			m = message{kind: o.kind, seq: o.seq, call: o.call, total: o.total}
		}
		m.body = o.take(int(min(o.total-o.sent, o.credit-o.sent, int64(most))))
		post(m)
	}
}

// take removes n bytes from what is left.
func (o *outgoing) take(n int) []byte {
	o.sent += int64(n)
	b := make([]byte, 0, n)
	for len(b) < n {
		k := min(n-len(b), len(o.parts[0]))
		b = append(b, o.parts[0][:k]...)
		if o.parts[0] = o.parts[0][k:]; len(o.parts[0]) == 0 {
			o.parts = o.parts[1:]
		}
	}
	return b
}

func (o *outgoing) done() bool { return o.sent == o.total }

// incoming are payloads that arrive. Memory is taken for what has come, not for
// what is said to come.
type incoming struct {
	seq    uint64
	call   call
	total  int64
	got    []byte
	credit int64
}

func newIncoming(m message, most int64) (*incoming, error) {
	if m.total > most {
		return nil, fmt.Errorf("%w: %d bytes, at most %d", ErrTooLarge, m.total, most)
	}
	in := &incoming{seq: m.seq, call: m.call, total: m.total, credit: inline}
	return in, in.add(0, m.body)
}

// add takes the next bytes. What came before is ignored.
func (in *incoming) add(offset int64, body []byte) error {
	have := int64(len(in.got))
	switch {
	case offset < have:
		return nil
	case offset > have, have+int64(len(body)) > min(in.total, in.credit):
		return fmt.Errorf("%w: %d bytes at %d, after %d of %d", errMessage, len(body), offset, have, in.total)
	}
	if need := len(in.got) + len(body); need > cap(in.got) {
		in.got = slices.Grow(in.got, int(min(in.total, 2*int64(need)))-len(in.got))
	}
	in.got = append(in.got, body...)
	return nil
}

// ask tells how far the sender may go on, if it has to be told now.
func (in *incoming) ask() (upTo int64, now bool) {
	if in.done() || in.credit-int64(len(in.got)) > window/2 {
		return 0, false
	}
	in.credit = min(in.total, int64(len(in.got))+window)
	return in.credit, true
}

func (in *incoming) done() bool { return int64(len(in.got)) == in.total }

// payloads are what arrived, when all has: at most that many.
func (in *incoming) payloads(most int) ([][]byte, error) {
	b := in.got
	next := func() (int, error) {
		n, used := binary.Uvarint(b)
		if used <= 0 || n > uint64(len(b)-used) {
			return 0, errMessage
		}
		b = b[used:]
		return int(n), nil
	}
	n, err := next()
	if err != nil || n > most {
		return nil, errMessage
	}
	lens := make([]int, n)
	for i := range lens {
		if lens[i], err = next(); err != nil {
			return nil, err
		}
	}
	var all [][]byte
	for _, n := range lens {
		if n > len(b) {
			return nil, errMessage
		}
		all, b = append(all, b[:n:n]), b[n:]
	}
	if len(b) > 0 {
		return nil, errMessage
	}
	return all, nil
}

// lanes let a few ranks at a time have something; the others wait in line.
type lanes struct {
	inside []int
	line   []int
}

// enter tells whether the rank may begin now.
func (l *lanes) enter(rank int) bool {
	switch {
	case slices.Contains(l.inside, rank):
		return true
	case len(l.inside) < transfers:
		l.inside = append(l.inside, rank)
		return true
	case !slices.Contains(l.line, rank):
		l.line = append(l.line, rank)
	}
	return false
}

// exit tells who may begin now that a rank needs nothing more.
func (l *lanes) exit(rank int) (next int, ok bool) {
	l.line = slices.DeleteFunc(l.line, func(r int) bool { return r == rank })
	i := slices.Index(l.inside, rank)
	if i < 0 {
		return 0, false
	}
	l.inside = slices.Delete(l.inside, i, i+1)
	if len(l.line) == 0 {
		return 0, false
	}
	next, l.line = l.line[0], l.line[1:]
	l.inside = append(l.inside, next)
	return next, true
}
