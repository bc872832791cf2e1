package fakes3

import (
	"fmt"
	"net/http"
	"strconv"
)

// find answers a read of a key that is not there, or not as it was.
func (s *Server) find(w http.ResponseWriter, key, ifMatch string) (*object, bool) {
	s.mu.Lock()
	defer s.mu.Unlock()
	o, ok := s.objects[key]
	switch {
	case !ok:
		Fail(w, http.StatusNotFound, "NoSuchKey")
		return nil, false
	case ifMatch != "" && ifMatch != o.etag:
		Fail(w, http.StatusPreconditionFailed, "PreconditionFailed")
		return nil, false
	}
	return o, true
}

func (s *Server) headObject(w http.ResponseWriter, r *http.Request, key string) {
	s.read(w, r, key, false)
}

func (s *Server) getObject(w http.ResponseWriter, r *http.Request, key string) {
	s.read(w, r, key, true)
}

func (s *Server) read(w http.ResponseWriter, r *http.Request, key string, ranged bool) {
	ifMatch := r.Header.Get("If-Match")
	if s.Vices.IgnoreReadPin {
		ifMatch = ""
	}
	o, ok := s.find(w, key, ifMatch)
	if !ok {
		return
	}
	h := w.Header()
	h.Set("ETag", o.etag)
	h.Set("Last-Modified", o.time.UTC().Format(http.TimeFormat))
	if tag := o.header.Get("X-Amz-Meta-Godcp-Upload"); tag != "" {
		h.Set("X-Amz-Meta-Godcp-Upload", tag)
	}
	content, status := o.content, http.StatusOK
	if span := r.Header.Get("Range"); span != "" && ranged && !s.Vices.IgnoreRange {
		var from, to int
		if _, err := fmt.Sscanf(span, "bytes=%d-%d", &from, &to); err != nil || from >= len(content) {
			h.Set("Content-Range", fmt.Sprintf("bytes */%d", len(content)))
			Fail(w, http.StatusRequestedRangeNotSatisfiable, "InvalidRange")
			return
		}
		to = min(to, len(content)-1)
		h.Set("Content-Range", fmt.Sprintf("bytes %d-%d/%d", from, to, len(content)))
		content, status = content[from:to+1], http.StatusPartialContent
	}
	h.Set("Content-Length", strconv.Itoa(len(content)))
	w.WriteHeader(status)
	if r.Method == http.MethodGet {
		_, _ = w.Write(content) // a client that goes away is no fault of the store
	}
}
