package servers

import (
	"bytes"
	"context"
	"encoding/xml"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"net/url"
	"strings"
	"sync"
	"time"
)

// FaultProxy is a way to a server on which things go wrong by a schedule.
type FaultProxy struct {
	*Schedule
	URL string

	back  *url.URL
	front *httptest.Server
	inner *http.Transport
	late  sync.WaitGroup

	mu   sync.Mutex
	lost map[string]bool // uploads whose begin was done and never told
}

// Faulty starts a proxy before the server, which lives until Close.
func (s *S3) Faulty(schedule *Schedule) (*FaultProxy, error) {
	back, err := url.Parse(s.Endpoint)
	if err != nil {
		return nil, err
	}
	p := &FaultProxy{
		Schedule: schedule, back: back, lost: map[string]bool{},
		inner: &http.Transport{MaxIdleConnsPerHost: 16, DisableCompression: true},
	}
	p.front = httptest.NewServer(p)
	p.URL = p.front.URL
	return p, nil
}

// Close ends the proxy, and returns when nothing of it runs any more.
func (p *FaultProxy) Close() {
	p.front.Close()
	p.Settle()
	p.inner.CloseIdleConnections()
}

// Settle returns when the server has done what comes late.
func (p *FaultProxy) Settle() { p.late.Wait() }

// Lost tells whether an upload was begun, and nobody was told its name: so
// nobody can remove it.
func (p *FaultProxy) Lost(uploadID string) bool {
	p.mu.Lock()
	defer p.mu.Unlock()
	return p.lost[uploadID]
}

func (p *FaultProxy) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	f := p.of(r)
	switch f {
	case DropBefore:
		panic(http.ErrAbortHandler)
	case DropWithin:
		_, _ = io.CopyN(io.Discard, r.Body, r.ContentLength/2)
		reset(w)
		return
	case Busy:
		answerError(w, http.StatusServiceUnavailable, "SlowDown")
		return
	case Refused:
		answerError(w, http.StatusForbidden, "AccessDenied")
		return
	case Late:
		p.doLater(r)
		panic(http.ErrAbortHandler)
	case Slow:
		r.Body = struct {
			io.Reader
			io.Closer
		}{slowly{r.Body, max(1, r.ContentLength/pieces)}, r.Body}
	}
	resp, body, err := p.do(r)
	if err != nil {
		panic(http.ErrAbortHandler) // the client went away, or the server
	}
	switch f {
	case DropAfter:
		p.lose(r, body)
		panic(http.ErrAbortHandler)
	case ResetAfter:
		p.lose(r, body)
		reset(w)
	case Failed:
		p.lose(r, body)
		answerError(w, http.StatusInternalServerError, "InternalError")
	default:
		p.answer(w, r, resp, body, f)
	}
}

// do asks the server, and has all of its answer.
func (p *FaultProxy) do(r *http.Request) (*http.Response, []byte, error) {
	out := r.Clone(r.Context())
	out.RequestURI = ""
	out.URL.Scheme, out.URL.Host = p.back.Scheme, p.back.Host // and not Host, which is signed
	out.Header.Del("Expect")                                  // answered here
	resp, err := p.inner.RoundTrip(out)
	if err != nil {
		return nil, nil, err
	}
	defer resp.Body.Close()
	body, err := io.ReadAll(resp.Body)
	return resp, body, err
}

// lateness is how much later the server sees what comes late.
const lateness = 60 * time.Millisecond

// doLater has the server do what the client was never told of.
func (p *FaultProxy) doLater(r *http.Request) {
	body, err := io.ReadAll(r.Body)
	if err != nil {
		return
	}
	late := r.Clone(context.WithoutCancel(r.Context()))
	late.Body = io.NopCloser(bytes.NewReader(body))
	p.late.Go(func() {
		time.Sleep(lateness)
		_, _, _ = p.do(late) // nobody is told
	})
}

// pieces are what slow bytes come in, and pace the time between them.
const (
	pieces = 8
	pace   = 3 * time.Millisecond
)

func (p *FaultProxy) answer(w http.ResponseWriter, r *http.Request, resp *http.Response, body []byte, f Fault) {
	for name, values := range resp.Header {
		w.Header()[name] = values
	}
	w.WriteHeader(resp.StatusCode)
	switch {
	case f == Truncated && len(body) > 0:
		p.lose(r, body)
		_, _ = w.Write(body[:len(body)/2])
		panic(http.ErrAbortHandler)
	case f == Slow:
		_, _ = io.CopyBuffer(flushing{w}, slowly{bytes.NewReader(body), max(1, int64(len(body)/pieces))}, make([]byte, 1+len(body)/pieces))
	default:
		_, _ = w.Write(body)
	}
}

// lose remembers what cannot be known without an answer.
func (p *FaultProxy) lose(r *http.Request, body []byte) {
	var begun struct{ UploadId string }
	if !r.URL.Query().Has("uploads") || xml.Unmarshal(body, &begun) != nil {
		return
	}
	p.mu.Lock()
	defer p.mu.Unlock()
	p.lost[begun.UploadId] = true
}

// slowly is a reader of few bytes at a time.
type slowly struct {
	io.Reader
	most int64
}

func (s slowly) Read(b []byte) (int, error) {
	time.Sleep(pace)
	return s.Reader.Read(b[:min(int64(len(b)), s.most)])
}

type flushing struct{ http.ResponseWriter }

func (f flushing) Write(b []byte) (int, error) {
	n, err := f.ResponseWriter.Write(b)
	f.ResponseWriter.(http.Flusher).Flush()
	return n, err
}

// reset ends a connection so that the client's system says so.
func reset(w http.ResponseWriter) {
	c, _, err := w.(http.Hijacker).Hijack()
	if err != nil {
		panic(http.ErrAbortHandler)
	}
	_ = c.(*net.TCPConn).SetLinger(0)
	c.Close()
}

func answerError(w http.ResponseWriter, status int, code string) {
	w.Header().Set("Content-Type", "application/xml")
	w.WriteHeader(status)
	_, _ = io.Copy(w, strings.NewReader("<Error><Code>"+code+"</Code><Message>said by the proxy</Message></Error>"))
}
