package s3

import (
	"bytes"
	"context"
	"errors"
	"io"
	"net/http"
	"testing"
	"testing/synctest"
	"time"

	"github.com/godcp/godcp/backends/s3/internal/fakes3"
	"github.com/godcp/godcp/fsbase"
)

// removals are the calls that take a name away.
var removals = map[string]struct {
	op     string
	remove func(ctx context.Context, f *FS) error
}{
	"RmFile": {"DeleteObject", func(ctx context.Context, f *FS) error { return f.RmFile(ctx, "a") }},
	"Rename": {"DeleteObject", func(ctx context.Context, f *FS) error { return f.Rename(ctx, "a", "b") }},
	"RemoveAll": {"DeleteObjects", func(ctx context.Context, f *FS) error {
		for _, err := range f.RemoveAll(ctx, "a") {
			if err != nil {
				return err
			}
		}
		return nil
	}},
}

// A removal that is on its way when its context ends has arrived when the call
// returns, so that it does not take away what is written afterwards.
func TestRemovalArrives(t *testing.T) {
	for name, r := range removals {
		bubble(t, name, func(t *testing.T, s *fakes3.Server, f *FS) {
			put(t, f, "a", content(10))
			s.Break(slow(t, r.op))
			ctx, cancel := context.WithTimeout(t.Context(), 50*time.Millisecond)
			defer cancel()
			if err := r.remove(ctx, f); err != nil && !errors.Is(err, context.DeadlineExceeded) {
				t.Error(err)
			}
			put(t, f, "a", content(20))
			time.Sleep(time.Minute)
			want(t, s, "run/step/a", content(20))
		})
	}
}

// slow carries requests out that have come whole, 100 ms later.
func slow(t *testing.T, op string) fakes3.Fault {
	return fakes3.Fault{Op: op, Do: func(w http.ResponseWriter, r *http.Request, carry func(http.ResponseWriter)) {
		receive(t, r)
		time.Sleep(100 * time.Millisecond)
		carry(w)
	}}
}

// receive has the body of a request in memory, so that the request is whole.
func receive(t *testing.T, r *http.Request) {
	body, err := io.ReadAll(r.Body)
	if err != nil {
		t.Error(err)
	}
	r.Body = io.NopCloser(bytes.NewReader(body))
}

// Of a store that does not answer the call has an end all the same.
func TestRemovalEnds(t *testing.T) {
	for name, r := range removals {
		bubble(t, name, func(t *testing.T, s *fakes3.Server, f *FS) {
			put(t, f, "a", content(10))
			s.Break(fakes3.Fault{Op: r.op, Do: func(_ http.ResponseWriter, r *http.Request, _ func(http.ResponseWriter)) {
				receive(t, r)
				<-r.Context().Done()
			}})
			ctx, cancel := context.WithCancel(t.Context())
			defer time.AfterFunc(time.Second, cancel).Stop()
			began := time.Now()
			if err := r.remove(ctx, f); !errors.Is(err, context.Canceled) {
				t.Error(err)
			}
			if took := time.Since(began); took > time.Second+lingering {
				t.Errorf("it took %v", took)
			}
			synctest.Wait()
		})
	}
}

// An upload whose context ends while it begins is aborted: its id is heard.
func TestUploadBegunIsAborted(t *testing.T) {
	for how, write := range writes {
		bubble(t, how, func(t *testing.T, s *fakes3.Server, f *FS) {
			s.Break(slow(t, "CreateMultipartUpload"))
			ctx, cancel := context.WithTimeout(t.Context(), 50*time.Millisecond)
			defer cancel()
			if _, err := write(ctx, f, "a", content(2*partSize), fsbase.Condition{}); !errors.Is(err, context.DeadlineExceeded) {
				t.Error(err)
			}
			time.Sleep(time.Minute)
			if n := s.Uploads(); n > 0 {
				t.Errorf("%d uploads are neither completed nor aborted", n)
			}
		})
	}
}
