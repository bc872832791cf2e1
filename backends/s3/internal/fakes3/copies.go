package fakes3

import (
	"fmt"
	"net/http"
	"time"
)

func (s *Server) copyObject(w http.ResponseWriter, r *http.Request, key string) {
	from := s.sourceOf(r.Header.Get("X-Amz-Copy-Source"))
	o, ok := s.find(w, from, r.Header.Get("X-Amz-Copy-Source-If-Match"))
	if !ok {
		return
	}
	if from == key {
		Fail(w, http.StatusBadRequest, "InvalidRequest")
		return
	}
	c := newObject(o.content, o.etag, o.header)
	s.mu.Lock()
	s.objects[key] = c // CopyObject ignores conditions on its target
	s.mu.Unlock()
	reply(w, copyResult{ETag: c.etag, LastModified: c.time.UTC().Format(time.RFC3339)}, "CopyObjectResult")
}

type copyResult struct {
	ETag, LastModified, ChecksumCRC32C string
}

func (s *Server) uploadPartCopy(w http.ResponseWriter, r *http.Request, key string) {
	o, ok := s.find(w, s.sourceOf(r.Header.Get("X-Amz-Copy-Source")), r.Header.Get("X-Amz-Copy-Source-If-Match"))
	if !ok {
		return
	}
	var from, to int
	if _, err := fmt.Sscanf(r.Header.Get("X-Amz-Copy-Source-Range"), "bytes=%d-%d", &from, &to); err != nil || to >= len(o.content) {
		Fail(w, http.StatusBadRequest, "InvalidArgument")
		return
	}
	if p, ok := s.addPart(w, r, o.content[from:to+1]); ok {
		now := time.Now().UTC().Format(time.RFC3339)
		reply(w, copyResult{ETag: p.etag, LastModified: now, ChecksumCRC32C: CRC32C(p.content)}, "CopyPartResult")
	}
}

func (s *Server) renameObject(w http.ResponseWriter, r *http.Request, key string) {
	from := s.sourceOf(r.Header.Get("X-Amz-Rename-Source"))
	o, ok := s.find(w, from, "")
	if !ok {
		return
	}
	s.mu.Lock()
	delete(s.objects, from)
	s.objects[key] = o
	s.mu.Unlock()
}
