package fakes3

import (
	"crypto/md5"
	"encoding/base64"
	"encoding/binary"
	"encoding/hex"
	"hash/crc32"
	"io"
	"net/http"
	"net/url"
	"strings"
	"time"
)

// object is one version of a key; it is never changed.
type object struct {
	content []byte
	etag    string
	time    time.Time
	header  http.Header // what it was put with
}

func newObject(content []byte, etag string, header http.Header) *object {
	return &object{content: content, etag: etag, time: time.Now(), header: header}
}

func etagOf(content []byte) string {
	sum := md5.Sum(content)
	return `"` + hex.EncodeToString(sum[:]) + `"`
}

// CRC32C is a checksum as S3 has it.
func CRC32C(content []byte) string {
	sum := crc32.Checksum(content, crc32.MakeTable(crc32.Castagnoli))
	return base64.StdEncoding.EncodeToString(binary.BigEndian.AppendUint32(nil, sum))
}

// Object returns the content of a key.
func (s *Server) Object(key string) (content []byte, ok bool) {
	s.mu.Lock()
	defer s.mu.Unlock()
	o, ok := s.objects[key]
	if !ok {
		return nil, false
	}
	return o.content, true
}

// Put makes an object, as another client would.
func (s *Server) Put(key, content string) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.objects[key] = newObject([]byte(content), etagOf([]byte(content)), http.Header{})
}

// Keys returns how many objects there are.
func (s *Server) Keys() int {
	s.mu.Lock()
	defer s.mu.Unlock()
	return len(s.objects)
}

// body reads a body and holds it to its checksum.
func body(w http.ResponseWriter, r *http.Request) ([]byte, bool) {
	content, err := io.ReadAll(r.Body)
	if err != nil || int64(len(content)) != r.ContentLength {
		Fail(w, http.StatusBadRequest, "IncompleteBody")
		return nil, false
	}
	switch want := r.Header.Get("X-Amz-Checksum-Crc32c"); want {
	case "":
		Fail(w, http.StatusBadRequest, "MissingChecksum")
		return nil, false
	case CRC32C(content):
		return content, true
	}
	Fail(w, http.StatusBadRequest, "BadDigest")
	return nil, false
}

func (s *Server) putObject(w http.ResponseWriter, r *http.Request, key string) {
	content, ok := body(w, r)
	if !ok {
		return
	}
	o := newObject(content, etagOf(content), r.Header.Clone())
	if s.commit(w, r, key, o, s.Vices) {
		w.Header().Set("ETag", o.etag)
	}
}

// commit makes o the object of key if the conditions of r hold, and else
// answers why not.
func (s *Server) commit(w http.ResponseWriter, r *http.Request, key string, o *object, v Vices) bool {
	ifNone, ifMatch := r.Header.Get("If-None-Match"), r.Header.Get("If-Match")
	if v.NoConditions && ifNone+ifMatch != "" {
		Fail(w, http.StatusNotImplemented, "NotImplemented")
		return false
	}
	if v.IgnoreAbsent {
		ifNone = ""
	}
	if v.IgnoreVersion {
		ifMatch = ""
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	there, ok := s.objects[key]
	switch {
	case ifMatch != "" && !ok:
		Fail(w, http.StatusNotFound, "NoSuchKey")
		return false
	case ifNone == "*" && ok, ifMatch != "" && ifMatch != there.etag:
		Fail(w, http.StatusPreconditionFailed, "PreconditionFailed")
		return false
	}
	if v.Window > 0 && ifNone+ifMatch != "" {
		s.mu.Unlock()
		time.Sleep(v.Window)
		s.mu.Lock()
	}
	s.objects[key] = o
	return true
}

func (s *Server) deleteObject(w http.ResponseWriter, r *http.Request, key string) {
	if ifMatch := r.Header.Get("If-Match"); ifMatch != "" {
		if _, ok := s.find(w, key, ifMatch); !ok {
			return
		}
	}
	s.mu.Lock()
	delete(s.objects, key)
	s.mu.Unlock()
	w.WriteHeader(http.StatusNoContent)
}

// sourceOf is the key that a header names.
func (s *Server) sourceOf(header string) string {
	name, err := url.PathUnescape(header)
	if err != nil {
		return ""
	}
	return strings.TrimPrefix(strings.TrimPrefix(name, "/"), s.Bucket+"/")
}
