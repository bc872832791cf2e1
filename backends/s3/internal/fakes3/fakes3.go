// Package fakes3 is a server of the part of S3's protocol that package s3
// speaks, in memory and in this process, for tests. It is stricter than S3: a
// body without a CRC-32C is refused. It has what real stores do wrong on
// command: see [Vices] and [Fault].
package fakes3

import (
	"net/http"
	"slices"
	"strings"
	"sync"
	"time"
)

// Server is one store of one bucket. It is safe for concurrent use.
type Server struct {
	Bucket string
	Vices  Vices // set before the first request

	mu       sync.Mutex
	objects  map[string]*object
	uploads  map[string]*upload
	requests []Request
	faults   []*Fault
	made     int // things that need a number
}

// Vices are what a store does wrong all the time.
type Vices struct {
	IgnoreAbsent   bool          // If-None-Match of a write
	IgnoreVersion  bool          // If-Match of a write
	IgnoreComplete bool          // both, of CompleteMultipartUpload alone
	NoConditions   bool          // both are refused as not implemented
	Window         time.Duration // between looking whether a condition holds and writing
	IgnoreReadPin  bool          // If-Match of a GET or HEAD
	IgnoreRange    bool
	OtherETag      bool // CompleteMultipartUpload tells one that no read tells
	Unordered      bool // lists in no order, and below folders only
	PageSize       int  // keys of a list, for 1000
}

// Request is one that was made.
type Request struct {
	Op     string // S3's name for it
	Key    string
	Header http.Header
}

// New returns an empty store.
func New(bucket string) *Server {
	return &Server{Bucket: bucket, objects: map[string]*object{}, uploads: map[string]*upload{}}
}

// Fault is what happens to requests of one operation. Carry carries the request
// out and writes the answer to the writer that it is given.
type Fault struct {
	Op    string // "" for all
	Skip  int    // so many requests are well
	Times int    // so many are not; 0 for all
	Do    func(w http.ResponseWriter, r *http.Request, carry func(http.ResponseWriter))
}

// Break adds a fault. Of two that could happen the first added does.
func (s *Server) Break(f Fault) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.faults = append(s.faults, &f)
}

// Mend removes all faults.
func (s *Server) Mend() {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.faults = nil
}

// fault returns the fault that a request of op meets.
func (s *Server) fault(op string) *Fault {
	s.mu.Lock()
	defer s.mu.Unlock()
	for i, f := range s.faults {
		switch {
		case f.Op != "" && f.Op != op:
			continue
		case f.Skip > 0:
			f.Skip--
			continue
		case f.Times == 1:
			s.faults = slices.Delete(s.faults, i, i+1)
		case f.Times > 1:
			f.Times--
		}
		return f
	}
	return nil
}

// Requests returns what was asked since the last call of it.
func (s *Server) Requests() []Request {
	s.mu.Lock()
	defer s.mu.Unlock()
	r := s.requests
	s.requests = nil
	return r
}

// Ops are the operations of Requests.
func (s *Server) Ops() []string {
	var ops []string
	for _, r := range s.Requests() {
		ops = append(ops, r.Op)
	}
	return ops
}

// ServeHTTP is a request in the path style.
func (s *Server) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	bucket, key, _ := strings.Cut(strings.TrimPrefix(r.URL.Path, "/"), "/")
	op, serve := s.route(r, key)
	s.mu.Lock()
	s.requests = append(s.requests, Request{Op: op, Key: key, Header: r.Header.Clone()})
	s.mu.Unlock()
	carry := func(w http.ResponseWriter) {
		w.Header().Set("X-Amz-Request-Id", "REQUEST")
		if bucket != s.Bucket {
			Fail(w, http.StatusNotFound, "NoSuchBucket")
			return
		}
		serve(w, r, key)
	}
	if f := s.fault(op); f != nil {
		f.Do(w, r, carry)
		return
	}
	carry(w)
}

type handler func(w http.ResponseWriter, r *http.Request, key string)

// route tells operations apart as S3 does.
func (s *Server) route(r *http.Request, key string) (string, handler) {
	q := r.URL.Query()
	copied := r.Header.Get("X-Amz-Copy-Source") != ""
	switch {
	case r.Method == http.MethodPut && q.Has("uploadId") && copied:
		return "UploadPartCopy", s.uploadPartCopy
	case r.Method == http.MethodPut && q.Has("uploadId"):
		return "UploadPart", s.uploadPart
	case r.Method == http.MethodPut && q.Has("renameObject"):
		return "RenameObject", s.renameObject
	case r.Method == http.MethodPut && copied:
		return "CopyObject", s.copyObject
	case r.Method == http.MethodPut:
		return "PutObject", s.putObject
	case r.Method == http.MethodPost && q.Has("uploads"):
		return "CreateMultipartUpload", s.createUpload
	case r.Method == http.MethodPost && q.Has("uploadId"):
		return "CompleteMultipartUpload", s.completeUpload
	case r.Method == http.MethodPost && q.Has("delete"):
		return "DeleteObjects", s.deleteObjects
	case r.Method == http.MethodDelete && q.Has("uploadId"):
		return "AbortMultipartUpload", s.abortUpload
	case r.Method == http.MethodDelete:
		return "DeleteObject", s.deleteObject
	case r.Method == http.MethodHead:
		return "HeadObject", s.headObject
	case r.Method == http.MethodGet && key == "":
		return "ListObjectsV2", s.list
	case r.Method == http.MethodGet:
		return "GetObject", s.getObject
	}
	return r.Method, func(w http.ResponseWriter, _ *http.Request, _ string) {
		Fail(w, http.StatusMethodNotAllowed, "MethodNotAllowed")
	}
}
