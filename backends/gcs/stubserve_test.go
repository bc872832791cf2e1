package gcs

import (
	"bytes"
	"encoding/json"
	"fmt"
	"io"
	"maps"
	"mime/multipart"
	"net/http"
	"slices"
	"strconv"
	"strings"
)

type stubSession struct {
	name, match string
	resource    stubResource
	content     []byte
	done        *stubObject
}

// stubResource is what an upload says of the object.
type stubResource struct {
	CRC32C   string            `json:"crc32c"`
	Metadata map[string]string `json:"metadata"`
}

// serve carries out a request. The caller holds the lock.
func (s *stub) serve(w http.ResponseWriter, r stubRequest, body []byte) {
	switch r.kind {
	case "insert", "session", "part", "last":
		s.upload(w, r, body)
		return
	case "list":
		s.list(w, r)
		return
	}
	o := s.objects[r.name]
	source := r.match
	if r.kind == "move" || r.kind == "copy" {
		source = r.query.Get("ifSourceGenerationMatch")
	}
	switch {
	case o == nil:
		refuse(w, http.StatusNotFound)
		return
	case s.pinless && r.kind == "read":
	case !s.holds(source, r.name):
		refuse(w, http.StatusPreconditionFailed)
		return
	}
	to := r.query.Get("to")
	switch r.kind {
	case "stat":
		reply(w, o.json(r.name))
	case "read":
		o.read(w, r.rng)
	case "delete":
		delete(s.objects, r.name)
		w.WriteHeader(http.StatusNoContent)
	case "move":
		delete(s.objects, r.name)
		reply(w, s.put(to, &stubObject{content: o.content, metadata: o.metadata}).json(to))
	case "copy":
		s.rewrite(w, r, o, to, body)
	}
}

// rewrite copies in two requests if the object is large, to show that the
// client goes on with the token.
func (s *stub) rewrite(w http.ResponseWriter, r stubRequest, o *stubObject, to string, body []byte) {
	if !s.holds(r.match, to) {
		refuse(w, http.StatusPreconditionFailed)
		return
	}
	size := strconv.Itoa(len(o.content))
	if len(o.content) > 1<<20 && r.query.Get("rewriteToken") == "" {
		reply(w, map[string]any{"done": false, "rewriteToken": "half", "objectSize": size, "totalBytesRewritten": "1048576"})
		return
	}
	var res stubResource
	if err := json.Unmarshal(body, &res); err != nil {
		panic(err)
	}
	c := s.put(to, &stubObject{content: o.content, metadata: res.Metadata})
	reply(w, map[string]any{"done": true, "objectSize": size, "totalBytesRewritten": size, "resource": c.json(to)})
}

func (o *stubObject) read(w http.ResponseWriter, rng string) {
	h := w.Header()
	h.Set("X-Goog-Generation", strconv.FormatInt(o.generation, 10))
	h.Set("X-Goog-Hash", "crc32c="+o.hash())
	h.Set("Last-Modified", o.updated.UTC().Format(http.TimeFormat))
	if o.encoding != "" {
		h.Set("X-Goog-Stored-Content-Encoding", o.encoding)
	}
	first, last := 0, len(o.content)-1
	if rng == "" {
		h.Set("Content-Length", strconv.Itoa(len(o.content)))
		_, _ = w.Write(o.content)
		return
	}
	if _, err := fmt.Sscanf(rng, "bytes=%d-%d", &first, &last); err != nil || first >= len(o.content) {
		refuse(w, http.StatusRequestedRangeNotSatisfiable)
		return
	}
	last = min(last, len(o.content)-1)
	h.Set("Content-Range", fmt.Sprintf("bytes %d-%d/%d", first, last, len(o.content)))
	h.Set("Content-Length", strconv.Itoa(last+1-first))
	w.WriteHeader(http.StatusPartialContent)
	_, _ = w.Write(o.content[first : last+1])
}

func (s *stub) list(w http.ResponseWriter, r stubRequest) {
	limit, err := strconv.Atoi(r.query.Get("maxResults"))
	if err != nil {
		limit = 1000
	}
	items := []any{}
	last, next := "", ""
	for _, name := range slices.Sorted(maps.Keys(s.objects)) {
		if name <= r.query.Get("pageToken") || !s.unfiltered && !strings.HasPrefix(name, r.query.Get("prefix")) {
			continue
		}
		if len(items) == limit {
			next = last
			break
		}
		last = name
		items = append(items, s.objects[name].json(name))
	}
	reply(w, map[string]any{"kind": "storage#objects", "items": items, "nextPageToken": next})
}

func (s *stub) upload(w http.ResponseWriter, r stubRequest, body []byte) {
	switch r.kind {
	case "insert":
		res, content, err := splitMultipart(body)
		if err != nil {
			http.Error(w, err.Error(), http.StatusBadRequest)
			return
		}
		s.finish(w, &stubSession{name: r.name, match: r.match, resource: res, content: content})
	case "session":
		var res stubResource
		if err := json.Unmarshal(body, &res); err != nil {
			panic(err)
		}
		if !s.holds(r.match, r.name) {
			refuse(w, http.StatusPreconditionFailed)
			return
		}
		id := fmt.Sprintf("SECRET-%d", len(s.sessions))
		s.sessions[id] = &stubSession{name: r.name, match: r.match, resource: res}
		w.Header().Set("Location", s.URL+"/upload/storage/v1/b/bucket/o?uploadType=resumable&upload_id="+id)
	default:
		s.part(w, r, body)
	}
}

func (s *stub) part(w http.ResponseWriter, r stubRequest, body []byte) {
	up := s.sessions[r.query.Get("upload_id")]
	switch {
	case up == nil:
		refuse(w, http.StatusGone)
	case up.done != nil: // an answer got lost
		reply(w, up.done.json(up.name))
	case r.kind == "part":
		var first int
		if _, err := fmt.Sscanf(r.rng, "bytes %d-", &first); err != nil || first > len(up.content) {
			refuse(w, http.StatusBadRequest)
			return
		}
		up.content = append(up.content[:first], body...)
		w.Header().Set("X-Http-Status-Code-Override", "308")
		w.Header().Set("Range", fmt.Sprintf("bytes=0-%d", len(up.content)-1))
	default:
		up.content = append(up.content, body...)
		if r.hash != "" {
			up.resource.CRC32C = strings.TrimPrefix(r.hash, "crc32c=")
		}
		s.finish(w, up)
	}
}

// finish publishes an upload if its checksum and precondition hold.
func (s *stub) finish(w http.ResponseWriter, up *stubSession) {
	switch {
	case up.resource.CRC32C != "" && up.resource.CRC32C != hashOf(up.content):
		refuse(w, http.StatusBadRequest)
	case !s.holds(up.match, up.name):
		refuse(w, http.StatusPreconditionFailed)
	default:
		up.done = s.put(up.name, &stubObject{content: bytes.Clone(up.content), metadata: up.resource.Metadata})
		reply(w, up.done.json(up.name))
	}
}

// splitMultipart takes an insert apart: a resource and the content.
func splitMultipart(body []byte) (res stubResource, content []byte, err error) {
	boundary, _, _ := bytes.Cut(bytes.TrimPrefix(body, []byte("--")), []byte("\r\n"))
	mr := multipart.NewReader(bytes.NewReader(body), string(boundary))
	p, err := mr.NextPart()
	if err != nil {
		return res, nil, err
	}
	if err := json.NewDecoder(p).Decode(&res); err != nil {
		return res, nil, err
	}
	if p, err = mr.NextPart(); err != nil {
		return res, nil, err
	}
	content, err = io.ReadAll(p)
	return res, content, err
}
