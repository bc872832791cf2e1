package s3

import (
	"net/http"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/godcp/godcp/backends/s3/internal/fakes3"
	"github.com/godcp/godcp/fsbase"
)

// The parts of all streams that are under way hold a bounded number of bytes,
// and a stream that waits for its turn gets it.
func TestPartsUnderWayAreBounded(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s, f := newFS(t)
		bound := f.site.parallel()
		var mu sync.Mutex
		under, most := 0, 0
		s.Break(fakes3.Fault{Op: "UploadPart", Do: func(w http.ResponseWriter, _ *http.Request, carry func(http.ResponseWriter)) {
			mu.Lock()
			under++
			most = max(most, under)
			mu.Unlock()
			time.Sleep(time.Second)
			carry(w)
			mu.Lock()
			under--
			mu.Unlock()
		}})
		var writers sync.WaitGroup
		for _, name := range []string{"a", "b", "c"} {
			writers.Go(func() {
				if _, err := writes["stream"](t.Context(), f, name, content(6*partSize), fsbase.Condition{}); err != nil {
					t.Error(err)
				}
			})
		}
		writers.Wait()
		if most != bound {
			t.Errorf("%d parts were under way at once, want %d", most, bound)
		}
	})
}

// Streams that are open and not yet committed wait for nobody: all of them may
// be one goroutine's.
func TestOpenStreamsDoNotWait(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s, f := newFS(t)
		var open []fsbase.WriteStream
		for i := range 3 * f.site.parallel() {
			w, err := f.CreateStream(t.Context(), string(rune('a'+i)))
			if err != nil {
				t.Fatal(err)
			}
			defer w.Close()
			if _, err := w.Write(content(partSize + 1)); err != nil {
				t.Fatal(err)
			}
			open = append(open, w)
		}
		for _, w := range open {
			if _, err := w.Commit(); err != nil {
				t.Error(err)
			}
		}
		noUploads(t, s)
	})
}

// The metadata is one request whatever its size: by a stream and by Upload.
func TestMetadataIsOnePut(t *testing.T) {
	s, f := newFS(t)
	for how, write := range writes {
		for _, name := range []string{".metadata", "__0.metadata"} {
			if _, err := write(t.Context(), f, name, large, fsbase.Condition{}); err != nil {
				t.Fatal(err)
			}
			want(t, s, "run/step/"+name, large)
			if ops := s.Ops(); len(ops) != 1 || ops[0] != "PutObject" {
				t.Errorf("%s: %q", how, ops)
			}
		}
	}
}
