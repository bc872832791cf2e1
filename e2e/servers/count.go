package servers

import (
	"io"
	"net"
	"sync"
	"sync/atomic"
	"testing"
)

// Count is a way to a server on which every byte is counted.
type Count struct {
	Address string // 127.0.0.1:port
	bytes   atomic.Int64
}

// Counted starts a way to an address, which lives until the test ends.
func Counted(t testing.TB, address string) *Count {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	c := &Count{Address: l.Addr().String()}
	var running sync.WaitGroup
	var mu sync.Mutex
	var open []net.Conn
	keep := func(conn net.Conn) {
		mu.Lock()
		defer mu.Unlock()
		open = append(open, conn)
	}
	running.Go(func() {
		for {
			client, err := l.Accept()
			if err != nil {
				return // the test has ended
			}
			keep(client)
			server, err := net.Dial("tcp", address)
			if err != nil {
				client.Close()
				continue
			}
			keep(server)
			running.Go(func() { c.carry(server, client) })
			running.Go(func() { c.carry(client, server) })
		}
	})
	t.Cleanup(func() {
		l.Close()
		mu.Lock()
		for _, conn := range open {
			conn.Close()
		}
		mu.Unlock()
		running.Wait()
	})
	return c
}

// Bytes are those that were sent and received since the last call of it.
func (c *Count) Bytes() int64 { return c.bytes.Swap(0) }

func (c *Count) carry(to, from net.Conn) {
	_, _ = io.Copy(to, counting{from, &c.bytes}) // how it ends, both ends see
	to.Close()
	from.Close()
}

type counting struct {
	io.Reader
	n *atomic.Int64
}

func (c counting) Read(p []byte) (int, error) {
	n, err := c.Reader.Read(p)
	c.n.Add(int64(n))
	return n, err
}
