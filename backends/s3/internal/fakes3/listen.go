package fakes3

import (
	"context"
	"io"
	"log"
	"net"
	"net/http"
	"sync"
	"time"
)

// pipes is a network of this process alone: no ports, and time that a test
// makes pass passes in it too.
type pipes struct {
	conns chan net.Conn
	done  chan struct{}
	once  sync.Once
}

func (p *pipes) Accept() (net.Conn, error) {
	select {
	case c := <-p.conns:
		return c, nil
	case <-p.done:
		return nil, net.ErrClosed
	}
}

func (p *pipes) Close() error {
	p.once.Do(func() { close(p.done) })
	return nil
}

func (p *pipes) Addr() net.Addr { return &net.UnixAddr{Name: "pipe", Net: "pipe"} }

func (p *pipes) dial(ctx context.Context, _, _ string) (net.Conn, error) {
	client, server := net.Pipe()
	select {
	case p.conns <- server:
		return client, nil
	case <-p.done:
		return nil, net.ErrClosed
	case <-ctx.Done():
		return nil, ctx.Err()
	}
}

// Start serves handler, over pipes. The transport leads to it, whatever the
// host of a request is; stop ends both, and waits for the requests under way.
func Start(handler http.Handler) (transport *http.Transport, stop func()) {
	p := &pipes{conns: make(chan net.Conn), done: make(chan struct{})}
	var serving sync.WaitGroup
	counted := func(w http.ResponseWriter, r *http.Request) {
		serving.Add(1)
		defer serving.Done()
		handler.ServeHTTP(w, r)
	}
	server := &http.Server{Handler: http.HandlerFunc(counted), ErrorLog: log.New(io.Discard, "", 0)}
	serving.Go(func() { _ = server.Serve(p) })
	transport = &http.Transport{
		DialContext: p.dial, MaxIdleConnsPerHost: 64, DisableCompression: true,
		ExpectContinueTimeout: time.Second, // the SDK's
	}
	return transport, func() {
		transport.CloseIdleConnections()
		server.Close()
		serving.Wait()
	}
}
