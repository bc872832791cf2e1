package s3

import (
	"bufio"
	"bytes"
	"errors"
	"io"
	"io/fs"
	"net"
	"net/http"
	"testing"

	"github.com/godcp/godcp/fsbase"
)

// A store that refuses may hang up before it has the body, and its answer is
// lost with the line. What was not sent to its end was not done: it is asked
// again, and not told to be unknown.
func TestRefusedBeforeTheBody(t *testing.T) {
	const hangUps = 2
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer l.Close()
	asked := make(chan int, 1)
	go func() {
		n := 0
		defer func() { asked <- n }()
		for {
			c, err := l.Accept()
			if err != nil {
				return
			}
			r, err := http.ReadRequest(bufio.NewReaderSize(c, 4096))
			if err != nil {
				c.Close()
				continue
			}
			if n++; n <= hangUps {
				_ = c.(*net.TCPConn).SetLinger(0)
				c.Close()
				continue
			}
			_, _ = io.Copy(io.Discard, r.Body)
			const body = "<Error><Code>PreconditionFailed</Code></Error>"
			answer := &http.Response{StatusCode: http.StatusPreconditionFailed, ProtoMajor: 1, ProtoMinor: 1, ContentLength: int64(len(body)), Body: io.NopCloser(bytes.NewReader([]byte(body)))}
			_ = answer.Write(c)
			c.Close()
		}
	}()
	transport := http.DefaultTransport.(*http.Transport).Clone()
	transport.ExpectContinueTimeout = 0 // as where the server is slow to say so
	defer transport.CloseIdleConnections()
	f, err := New(clientAt("http://"+l.Addr().String(), transport), bucket, "run", Options{Conditional: ConditionalOn})
	if err != nil {
		t.Fatal(err)
	}
	data := make([]byte, partSize-1) // more than any buffer on the way
	_, err = f.Upload(t.Context(), "a", bytes.NewReader(data), int64(len(data)), fsbase.IfAbsent())
	if !errors.Is(err, fs.ErrExist) || !errors.Is(err, fsbase.ErrPrecondition) || errors.Is(err, fsbase.ErrCommitUnknown) {
		t.Errorf("the store hangs up, and then refuses: %v", err)
	}
	l.Close()
	if n := <-asked; n <= hangUps {
		t.Errorf("asked %d times", n)
	}
}
