package s3

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/godcp/godcp/backends/s3/internal/fakes3"
	"github.com/godcp/godcp/fsbase"
)

// truncating lets n bytes of a body through and ends the connection.
func truncating(op string, times, n int) fakes3.Fault {
	return fakes3.Fault{Op: op, Times: times, Do: func(w http.ResponseWriter, _ *http.Request, carry func(http.ResponseWriter)) {
		r := httptest.NewRecorder()
		carry(r)
		for name := range r.Header() {
			w.Header().Set(name, r.Header().Get(name))
		}
		w.WriteHeader(r.Code)
		_, _ = w.Write(r.Body.Bytes()[:min(n, r.Body.Len())])
		_ = http.NewResponseController(w).Flush()
		fakes3.Cut()
	}}
}

// readAll opens and reads a stream.
func readAll(ctx context.Context, f *FS, path string) ([]byte, error) {
	data, _, err := fsbase.ReadFile(ctx, f, path, 1<<30)
	return data, err
}

// Opening costs one request, and a small stream no other.
func TestOpenIsOneRequest(t *testing.T) {
	tests := []struct {
		size int
		want []string
	}{
		{0, []string{"GetObject", "HeadObject"}},
		{1, []string{"GetObject"}},
		{headSize, []string{"GetObject"}},
		{headSize + 1, []string{"GetObject", "GetObject"}},
	}
	for _, tt := range tests {
		bubble(t, fmt.Sprint(tt.size), func(t *testing.T, s *fakes3.Server, f *FS) {
			data := content(tt.size)
			s.Put("run/step/a", string(data))
			got, err := readAll(t.Context(), f, "a")
			if err != nil || !bytes.Equal(got, data) {
				t.Errorf("%d bytes, %v", len(got), err)
			}
			if d := cmp.Diff(tt.want, s.Ops()); d != "" {
				t.Error(d)
			}
		})
	}
}

// Answers that break off are gone on with, from where they did.
func TestReadFaults(t *testing.T) {
	const get = "GetObject"
	data := content(3 * headSize)
	tests := []struct {
		name  string
		fault fakes3.Fault
		class error // nil when it succeeds
	}{
		{"cut", cutBefore(get, 3), nil},
		{"500", answering(get, 3, 500, "InternalError"), nil},
		{"throttled", answering(get, 3, 503, "SlowDown"), nil},
		{"truncated at once", truncating(get, 3, 0), nil},
		{"truncated", truncating(get, 3, 1000), nil},
		{"truncated again and again", truncating(get, 25, leastProgress+1), nil},
		{"throttled for ever", answering(get, 0, 503, "SlowDown"), fsbase.ErrThrottled},
		{"forbidden", answering(get, 0, 403, "AccessDenied"), fs.ErrPermission},
		{"archived", answering(get, 0, 403, "InvalidObjectState"), fs.ErrPermission},
		{"gone", answering(get, 0, 404, "NoSuchKey"), fs.ErrNotExist},
		{"never whole", truncating(get, 0, 1000), io.ErrUnexpectedEOF},
	}
	for _, tt := range tests {
		bubble(t, tt.name, func(t *testing.T, s *fakes3.Server, f *FS) {
			s.Put("run/step/a", string(data))
			s.Break(tt.fault)
			got, err := readAll(t.Context(), f, "a")
			ranged := make([]byte, len(data))
			s.Mend()
			s.Break(tt.fault)
			_, rangedErr := f.ReadRanges(t.Context(), "a", "", []fsbase.Range{{Dst: ranged}})
			if tt.class != nil {
				if tt.class != io.ErrUnexpectedEOF {
					wantErr(t, err, tt.class)
					wantErr(t, rangedErr, tt.class)
				}
				if err == nil || rangedErr == nil {
					t.Errorf("%v, %v", err, rangedErr)
				}
				return
			}
			if err != nil || rangedErr != nil || !bytes.Equal(got, data) || !bytes.Equal(ranged, data) {
				t.Errorf("%d bytes, %v; %v", len(got), err, rangedErr)
			}
		})
	}
}

// A version that changes while it is read is never mixed with the next one, even
// where the store does not care for If-Match.
func TestReadPinned(t *testing.T) {
	for _, ignores := range []bool{false, true} {
		bubble(t, fmt.Sprint("ignores ", ignores), func(t *testing.T, s *fakes3.Server, f *FS) {
			s.Vices.IgnoreReadPin = ignores
			first, second := content(3*headSize), bytes.Repeat([]byte("x"), 3*headSize)
			s.Put("run/step/a", string(first))
			r, err := f.OpenStream(t.Context(), "a")
			if err != nil {
				t.Fatal(err)
			}
			s.Put("run/step/a", string(second))
			buf := make([]byte, 100)
			if _, err := r.ReadAt(buf, 5); err != nil || !bytes.Equal(buf, first[5:105]) {
				t.Errorf("what came with the opening: %v", err)
			}
			_, err = r.ReadAt(buf, 2*headSize)
			wantErr(t, err, fsbase.ErrChanged)
			_, err = f.ReadRanges(t.Context(), "a", r.Info().Version, []fsbase.Range{{Dst: buf}})
			wantErr(t, err, fsbase.ErrChanged)
			_, err = f.ReadRanges(t.Context(), "a", r.Info().Version, nil)
			wantErr(t, err, fsbase.ErrChanged)
		})
	}
	bubble(t, "between two answers", func(t *testing.T, s *fakes3.Server, f *FS) {
		first, second := content(headSize), bytes.Repeat([]byte("x"), headSize)
		s.Put("run/step/a", string(first))
		cut := truncating("GetObject", 1, 1000)
		carry := cut.Do
		cut.Do = func(w http.ResponseWriter, r *http.Request, c func(http.ResponseWriter)) {
			defer s.Put("run/step/a", string(second))
			carry(w, r, c)
		}
		s.Break(cut)
		got, err := readAll(t.Context(), f, "a")
		if err != nil || !bytes.Equal(got, second) {
			t.Errorf("%d bytes, %v: neither version, or the one that is gone", len(got), err)
		}
	})
}

// What answers something else than it was asked is told, not believed.
func TestReadOddAnswers(t *testing.T) {
	header := func(name, value string) fakes3.Fault {
		return fakes3.Fault{Op: "GetObject", Do: func(w http.ResponseWriter, _ *http.Request, carry func(http.ResponseWriter)) {
			r := httptest.NewRecorder()
			carry(r)
			for name := range r.Header() {
				w.Header().Set(name, r.Header().Get(name))
			}
			w.Header().Set(name, value)
			w.WriteHeader(r.Code)
			_, _ = w.Write(r.Body.Bytes())
		}}
	}
	for _, h := range [][2]string{
		{"Content-Range", "bytes 7-10/100"},
		{"Content-Range", "bytes nothing"},
		{"Content-Range", "bytes 0-9/-5"},
		{"Content-Range", "bytes 9-2/1"},
		{"ETag", ""},
	} {
		bubble(t, h[0]+" "+strings.ReplaceAll(h[1], "/", " of "), func(t *testing.T, s *fakes3.Server, f *FS) {
			s.Put("run/step/a", string(content(100)))
			s.Break(header(h[0], h[1]))
			_, err := readAll(t.Context(), f, "a")
			wantErr(t, err)
			_, err = f.ReadRanges(t.Context(), "a", "", []fsbase.Range{{Offset: 0, Dst: make([]byte, 10)}})
			wantErr(t, err)
		})
	}
	bubble(t, "ranges ignored", func(t *testing.T, s *fakes3.Server, f *FS) {
		s.Vices.IgnoreRange = true
		data := content(2 * headSize)
		s.Put("run/step/a", string(data))
		r, err := f.OpenStream(t.Context(), "a")
		if err != nil {
			t.Fatal(err)
		}
		buf := make([]byte, 100)
		if _, err := r.ReadAt(buf, 0); err != nil || !bytes.Equal(buf, data[:100]) || r.Info().Size != int64(len(data)) {
			t.Errorf("%v, size %d", err, r.Info().Size)
		}
		_, err = r.ReadAt(buf, headSize)
		wantErr(t, err)
	})
}

func TestExistsTellsForbiddenFromAbsent(t *testing.T) {
	bubble(t, "head", func(t *testing.T, s *fakes3.Server, f *FS) {
		if ok, err := f.Exists(t.Context(), "a"); ok || err != nil {
			t.Errorf("%v, %v", ok, err)
		}
		s.Break(answering("HeadObject", 0, 403, "AccessDenied"))
		_, err := f.Exists(t.Context(), "a")
		wantErr(t, err, fs.ErrPermission)
		if errors.Is(err, fs.ErrNotExist) {
			t.Errorf("%v is two things", err)
		}
	})
}
