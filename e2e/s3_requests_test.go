package e2e

import (
	"fmt"
	"net/http"
	"os/exec"
	"path"
	"path/filepath"
	"regexp"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/godcp/godcp/backends/s3"
	"github.com/godcp/godcp/dcp"
	"github.com/godcp/godcp/e2e/servers"
)

// TestS3Requests counts what a checkpoint of one rank costs: no LIST, no COPY,
// no DELETE but of what nobody needs, and one conditional PUT that publishes.
func TestS3Requests(t *testing.T) {
	for _, server := range s3Servers {
		t.Run(server.name, func(t *testing.T) {
			s := server.start(t)
			log := &servers.Log{Inner: http.DefaultTransport}
			mux := throughClient(s.Client(log), s3.Options{Conditional: s3.ConditionalOn})
			small, large := matrix{rows: 100, cols: 100}, matrix{rows: 2500, cols: 1000} // 40 kB and 10 MB
			url := func(name string) string { return "s3://" + s.Bucket + "/" + name }
			save := func(m matrix, name string, step int64) {
				t.Helper()
				o := dcp.WriterOptions{Overwrite: step > 0}
				must(t, m.save(t.Context(), 1, url(name), step, dcp.SaveOptions{WriterOptions: o, Mux: mux}))
			}
			expect := func(what string, want ...string) {
				t.Helper()
				if d := cmp.Diff(want, spell(log.Requests())); d != "" {
					t.Errorf("%s: %s", what, d)
				}
			}

			save(small, "small", 0)
			expect("a fresh save", "GET .metadata", "PUT __0_0.distcp if absent", "PUT .metadata if absent")
			save(small, "small", 1)
			expect("the first overwrite", "GET .metadata", "PUT __0_0-N.distcp", "PUT .metadata if version")
			save(small, "small", 2)
			expect("the second overwrite", "GET .metadata", "PUT __0_0-N.distcp", "PUT .metadata if version", "DELETE __0_0.distcp")
			must(t, small.load(t.Context(), url("small"), 2, small.byRows(1), dcp.LoadOptions{OpenOptions: dcp.OpenOptions{Mux: mux}}))
			expect("a load", "GET .metadata", "GET __0_0-N.distcp")
			ck, err := dcp.OpenWith(t.Context(), url("small"), dcp.OpenOptions{Mux: mux})
			must(t, err)
			_, err = ck.Tensor(t.Context(), "model.w")
			must(t, err)
			expect("one tensor", "GET .metadata", "GET __0_0-N.distcp")

			save(large, "large", 0)
			expect("a fresh save of 10 MB", "GET .metadata", "POST __0_0.distcp uploads", "PUT __0_0.distcp part", "PUT __0_0.distcp part",
				"POST __0_0.distcp uploadId if absent", "PUT .metadata if absent")
			must(t, large.load(t.Context(), url("large"), 0, large.byRows(1), dcp.LoadOptions{OpenOptions: dcp.OpenOptions{Mux: mux}}))
			for _, r := range spell(log.Requests()) {
				t.Logf("a load of 10 MB: %s", r)
			}
		})
	}
}

// TestS3ListingRequests counts what the command asks for to list a checkpoint.
func TestS3ListingRequests(t *testing.T) {
	command := filepath.Join(t.TempDir(), "dcp")
	out, err := exec.Command("go", "-C", "..", "build", "-o", command, "./cmd/dcp").CombinedOutput()
	if err != nil {
		t.Fatalf("%v\n%s", err, out)
	}
	for _, server := range s3Servers {
		t.Run(server.name, func(t *testing.T) {
			s := server.start(t)
			s.Environment(t)
			must(t, matrix{rows: 10, cols: 10}.save(t.Context(), 1, s.URL("small", "&conditional=on"), 0, dcp.SaveOptions{}))
			seen, log := s.Logged(t)
			out, err := exec.Command(command, "ls", seen.URL("small", "")).CombinedOutput()
			if err != nil || !strings.Contains(string(out), "model.w") {
				t.Fatalf("%v\n%s", err, out)
			}
			if d := cmp.Diff([]string{"GET .metadata"}, spell(log.Requests())); d != "" {
				t.Error(d)
			}
		})
	}
}

var nonce = regexp.MustCompile(`-[0-9a-f]{16,}`)

// spell writes requests in short.
func spell(requests []*http.Request) (lines []string) {
	for _, r := range requests {
		line := r.Method + " " + nonce.ReplaceAllString(path.Base(r.URL.Path), "-N")
		q := r.URL.Query()
		switch {
		case q.Has("uploads"):
			line += " uploads"
		case q.Has("partNumber"):
			line += " part"
		case q.Has("uploadId"):
			line += " uploadId"
		case q.Has("list-type"):
			line = "LIST"
		}
		if r.Header.Get("If-None-Match") == "*" {
			line += " if absent"
		} else if r.Header.Get("If-Match") != "" && r.Method != http.MethodGet {
			line += " if version"
		}
		if span := r.Header.Get("Range"); span != "" && r.Header.Get("If-Match") != "" {
			line += fmt.Sprintf(" %s", span)
		}
		lines = append(lines, line)
	}
	return lines
}
