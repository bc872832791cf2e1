package natsgroup

import (
	"context"
	"errors"
	"fmt"
	"net"
	"net/netip"
	"slices"
	"strconv"
	"sync"
	"time"

	"github.com/nats-io/nats-server/v2/server"
	"github.com/nats-io/nats.go"
)

// embedded is the server in the process of rank 0. The groups on it share it;
// the last one that closes stops it.
type embedded struct {
	s *server.Server

	mu   sync.Mutex
	uses int
}

// startServer listens where the other ranks look for rank 0. A port that is
// taken may be an earlier attempt's at the same job, so it is tried until ctx is
// done.
func startServer(ctx context.Context, p Place, token string) (*embedded, error) {
	public, _, err := login(token)
	if err != nil {
		return nil, err
	}
	host := listenHost(ctx, p.Host)
	for {
		if err = probe(ctx, host, p.Port); err == nil {
			break
		}
		if !pause(ctx, 100*time.Millisecond) {
			return nil, fmt.Errorf("natsgroup: rank 0: %w", errors.Join(ctx.Err(), err))
		}
	}
	s, err := server.NewServer(&server.Options{
		Host: host, Port: p.Port,
		Nkeys:  []*server.NkeyUser{{Nkey: public}},
		NoLog:  true,
		NoSigs: true,
		// Results for a rank that stalls wait here.
		MaxPending: 256 << 20,
	})
	if err != nil {
		return nil, fmt.Errorf("natsgroup: rank 0: %w", err)
	}
	s.Start()
	if !s.ReadyForConnections(10 * time.Second) {
		s.Shutdown()
		s.WaitForShutdown()
		return nil, fmt.Errorf("natsgroup: rank 0: no server on %s", net.JoinHostPort(host, strconv.Itoa(p.Port)))
	}
	return &embedded{s: s, uses: 1}, nil
}

// probe tells why a server could not listen: the server itself does not.
func probe(ctx context.Context, host string, port int) error {
	var lc net.ListenConfig
	l, err := lc.Listen(ctx, "tcp", net.JoinHostPort(host, strconv.Itoa(port)))
	if err != nil {
		return err
	}
	return l.Close()
}

// listenHost is what to listen on, given how others call this machine: that
// address only, if it is one of ours, and all of them behind a name or address
// that somebody translates. A loopback address opens nothing to others.
func listenHost(ctx context.Context, host string) string {
	if isLoopback(host) {
		return host
	}
	all := "0.0.0.0"
	found, err := net.DefaultResolver.LookupNetIP(ctx, "ip", host)
	if err != nil {
		return all
	}
	if slices.ContainsFunc(found, func(ip netip.Addr) bool { return ip.Unmap().Is6() }) {
		all = "::" // and IPv4 as well
	}
	ours, err := net.InterfaceAddrs()
	if err != nil {
		return all
	}
	for _, ip := range found {
		for _, a := range ours {
			n, ok := a.(*net.IPNet)
			// A name that means loopback here means something else elsewhere.
			if ok && !ip.IsLoopback() && !ip.IsLinkLocalUnicast() && n.IP.Equal(ip.AsSlice()) {
				return ip.Unmap().String()
			}
		}
	}
	return all
}

// connect is for rank 0 itself.
func (e *embedded) connect(w *wire, opts ...nats.Option) (*nats.Conn, error) {
	return nats.Connect("", append(opts, nats.InProcessServer(inProcess{e.s, w}))...)
}

type inProcess struct {
	s *server.Server
	w *wire
}

func (p inProcess) InProcessConn() (net.Conn, error) {
	c, err := p.s.InProcessConn()
	if err != nil {
		return nil, err
	}
	return p.w.keep(c), nil
}

func (e *embedded) share() error {
	e.mu.Lock()
	defer e.mu.Unlock()
	if e.uses == 0 {
		return errors.New("natsgroup: the server of this group has stopped")
	}
	e.uses++
	return nil
}

func (e *embedded) release() {
	e.mu.Lock()
	defer e.mu.Unlock()
	if e.uses--; e.uses == 0 {
		e.s.Shutdown()
		e.s.WaitForShutdown()
	}
}

// pause waits and tells whether it was for that long.
func pause(ctx context.Context, d time.Duration) bool {
	t := time.NewTimer(d)
	defer t.Stop()
	select {
	case <-t.C:
		return true
	case <-ctx.Done():
		return false
	}
}
