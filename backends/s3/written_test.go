package s3

import (
	"context"
	"net"
	"net/http"
	"net/http/httptest"
	"sync/atomic"
	"syscall"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/godcp/godcp/backends/s3/internal/fakes3"
	"github.com/godcp/godcp/fsbase"
)

// A body that was read to its end and did not go out to its end was not
// delivered, with TLS and without.
func TestCutInTheLastBytes(t *testing.T) {
	const size = 1 << 20
	for scheme, start := range map[string]func(http.Handler) *httptest.Server{"http": httptest.NewServer, "https": httptest.NewTLSServer} {
		t.Run(scheme, func(t *testing.T) {
			s := fakes3.New(bucket)
			server := start(s)
			defer server.Close()
			transport := server.Client().Transport.(*http.Transport).Clone()
			defer transport.CloseIdleConnections()
			transport.ExpectContinueTimeout = time.Minute
			var dials atomic.Int32
			transport.DialContext = func(ctx context.Context, network, address string) (net.Conn, error) {
				c, err := new(net.Dialer).DialContext(ctx, network, address)
				if err == nil && dials.Add(1) == 1 {
					c = &shortConn{Conn: c, left: size - 8<<10} // the transport copies 32 KiB at once
				}
				return c, err
			}
			f, err := New(clientAt(server.URL, transport), bucket, "run/step", Options{Conditional: ConditionalOn})
			if err != nil {
				t.Fatal(err)
			}
			data := content(size)
			if _, err := writes["upload"](t.Context(), f, "a", data, fsbase.IfAbsent()); err != nil {
				t.Error(err)
			} else {
				want(t, s, "run/step/a", data)
			}
			if d := cmp.Diff([]string{"PutObject", "HeadObject", "PutObject"}, s.Ops()); d != "" {
				t.Error(d)
			}
		})
	}
}

// shortConn breaks after so many written bytes.
type shortConn struct {
	net.Conn
	left int
}

func (c *shortConn) Write(p []byte) (int, error) {
	if len(p) <= c.left {
		c.left -= len(p)
		return c.Conn.Write(p)
	}
	n, _ := c.Conn.Write(p[:c.left])
	c.left = 0
	c.Close()
	return n, &net.OpError{Op: "write", Net: "tcp", Err: syscall.ECONNRESET}
}
