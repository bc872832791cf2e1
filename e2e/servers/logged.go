package servers

import (
	"net/http"
	"net/http/httptest"
	"net/http/httputil"
	"net/url"
	"testing"
)

// Logged puts a front before the server that remembers what was asked, by
// whatever process, and returns the server as it is seen there. The host of
// requests is kept: it is signed.
func (s *S3) Logged(t testing.TB) (*S3, *Log) {
	t.Helper()
	behind, err := url.Parse(s.Endpoint)
	if err != nil {
		t.Fatal(err)
	}
	log := &Log{Inner: http.DefaultTransport}
	front := httptest.NewServer(&httputil.ReverseProxy{Transport: log, Rewrite: func(r *httputil.ProxyRequest) {
		r.SetURL(behind)
		r.Out.Host = r.In.Host
	}})
	t.Cleanup(front.Close)
	seen := *s
	seen.Endpoint = front.URL
	return &seen, log
}
