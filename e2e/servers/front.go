package servers

import (
	"net/http"
	"net/http/httptest"
	"net/http/httputil"
	"net/url"
	"sync"
	"testing"
)

// TLS puts a front of TLS before the server and returns the server as it is
// seen there, with the transport that trusts the front. The host of requests is
// kept: it is signed.
func (s *S3) TLS(t testing.TB) (*S3, http.RoundTripper) {
	t.Helper()
	behind, err := url.Parse(s.Endpoint)
	if err != nil {
		t.Fatal(err)
	}
	front := httptest.NewTLSServer(&httputil.ReverseProxy{
		Rewrite: func(r *httputil.ProxyRequest) {
			r.SetURL(behind)
			r.Out.Host = r.In.Host
		},
	})
	t.Cleanup(front.Close)
	seen := *s
	seen.Endpoint = front.URL
	return &seen, front.Client().Transport
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
