package e2e

import (
	"errors"
	"fmt"
	"io/fs"
	"net/http"
	"strings"
	"sync"
	"testing"

	"golang.org/x/sync/errgroup"

	"github.com/godcp/godcp/backends/s3"
	"github.com/godcp/godcp/dcp"
	"github.com/godcp/godcp/e2e/servers"
	"github.com/godcp/godcp/fsbase"
)

// meeting lets the savers of a round publish at once: none is let through
// before each has come that far.
type meeting struct {
	inner http.RoundTripper
	all   *sync.WaitGroup
	once  sync.Once
}

func (m *meeting) RoundTrip(r *http.Request) (*http.Response, error) {
	if r.Method == http.MethodPut && strings.HasSuffix(r.URL.Path, "/.metadata") {
		m.once.Do(m.all.Done)
		m.all.Wait()
	}
	return m.inner.RoundTrip(r)
}

// TestS3TwoSavers publish at the same time, 50 times, on fresh places and on
// checkpoints: one wins, the other is told, and what is there is the winner's,
// whole.
func TestS3TwoSavers(t *testing.T) {
	m := matrix{rows: 64, cols: 64}
	for _, server := range s3Servers {
		t.Run(server.name, func(t *testing.T) {
			s := server.start(t)
			transport := servers.Transport()
			on := s3.Options{Conditional: s3.ConditionalOn}
			one := throughClient(s.Client(transport), on)
			for round := range 50 {
				url := fmt.Sprintf("s3://%s/savers/%d", s.Bucket, round)
				over := round%2 == 1
				if over {
					must(t, m.save(t.Context(), 1, url, 9, dcp.SaveOptions{Mux: one}))
				}
				var errs [2]error
				var all sync.WaitGroup
				all.Add(len(errs))
				var eg errgroup.Group
				for i := range errs {
					mux := throughClient(s.Client(&meeting{inner: transport, all: &all}), on)
					o := dcp.SaveOptions{Mux: mux, WriterOptions: dcp.WriterOptions{Overwrite: over}}
					eg.Go(func() error {
						errs[i] = m.save(t.Context(), 1+round%3, url, int64(i), o)
						return nil
					})
				}
				_ = eg.Wait() // the errors are in errs
				winner := 0
				if errs[0] != nil {
					winner = 1
				}
				if errs[winner] != nil || !errors.Is(errs[1-winner], fsbase.ErrPrecondition) || errors.Is(errs[1-winner], fs.ErrExist) == over {
					t.Fatalf("round %d: %v", round, errs)
				}
				open := dcp.OpenOptions{Mux: one}
				must(t, m.load(t.Context(), url, int64(winner), m.byRows(2), dcp.LoadOptions{OpenOptions: open}))
				ck, err := dcp.OpenWith(t.Context(), url, open)
				must(t, err)
				for _, r := range ck.Metadata().StorageData {
					if _, err := fsbase.Stat(t.Context(), ck.FileSystem(), r.Info.RelativePath); err != nil {
						t.Errorf("round %d: %v", round, err)
					}
				}
			}
			if left := s.Uploads(t); len(left) > 0 {
				t.Errorf("uploads that nobody finished: %q", left)
			}
		})
	}
}
