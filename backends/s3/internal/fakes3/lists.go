package fakes3

import (
	"maps"
	"net/http"
	"net/url"
	"slices"
	"strings"
	"time"
)

type listed struct {
	Key, LastModified, ETag string
	Size                    int
}

func (s *Server) list(w http.ResponseWriter, r *http.Request, _ string) {
	q := r.URL.Query()
	prefix, after := q.Get("prefix"), q.Get("continuation-token")
	if s.Vices.Unordered && prefix != "" && !strings.HasSuffix(prefix, "/") {
		Fail(w, http.StatusBadRequest, "InvalidRequest")
		return
	}
	size := s.Vices.PageSize
	if size == 0 {
		size = 1000
	}
	var page struct {
		Contents              []listed
		EncodingType          string
		IsTruncated           bool
		NextContinuationToken string `xml:",omitempty"`
	}
	page.EncodingType = q.Get("encoding-type")
	s.mu.Lock()
	defer s.mu.Unlock()
	for _, key := range slices.Sorted(maps.Keys(s.objects)) {
		if !strings.HasPrefix(key, prefix) || key <= after {
			continue
		}
		if len(page.Contents) == size {
			page.IsTruncated = true
			break
		}
		page.NextContinuationToken = key
		o := s.objects[key]
		name := key
		if page.EncodingType == "url" {
			name = url.QueryEscape(key)
		}
		page.Contents = append(page.Contents, listed{name, o.time.UTC().Format(time.RFC3339Nano), o.etag, len(o.content)})
	}
	if !page.IsTruncated {
		page.NextContinuationToken = ""
	}
	if s.Vices.Unordered {
		slices.Reverse(page.Contents)
	}
	reply(w, page, "ListBucketResult")
}
