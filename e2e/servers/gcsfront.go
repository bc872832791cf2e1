package servers

import (
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"net/http/httputil"
	"net/url"
	"strings"
	"sync"
	"testing"
)

// Fronted starts a front of the server, which adds what that lacks: moves, and
// the preconditions of reads, removals and copies. One request is carried out at
// a time. What is added is this repository's reading of Google's documentation;
// all else is the server's own.
func (g *GCS) Fronted(t testing.TB) *GCS {
	t.Helper()
	back, err := url.Parse(g.Endpoint)
	if err != nil {
		t.Fatal(err)
	}
	f := &gcsFront{back: g.Endpoint, proxy: httputil.NewSingleHostReverseProxy(back)}
	f.proxy.FlushInterval = -1
	// A client that goes away in the midst of a body is no news.
	f.proxy.ErrorHandler = func(w http.ResponseWriter, _ *http.Request, _ error) { w.WriteHeader(http.StatusBadGateway) }
	srv := httptest.NewServer(f)
	t.Cleanup(srv.Close)
	return &GCS{Endpoint: srv.URL, Bucket: g.Bucket, Server: g.Server + " with a front that adds moves and preconditions"}
}

type gcsFront struct {
	mu    sync.Mutex
	back  string
	proxy *httputil.ReverseProxy
}

func (f *gcsFront) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	f.mu.Lock()
	defer f.mu.Unlock()
	path := strings.Split(r.URL.EscapedPath(), "/") // "" storage v1 b BUCKET o OBJECT …
	q := r.URL.Query()
	switch {
	case len(path) < 7 || path[1] != "storage":
	case len(path) == 10 && path[7] == "moveTo":
		f.move(w, r, path)
		return
	case len(path) == 12 && path[7] == "rewriteTo":
		if !f.holds(w, strings.Join(path[:7], "/"), q.Get("ifSourceGenerationMatch"), true) ||
			!f.holds(w, "/storage/v1/b/"+path[9]+"/o/"+path[11], q.Get("ifGenerationMatch"), false) {
			return
		}
	case !f.holds(w, r.URL.EscapedPath(), q.Get("ifGenerationMatch"), true):
		return
	}
	f.proxy.ServeHTTP(w, r)
}

// holds answers 412, and returns false, if an object has another generation. Of
// an absent one that must be there the server itself says that it is not.
func (f *gcsFront) holds(w http.ResponseWriter, object, generation string, there bool) bool {
	if generation == "" {
		return true
	}
	var o struct {
		Generation string `json:"generation"`
	}
	res, err := http.Get(f.back + object)
	if err == nil {
		defer res.Body.Close()
		if res.StatusCode == http.StatusOK {
			err = json.NewDecoder(res.Body).Decode(&o)
		}
	}
	switch {
	case err != nil:
		http.Error(w, err.Error(), http.StatusBadGateway)
	case o.Generation == generation, o.Generation == "" && (generation == "0" || there):
		return true
	default:
		refuseGCS(w, http.StatusPreconditionFailed)
	}
	return false
}

func refuseGCS(w http.ResponseWriter, status int) {
	w.Header().Set("Content-Type", "application/json")
	w.WriteHeader(status)
	fmt.Fprintf(w, `{"error":{"code":%d,"message":"said by the front"}}`, status)
}

// move is a rewrite and a removal.
func (f *gcsFront) move(w http.ResponseWriter, r *http.Request, path []string) {
	source := strings.Join(path[:7], "/")
	if res, err := http.Get(f.back + source); err == nil {
		res.Body.Close()
		if res.StatusCode == http.StatusNotFound {
			refuseGCS(w, http.StatusNotFound)
			return
		}
	}
	if !f.holds(w, source, r.URL.Query().Get("ifSourceGenerationMatch"), true) {
		return
	}
	res, err := http.Post(f.back+source+"/rewriteTo/b/"+path[4]+"/o/"+path[9], "application/json", strings.NewReader("{}"))
	if err != nil {
		http.Error(w, err.Error(), http.StatusBadGateway)
		return
	}
	defer res.Body.Close()
	var done struct {
		Resource json.RawMessage `json:"resource"`
	}
	if err := json.NewDecoder(res.Body).Decode(&done); err != nil || res.StatusCode != http.StatusOK {
		http.Error(w, fmt.Sprint(res.Status, err), http.StatusBadGateway)
		return
	}
	req, err := http.NewRequestWithContext(r.Context(), http.MethodDelete, f.back+source, nil)
	if err == nil {
		res, err = http.DefaultClient.Do(req)
	}
	if err != nil {
		http.Error(w, err.Error(), http.StatusBadGateway)
		return
	}
	_, _ = io.Copy(io.Discard, res.Body)
	res.Body.Close()
	w.Header().Set("Content-Type", "application/json")
	_, _ = w.Write(done.Resource)
}
