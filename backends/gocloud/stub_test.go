package gocloud

import (
	"encoding/base64"
	"encoding/xml"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"net/url"
	"strconv"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/Azure/azure-sdk-for-go/sdk/azcore"
	"github.com/Azure/azure-sdk-for-go/sdk/azcore/policy"
	"github.com/Azure/azure-sdk-for-go/sdk/storage/azblob/container"
	"gocloud.dev/blob"
	"gocloud.dev/blob/azureblob"
)

// stub is a server of the part of Azure's protocol that writes and reads need,
// made from the same documentation as the package: it shows that the package
// does what was meant when requests go wrong. That conditions are honoured is
// shown on Azurite, in e2e.
type stub struct {
	mu       sync.Mutex
	blobs    map[string]*stubBlob
	blocks   map[string]map[string][]byte // uncommitted, by name and id
	etag     int
	requests []stubRequest
	fault    func(stubRequest) fault
	pinless  bool // reads ignore their condition

	*httptest.Server
}

type stubBlob struct {
	content []byte
	etag    string
	mark    string
}

// stubRequest is what came, in short.
type stubRequest struct {
	kind string // stat, read, put, block, commit, delete
	name string
	cond string // If-Match or If-None-Match
}

// fault says what goes wrong with a request.
type fault struct {
	status int    // the answer instead of the true one, 0 for that
	code   string // Azure's word for it
	after  bool   // the request is carried out first
	cut    int    // bytes after which the answer breaks off, if status is -1
	hang   bool   // no answer until the client goes away
	drop   bool   // the connection breaks before an answer
}

func newStub(t testing.TB) *stub {
	s := &stub{blobs: map[string]*stubBlob{}, blocks: map[string]map[string][]byte{}}
	s.Server = httptest.NewServer(s)
	t.Cleanup(s.Close)
	return s
}

// fs is a container of the stub, whose client asks three times at most.
func (s *stub) fs(t testing.TB) *FS {
	t.Helper()
	c, err := container.NewClientWithNoCredential(s.URL+"/account/container?sig=SECRET", &container.ClientOptions{
		ClientOptions: azcore.ClientOptions{
			Transport: s.Client(),
			Retry:     policy.RetryOptions{MaxRetries: 2, RetryDelay: 5 * time.Millisecond, MaxRetryDelay: 10 * time.Millisecond},
		},
	})
	if err != nil {
		t.Fatal(err)
	}
	bucket, err := azureblob.OpenBucket(t.Context(), c, nil)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { bucket.Close() })
	return wrap(t, bucket)
}

func wrap(t testing.TB, bucket *blob.Bucket) *FS {
	t.Helper()
	f, err := Wrap(bucket)
	if err != nil {
		t.Fatal(err)
	}
	f.block = 64 << 10
	f.stall, f.patience = 500*time.Millisecond, 700*time.Millisecond
	return f
}

func (s *stub) setFault(f func(stubRequest) fault) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.fault = f
}

func (s *stub) blob(name string) *stubBlob {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.blobs[name]
}

func (s *stub) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	body, err := io.ReadAll(r.Body)
	if err != nil {
		return
	}
	name, err := url.PathUnescape(strings.TrimPrefix(r.URL.EscapedPath(), "/account/container/"))
	if err != nil {
		refuse(w, http.StatusBadRequest, "InvalidUri")
		return
	}
	req := stubRequest{
		kind: map[string]string{"HEAD": "stat", "GET": "read", "PUT": "put", "DELETE": "delete"}[r.Method], name: name,
		cond: r.Header.Get("If-Match") + r.Header.Get("If-None-Match"),
	}
	switch r.URL.Query().Get("comp") {
	case "block":
		req.kind = "block"
	case "blocklist":
		req.kind = "commit"
	}
	s.mu.Lock()
	s.requests = append(s.requests, req)
	var f fault
	if s.fault != nil {
		f = s.fault(req)
	}
	s.mu.Unlock()
	if f.drop {
		panic(http.ErrAbortHandler)
	}
	if f.hang {
		<-r.Context().Done()
		return
	}
	rec := httptest.NewRecorder()
	if f.status == 0 || f.after {
		s.mu.Lock()
		s.serve(rec, r, req, body)
		s.mu.Unlock()
	}
	if f.status > 0 {
		refuse(w, f.status, f.code)
		return
	}
	if f.status < 0 {
		s.mu.Lock()
		s.serve(rec, r, req, body)
		s.mu.Unlock()
	}
	for k, v := range rec.Header() {
		w.Header()[k] = v
	}
	w.WriteHeader(rec.Code)
	if f.status < 0 {
		_, _ = w.Write(rec.Body.Bytes()[:min(f.cut, rec.Body.Len())])
		_ = http.NewResponseController(w).Flush()
		panic(http.ErrAbortHandler)
	}
	_, _ = io.Copy(w, rec.Body)
}

func refuse(w http.ResponseWriter, status int, code string) {
	w.Header().Set("X-Ms-Error-Code", code)
	w.WriteHeader(status)
}

// serve carries out a request. The caller holds the lock.
func (s *stub) serve(w http.ResponseWriter, r *http.Request, req stubRequest, body []byte) {
	b := s.blobs[req.name]
	writes := req.kind == "put" || req.kind == "commit"
	switch {
	case !writes && req.kind != "block" && b == nil:
		refuse(w, http.StatusNotFound, "BlobNotFound")
		return
	case s.pinless && req.kind == "read":
	case req.cond == "*" && b != nil:
		refuse(w, http.StatusConflict, "BlobAlreadyExists")
		return
	case req.cond == `"*"` && b != nil: // as Azurite 3.37.0 has it
	case req.cond != "*" && req.cond != "" && (b == nil || b.etag != req.cond):
		refuse(w, http.StatusPreconditionFailed, "ConditionNotMet")
		return
	}
	switch req.kind {
	case "stat", "read":
		b.answer(w, r)
	case "delete":
		delete(s.blobs, req.name)
		w.WriteHeader(http.StatusAccepted)
	case "block":
		if s.blocks[req.name] == nil {
			s.blocks[req.name] = map[string][]byte{}
		}
		s.blocks[req.name][r.URL.Query().Get("blockid")] = body
		w.WriteHeader(http.StatusCreated)
	case "commit":
		var list struct {
			Latest []string `xml:"Latest"`
		}
		if err := xml.Unmarshal(body, &list); err != nil {
			panic(err)
		}
		body = nil
		for _, id := range list.Latest {
			part, ok := s.blocks[req.name][id]
			if !ok {
				refuse(w, http.StatusBadRequest, "InvalidBlockList")
				return
			}
			body = append(body, part...)
		}
		s.put(w, req.name, body, r.Header.Get("X-Ms-Meta-"+markKey))
	case "put":
		s.put(w, req.name, body, r.Header.Get("X-Ms-Meta-"+markKey))
	}
}

// put makes a blob, and drops the uncommitted blocks of the name.
func (s *stub) put(w http.ResponseWriter, name string, content []byte, mark string) *stubBlob {
	s.etag++
	b := &stubBlob{content: content, etag: fmt.Sprintf(`"0x%X"`, s.etag), mark: mark}
	s.blobs[name] = b
	delete(s.blocks, name)
	if w != nil {
		w.Header().Set("ETag", b.etag)
		w.Header().Set("Last-Modified", time.Now().UTC().Format(http.TimeFormat))
		w.WriteHeader(http.StatusCreated)
	}
	return b
}

func (b *stubBlob) answer(w http.ResponseWriter, r *http.Request) {
	h := w.Header()
	now := time.Now().UTC().Format(http.TimeFormat)
	h.Set("ETag", b.etag)
	h.Set("Last-Modified", now)
	h.Set("X-Ms-Creation-Time", now)
	h.Set("X-Ms-Meta-"+markKey, b.mark)
	h.Set("Content-MD5", base64.StdEncoding.EncodeToString(make([]byte, 16)))
	first, last := 0, len(b.content)-1
	if rng := r.Header.Get("X-Ms-Range"); rng != "" {
		if _, err := fmt.Sscanf(rng, "bytes=%d-%d", &first, &last); err != nil || first >= len(b.content) {
			refuse(w, http.StatusRequestedRangeNotSatisfiable, "InvalidRange")
			return
		}
		last = min(last, len(b.content)-1)
		h.Set("Content-Range", fmt.Sprintf("bytes %d-%d/%d", first, last, len(b.content)))
	}
	h.Set("Content-Length", strconv.Itoa(last+1-first))
	if h.Get("Content-Range") != "" {
		w.WriteHeader(http.StatusPartialContent)
	}
	_, _ = w.Write(b.content[first : last+1])
}
