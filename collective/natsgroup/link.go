package natsgroup

import (
	"fmt"
	"net"
	"sync"
	"time"

	"github.com/nats-io/nats.go"
)

// link is a connection to the server: what is sent waits in a queue, so that
// nobody has to wait for the network, and what comes is opened.
type link struct {
	nc   *nats.Conn
	raw  *wire
	seal seal
	most int // bytes of a body

	mu     sync.Mutex
	queue  []letter
	wake   chan struct{} // holds one token when there may be something to do
	closed bool

	written   chan struct{} // closed when the writer has ended
	listeners sync.WaitGroup
}

type letter struct {
	subject, reply string
	m              message
}

// newLink takes over a connection.
func newLink(nc *nats.Conn, raw *wire, s seal) (*link, error) {
	most := min(nc.MaxPayload()-headroom, piece)
	if most < 64 {
		return nil, fmt.Errorf("the server takes messages of %d bytes only", nc.MaxPayload())
	}
	if !nc.HeadersSupported() {
		return nil, fmt.Errorf("NATS server %s is too old", nc.ConnectedServerVersion())
	}
	l := &link{nc: nc, raw: raw, seal: s, most: int(most), wake: make(chan struct{}, 1), written: make(chan struct{})}
	go l.write()
	return l, nil
}

// send queues a message. If reply is not empty and nobody listens on subject,
// the server says so there.
func (l *link) send(subject, reply string, m message) {
	l.mu.Lock()
	l.queue = append(l.queue, letter{subject, reply, m})
	l.mu.Unlock()
	l.poke()
}

func (l *link) poke() {
	select {
	case l.wake <- struct{}{}:
	default:
	}
}

// write sends what is in the queue, in order.
func (l *link) write() {
	defer close(l.written)
	for range l.wake {
		for {
			l.mu.Lock()
			queue, closed := l.queue, l.closed
			l.queue = nil
			l.mu.Unlock()
			for _, x := range queue {
				data := l.seal.close(x.subject, x.m.encode())
				// A connection that has broken says so itself, see dial.
				if x.reply == "" {
					_ = l.nc.Publish(x.subject, data)
				} else {
					_ = l.nc.PublishRequest(x.subject, x.reply, data)
				}
			}
			if len(queue) > 0 {
				continue
			}
			if closed {
				return
			}
			break
		}
	}
}

// listen calls got, one call at a time, for every message on the subject that a
// rank has sealed, and deaf for what the server says about subjects without
// listeners.
func (l *link) listen(subject string, got func(message), deaf func(subject string)) error {
	sub, err := l.nc.Subscribe(subject, func(msg *nats.Msg) {
		if len(msg.Data) == 0 && msg.Header.Get("Status") == "503" {
			deaf(msg.Subject)
			return
		}
		plain, err := l.seal.open(msg.Subject, msg.Data)
		if err != nil {
			return // a stranger's
		}
		if m, err := decode(plain); err == nil {
			got(m)
		}
	})
	if err != nil {
		return err
	}
	l.listeners.Add(1)
	sub.SetClosedHandler(func(string) { l.listeners.Done() })
	// What may come at once is bounded by credits; dropping it is no option.
	if err := sub.SetPendingLimits(-1, -1); err != nil {
		return err
	}
	return l.nc.Flush()
}

// close sends what is queued, within the time, and ends the connection. It
// waits for all that belongs to it.
func (l *link) close(within time.Duration) {
	l.mu.Lock()
	l.closed = true
	l.mu.Unlock()
	l.poke()
	late := time.AfterFunc(within, l.raw.cut)
	<-l.written
	_ = l.nc.FlushTimeout(within) // what cannot be sent in time is given up
	l.nc.Close()
	late.Stop()
	l.raw.cut()
	l.listeners.Wait()
}

// wire is the connection below NATS, kept because only closing it ends a write
// that hangs.
type wire struct {
	mu   sync.Mutex
	conn net.Conn
	off  bool
}

func (w *wire) keep(c net.Conn) net.Conn {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.conn = c
	if w.off {
		c.Close()
	}
	return c
}

func (w *wire) cut() {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.off = true
	if w.conn != nil {
		w.conn.Close()
	}
}
