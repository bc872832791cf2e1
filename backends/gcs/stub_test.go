package gcs

import (
	"encoding/base64"
	"encoding/json"
	"fmt"
	"hash/crc32"
	"io"
	"net/http"
	"net/http/httptest"
	"net/url"
	"strconv"
	"strings"
	"sync"
	"testing"
	"time"

	"cloud.google.com/go/storage"
	"google.golang.org/api/option"
)

// stub is a server of the part of Google's JSON API that this package uses,
// with the preconditions as Google documents them. It is made from the same
// documentation as the package, so it shows that the package does what was
// meant and not that the service does; what no emulator honours is tested here
// all the same: moves, and conditions of reads, deletes and copies.
//
// It records requests, and fails them on command.
type stub struct {
	mu         sync.Mutex
	objects    map[string]*stubObject
	sessions   map[string]*stubSession
	generation int64
	requests   []stubRequest
	fault      func(stubRequest) fault
	pinless    bool // reads ignore the generation, as emulators do
	unfiltered bool // lists ignore the prefix

	*httptest.Server
}

type stubObject struct {
	content    []byte
	generation int64
	metadata   map[string]string
	updated    time.Time
	encoding   string
	crc32c     string // "" for the true one
}

// stubRequest is what came, in short.
type stubRequest struct {
	kind  string // stat, read, list, delete, move, copy, insert, session, part, last
	name  string
	match string // ifGenerationMatch
	hash  string // CRC32C that came along
	query url.Values
	body  int // bytes of content
	rng   string
}

// fault says what goes wrong with a request.
type fault struct {
	status int  // the answer instead of the true one, 0 for that
	after  bool // the request is carried out first
	cut    int  // bytes of the answer after which the connection breaks, if status is -1
	hang   bool // no answer until the client goes away
	drop   bool // the connection breaks before an answer
}

func newStub(t testing.TB) *stub {
	s := &stub{objects: map[string]*stubObject{}, sessions: map[string]*stubSession{}, generation: 1000}
	s.Server = httptest.NewServer(s)
	t.Cleanup(s.Close)
	return s
}

// client speaks to the stub with reads over the JSON API.
func (s *stub) client(t testing.TB, opts ...option.ClientOption) *storage.Client {
	t.Helper()
	opts = append([]option.ClientOption{
		option.WithEndpoint(s.URL + "/storage/v1/"), option.WithHTTPClient(s.Client()), storage.WithJSONReads(),
	}, opts...)
	c, err := storage.NewClient(t.Context(), opts...)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { c.Close() })
	return c
}

// fs is a bucket of the stub, with little patience and small parts.
func (s *stub) fs(t testing.TB, opts ...option.ClientOption) *FS {
	t.Helper()
	f, err := New(s.client(t, opts...), "bucket")
	if err != nil {
		t.Fatal(err)
	}
	f.chunk = 256 << 10
	f.pace = pace{stall: 2 * time.Second, patience: 4 * time.Second}
	return f
}

func (s *stub) setFault(f func(stubRequest) fault) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.fault = f
}

func (s *stub) object(name string) *stubObject {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.objects[name]
}

// did returns the requests so far, and forgets them.
func (s *stub) did() []stubRequest {
	s.mu.Lock()
	defer s.mu.Unlock()
	defer func() { s.requests = nil }()
	return s.requests
}

func (s *stub) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	req, body, err := parseRequest(r)
	if err != nil {
		http.Error(w, err.Error(), http.StatusBadRequest)
		return
	}
	s.mu.Lock()
	s.requests = append(s.requests, req)
	var f fault
	if s.fault != nil {
		f = s.fault(req)
	}
	s.mu.Unlock()
	if f.hang {
		<-r.Context().Done()
		return
	}
	if f.drop {
		panic(http.ErrAbortHandler)
	}
	if f.status > 0 && !f.after {
		refuse(w, f.status)
		return
	}
	rec := httptest.NewRecorder()
	s.mu.Lock()
	s.serve(rec, req, body)
	s.mu.Unlock()
	switch {
	case f.status > 0:
		refuse(w, f.status)
	case f.status < 0:
		rec.Header().Set("Content-Length", strconv.Itoa(rec.Body.Len()))
		copyHeader(w, rec)
		_, _ = w.Write(rec.Body.Bytes()[:min(f.cut, rec.Body.Len())])
		_ = http.NewResponseController(w).Flush()
		panic(http.ErrAbortHandler)
	default:
		copyHeader(w, rec)
		_, _ = io.Copy(w, rec.Body)
	}
}

func copyHeader(w http.ResponseWriter, rec *httptest.ResponseRecorder) {
	for k, v := range rec.Header() {
		w.Header()[k] = v
	}
	w.WriteHeader(rec.Code)
}

func refuse(w http.ResponseWriter, status int) {
	w.Header().Set("Content-Type", "application/json")
	w.WriteHeader(status)
	fmt.Fprintf(w, `{"error":{"code":%d,"message":"the stub says %[1]d"}}`, status)
}

// parseRequest tells what a request wants.
func parseRequest(r *http.Request) (req stubRequest, body []byte, err error) {
	if body, err = io.ReadAll(r.Body); err != nil {
		return req, nil, err
	}
	q := r.URL.Query()
	req = stubRequest{name: q.Get("name"), match: q.Get("ifGenerationMatch"), query: q, rng: r.Header.Get("Range")}
	path := strings.Split(strings.Trim(r.URL.EscapedPath(), "/"), "/")
	unescape := func(s string) string {
		s, uerr := url.PathUnescape(s)
		if uerr != nil {
			err = uerr
		}
		return s
	}
	switch {
	case path[0] == "upload" && q.Get("upload_id") != "":
		req.kind, req.rng, req.body = "part", r.Header.Get("Content-Range"), len(body)
		if !strings.HasSuffix(req.rng, "/*") {
			req.kind, req.hash = "last", r.Header.Get("X-Goog-Hash")
		}
	case path[0] == "upload" && q.Get("uploadType") == "resumable":
		req.kind = "session"
	case path[0] == "upload":
		req.kind = "insert"
	case path[0] != "storage": // the XML API: /bucket/object
		req.kind, req.name, req.match = "read", unescape(path[1]), r.Header.Get("X-Goog-If-Generation-Match")
	case len(path) == 5:
		req.kind = "list"
	default: // storage v1 b bucket o object …
		req.name = unescape(path[5])
		switch {
		case r.Method == http.MethodDelete:
			req.kind = "delete"
		case len(path) > 6 && path[6] == "moveTo":
			req.kind, req.query = "move", with(q, "to", unescape(path[8]))
		case len(path) > 6 && path[6] == "rewriteTo":
			req.kind, req.query = "copy", with(q, "to", unescape(path[10]))
		case q.Get("alt") == "media":
			req.kind = "read"
		default:
			req.kind = "stat"
		}
	}
	return req, body, err
}

func with(q url.Values, k, v string) url.Values {
	q.Set(k, v)
	return q
}

func (s *stub) put(name string, o *stubObject) *stubObject {
	s.generation++
	o.generation, o.updated = s.generation, time.Now()
	s.objects[name] = o
	return o
}

// holds tells whether a precondition does.
func (s *stub) holds(match, name string) bool {
	generation := int64(0)
	if o := s.objects[name]; o != nil {
		generation = o.generation
	}
	return match == "" || match == strconv.FormatInt(generation, 10)
}

func hashOf(content []byte) string {
	sum := crc32.Checksum(content, castagnoli)
	return base64.StdEncoding.EncodeToString([]byte{byte(sum >> 24), byte(sum >> 16), byte(sum >> 8), byte(sum)})
}

func (o *stubObject) hash() string {
	if o.crc32c != "" {
		return o.crc32c
	}
	return hashOf(o.content)
}

func (o *stubObject) json(name string) map[string]any {
	return map[string]any{
		"kind": "storage#object", "bucket": "bucket", "name": name, "size": strconv.Itoa(len(o.content)),
		"generation": strconv.FormatInt(o.generation, 10), "metageneration": "1", "crc32c": o.hash(),
		"updated": o.updated.Format(time.RFC3339Nano), "metadata": o.metadata, "contentEncoding": o.encoding,
	}
}

func reply(w http.ResponseWriter, v any) {
	w.Header().Set("Content-Type", "application/json")
	if err := json.NewEncoder(w).Encode(v); err != nil {
		panic(err)
	}
}
