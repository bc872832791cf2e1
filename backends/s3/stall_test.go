package s3

import (
	"bytes"
	"context"
	"errors"
	"io"
	"net"
	"net/http"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/godcp/godcp/backends/s3/internal/fakes3"
	"github.com/godcp/godcp/fsbase"
)

// A store that answers with a byte now and then is slow; one that answers with
// none has stalled.
func TestReadProgress(t *testing.T) {
	data := content(200)
	slow := func(pause time.Duration) fakes3.Fault {
		return fakes3.Fault{Op: "GetObject", Do: func(w http.ResponseWriter, r *http.Request, _ func(http.ResponseWriter)) {
			w.Header().Set("ETag", `"v"`)
			w.Header().Set("Content-Range", "bytes 0-199/200")
			w.Header().Set("Content-Length", "200")
			w.WriteHeader(http.StatusPartialContent)
			for _, b := range data {
				select {
				case <-time.After(pause):
				case <-r.Context().Done():
					return
				}
				if _, err := w.Write([]byte{b}); err != nil || http.NewResponseController(w).Flush() != nil {
					return
				}
			}
		}}
	}
	bubble(t, "slow", func(t *testing.T, s *fakes3.Server, f *FS) {
		s.Break(slow(50 * time.Second))
		start := time.Now()
		got, err := readAll(t.Context(), f, "a")
		if err != nil || !bytes.Equal(got, data) {
			t.Errorf("%d bytes, %v", len(got), err)
		}
		if took := time.Since(start); took < 200*50*time.Second {
			t.Errorf("it took %v", took)
		}
	})
	bubble(t, "stalled", func(t *testing.T, s *fakes3.Server, f *FS) {
		s.Break(slow(time.Hour))
		start := time.Now()
		_, err := readAll(t.Context(), f, "a")
		wantErr(t, err)
		if err == nil || !strings.Contains(err.Error(), errStalled.Error()) {
			t.Error(err)
		}
		if took := time.Since(start); took > attempts*(f.stall+longestPause) {
			t.Errorf("it took %v", took)
		}
	})
}

// A body that goes out slowly may take any time; one that does not go out at
// all, and an answer that does not come, fail, and the commit is unknown.
func TestWriteProgress(t *testing.T) {
	bubble(t, "slow", func(t *testing.T, s *fakes3.Server, f *FS) {
		s.Break(fakes3.Fault{Op: "PutObject", Do: func(w http.ResponseWriter, r *http.Request, carry func(http.ResponseWriter)) {
			r.Body = &slowBody{ReadCloser: r.Body, pause: 8 * time.Second}
			carry(w)
		}})
		start := time.Now()
		if _, err := fsbase.WriteFile(t.Context(), f, "a", content(1<<20)); err != nil {
			t.Error(err)
		}
		if took := time.Since(start); took < 2*f.stall {
			t.Errorf("it took %v", took)
		}
	})
	bubble(t, "no answer", func(t *testing.T, s *fakes3.Server, f *FS) {
		s.Break(fakes3.Fault{Op: "PutObject", Do: func(_ http.ResponseWriter, r *http.Request, _ func(http.ResponseWriter)) { hang(r) }})
		_, err := writes["upload"](t.Context(), f, "a", []byte("content"), fsbase.IfAbsent())
		wantUnknown(t, err)
	})
}

// slowBody pauses after every 16 KiB.
type slowBody struct {
	io.ReadCloser
	pause time.Duration
	read  int
}

func (s *slowBody) Read(p []byte) (int, error) {
	n, err := s.ReadCloser.Read(p)
	if s.read += n; s.read >= 16<<10 {
		s.read = 0
		time.Sleep(s.pause)
	}
	return n, err
}

// A connection that cannot be made leaves no doubt: nothing was done.
func TestNoConnection(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		dials := 0
		f, err := New(clientOver(&http.Transport{DialContext: func(context.Context, string, string) (net.Conn, error) {
			dials++
			return nil, &net.OpError{Op: "dial", Err: errors.New("refused on purpose")}
		}}), bucket, "", Options{Conditional: ConditionalOn})
		if err != nil {
			t.Fatal(err)
		}
		_, err = writes["upload"](t.Context(), f, "a", []byte("content"), fsbase.IfAbsent())
		wantNotCommitted(t, err)
		if err == nil || dials != attempts {
			t.Errorf("%d attempts, %v", dials, err)
		}
	})
}
