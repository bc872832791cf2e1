package servers

import (
	"crypto/tls"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"net/url"
	"sync"
	"testing"
)

// TLS puts a front of TLS before the server and returns the server as it is
// seen there, with the transport that trusts the front. It passes bytes on, and
// knows nothing of requests: where the server hangs up, so does it.
func (s *S3) TLS(t testing.TB) (*S3, http.RoundTripper) {
	t.Helper()
	behind, err := url.Parse(s.Endpoint)
	if err != nil {
		t.Fatal(err)
	}
	certificate := httptest.NewTLSServer(nil)
	certificate.Close()
	l, err := tls.Listen("tcp", "127.0.0.1:0", &tls.Config{Certificates: certificate.TLS.Certificates})
	if err != nil {
		t.Fatal(err)
	}
	var passing sync.WaitGroup
	passing.Go(func() {
		for {
			front, err := l.Accept()
			if err != nil {
				return
			}
			passing.Go(func() { pass(front.(*tls.Conn), behind.Host) })
		}
	})
	transport := Transport()
	transport.TLSClientConfig = certificate.Client().Transport.(*http.Transport).TLSClientConfig
	t.Cleanup(func() {
		l.Close()
		transport.CloseIdleConnections()
		passing.Wait()
	})
	seen := *s
	seen.Endpoint = "https://" + l.Addr().String()
	return &seen, transport
}

// pass copies to and fro until both sides have said all.
func pass(front *tls.Conn, address string) {
	defer front.Close()
	back, err := net.Dial("tcp", address)
	if err != nil {
		return
	}
	defer back.Close()
	answered := make(chan struct{})
	go func() {
		defer close(answered)
		_, _ = io.Copy(front, back)
		front.Close() // and with it the other direction
	}()
	_, _ = io.Copy(back, front)
	_ = back.(*net.TCPConn).CloseWrite()
	<-answered
}

// Transport is one for many requests to one host. As the SDK's own, it waits
// for the answer to who asks first whether to send the body: a server that
// refuses may hang up on those who do not.
func Transport() *http.Transport {
	t := http.DefaultTransport.(*http.Transport).Clone() // which waits a second
	t.MaxIdleConnsPerHost = 64
	return t
}

// Log is a transport that remembers what was asked.
type Log struct {
	Inner http.RoundTripper

	mu       sync.Mutex
	requests []*http.Request
}

// RoundTrip remembers a request and carries it out.
func (l *Log) RoundTrip(r *http.Request) (*http.Response, error) {
	l.mu.Lock()
	l.requests = append(l.requests, r)
	l.mu.Unlock()
	return l.Inner.RoundTrip(r)
}

// Requests returns what was asked since the last call of it.
func (l *Log) Requests() []*http.Request {
	l.mu.Lock()
	defer l.mu.Unlock()
	r := l.requests
	l.requests = nil
	return r
}
