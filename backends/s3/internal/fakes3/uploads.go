package fakes3

import (
	"crypto/md5"
	"encoding/hex"
	"encoding/xml"
	"fmt"
	"maps"
	"net/http"
	"strconv"
)

// upload is one multipart upload.
type upload struct {
	key    string
	header http.Header
	parts  map[int]part
}

type part struct {
	content []byte
	etag    string
}

// Uploads returns how many uploads are neither completed nor aborted.
func (s *Server) Uploads() int {
	s.mu.Lock()
	defer s.mu.Unlock()
	return len(s.uploads)
}

func (s *Server) createUpload(w http.ResponseWriter, r *http.Request, key string) {
	s.mu.Lock()
	s.made++
	id := fmt.Sprintf("upload-%d", s.made)
	s.uploads[id] = &upload{key: key, header: r.Header.Clone(), parts: map[int]part{}}
	s.mu.Unlock()
	reply(w, struct{ Bucket, Key, UploadId string }{s.Bucket, key, id}, "InitiateMultipartUploadResult")
}

func (s *Server) uploadPart(w http.ResponseWriter, r *http.Request, _ string) {
	content, ok := body(w, r)
	if !ok {
		return
	}
	if p, ok := s.addPart(w, r, content); ok {
		w.Header().Set("ETag", p.etag)
	}
}

// addPart keeps a part of the upload that r names.
func (s *Server) addPart(w http.ResponseWriter, r *http.Request, content []byte) (part, bool) {
	p := part{content, etagOf(content)}
	number, err := strconv.Atoi(r.URL.Query().Get("partNumber"))
	s.mu.Lock()
	defer s.mu.Unlock()
	u := s.uploads[r.URL.Query().Get("uploadId")]
	if u == nil {
		Fail(w, http.StatusNotFound, "NoSuchUpload")
		return p, false
	}
	if err != nil || number < 1 || number > 10_000 {
		Fail(w, http.StatusBadRequest, "InvalidArgument")
		return p, false
	}
	if copied := r.Header.Get("X-Amz-Copy-Source") != ""; copied == (u.header.Get("X-Amz-Checksum-Algorithm") == "CRC32C") {
		Fail(w, http.StatusBadRequest, "InvalidArgument") // as minio has it
		return p, false
	}
	u.parts[number] = p
	return p, true
}

func (s *Server) abortUpload(w http.ResponseWriter, r *http.Request, _ string) {
	s.mu.Lock()
	defer s.mu.Unlock()
	id := r.URL.Query().Get("uploadId")
	if s.uploads[id] == nil {
		Fail(w, http.StatusNotFound, "NoSuchUpload")
		return
	}
	delete(s.uploads, id)
	w.WriteHeader(http.StatusNoContent)
}

// leastPart is the least size of a part that is not the last.
const leastPart = 5 << 20

func (s *Server) completeUpload(w http.ResponseWriter, r *http.Request, key string) {
	id := r.URL.Query().Get("uploadId")
	s.mu.Lock()
	u := s.uploads[id]
	s.mu.Unlock()
	if u == nil {
		Fail(w, http.StatusNotFound, "NoSuchUpload")
		return
	}
	var asked struct {
		Part []struct {
			PartNumber           int
			ETag, ChecksumCRC32C string
		}
	}
	if err := xml.NewDecoder(r.Body).Decode(&asked); err != nil || len(asked.Part) == 0 {
		Fail(w, http.StatusBadRequest, "MalformedXML")
		return
	}
	s.mu.Lock()
	parts := maps.Clone(u.parts)
	s.mu.Unlock()
	var content []byte
	sums := md5.New()
	for i, a := range asked.Part {
		p, ok := parts[a.PartNumber]
		switch {
		case !ok, a.ETag != p.etag, a.ChecksumCRC32C != CRC32C(p.content):
			Fail(w, http.StatusBadRequest, "InvalidPart")
			return
		case i > 0 && a.PartNumber <= asked.Part[i-1].PartNumber:
			Fail(w, http.StatusBadRequest, "InvalidPartOrder")
			return
		case i < len(asked.Part)-1 && len(p.content) < leastPart:
			Fail(w, http.StatusBadRequest, "EntityTooSmall")
			return
		}
		content = append(content, p.content...)
		sum := md5.Sum(p.content)
		sums.Write(sum[:])
	}
	etag := fmt.Sprintf(`"%s-%d"`, hex.EncodeToString(sums.Sum(nil)), len(asked.Part))
	o := newObject(content, etag, u.header)
	v := s.Vices
	if v.OtherETag {
		o.etag = etagOf(content)
	}
	v.IgnoreAbsent, v.IgnoreVersion = v.IgnoreAbsent || v.IgnoreComplete, v.IgnoreVersion || v.IgnoreComplete
	if !s.commit(w, r, key, o, v) {
		return
	}
	s.mu.Lock()
	delete(s.uploads, id)
	s.mu.Unlock()
	reply(w, struct{ ETag string }{etag}, "CompleteMultipartUploadResult")
}
