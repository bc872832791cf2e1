package natsgroup

import (
	"encoding/binary"
	"errors"
	"math"
)

// kind is what a message is about. The numbers are the protocol's.
type kind byte

const (
	// Joining.
	hello  kind = iota + 1 // rank, world, text: where it listens
	begin                  // text: where the hub listens for this group
	refuse                 // text: why

	// Calls.
	arrive // a rank has called: seq, method, root, total, the first bytes
	result // what comes out: seq, total, the first bytes
	more   // of an arrive or a result: seq, offset, bytes
	credit // the receiver of one takes bytes up to offset

	// The end.
	giveUp  // a rank gives up, at call seq: text, known
	leave   // a rank has closed
	verdict // from call seq on all fail, since a rank (culprit) gave up: text, known
	heard   // a rank has the verdict, and all that came before

	beat // nothing but a sign of life
)

// message is all kinds of message; each uses some fields.
type message struct {
	kind          kind
	rank          int // who sends
	seq           uint64
	offset, total int64
	call          call
	world         int // in hello
	culprit       int // in verdict
	known         uint64
	text          string
	body          []byte // what is left
}

var errMessage = errors.New("damaged message")

// mostText is how much of an error travels.
const mostText = 512

// headroom is more than a message takes beside its body: ten numbers,
// a text and what seals it.
const headroom = 1 + 10*binary.MaxVarintLen64 + mostText + sealOverhead

func (m message) encode() []byte {
	text := m.text[:min(len(m.text), mostText)]
	b := make([]byte, 0, headroom+len(m.body))
	b = append(b, byte(m.kind))
	for _, n := range []uint64{
		uint64(m.rank), m.seq, uint64(m.offset), uint64(m.total), uint64(m.call.method), uint64(m.call.root),
		uint64(m.world), uint64(m.culprit), m.known, uint64(len(text)),
	} {
		b = binary.AppendUvarint(b, n)
	}
	b = append(b, text...)
	return append(b, m.body...)
}

func decode(b []byte) (m message, err error) {
	if len(b) == 0 {
		return m, errMessage
	}
	m.kind, b = kind(b[0]), b[1:]
	next := func(most uint64) uint64 {
		n, used := binary.Uvarint(b)
		if used <= 0 || n > most {
			err, b = errMessage, nil
			return 0
		}
		b = b[used:]
		return n
	}
	m.rank = int(next(math.MaxInt32))
	m.seq = next(math.MaxUint64)
	m.offset = int64(next(math.MaxInt64))
	m.total = int64(next(math.MaxInt64))
	m.call.method = method(next(math.MaxUint8))
	m.call.root = int(next(math.MaxInt32))
	m.world = int(next(math.MaxInt32))
	m.culprit = int(next(math.MaxInt32))
	m.known = next(math.MaxUint64)
	n := int(next(uint64(min(len(b), mostText))))
	if err != nil || n > len(b) {
		return message{}, errMessage
	}
	m.text, m.body = string(b[:n]), b[n:]
	return m, nil
}
