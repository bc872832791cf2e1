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
	"sync/atomic"
	"testing"

	"github.com/godcp/godcp/backends/s3/internal/fakes3"
	"github.com/godcp/godcp/fsbase"
)

// large is a stream of three parts.
var large = content(2*partSize + 1000)

// noUploads demands that no upload waits for somebody to finish it.
func noUploads(t testing.TB, s *fakes3.Server) {
	t.Helper()
	if n := s.Uploads(); n > 0 {
		t.Errorf("%d uploads are neither completed nor aborted", n)
	}
}

// What a failing request of a multipart upload means. Nothing of it stays.
func TestMultipartFaults(t *testing.T) {
	absent, none := fsbase.IfAbsent(), fsbase.Condition{}
	const create, part, complete = "CreateMultipartUpload", "UploadPart", "CompleteMultipartUpload"
	ok := func(t *testing.T, s *fakes3.Server, err error) {
		t.Helper()
		if err != nil {
			t.Error(err)
			return
		}
		want(t, s, "run/step/a", large)
	}
	errorIn200 := func(code string, times int) fakes3.Fault { return answering(complete, times, 200, code) }
	tests := []struct {
		name  string
		fault fakes3.Fault
		cond  fsbase.Condition
		check func(t *testing.T, s *fakes3.Server, err error)
	}{
		{"create forbidden", answering(create, 0, 403, "AccessDenied"), none, failed(fs.ErrPermission)},
		{"create cut", cutBefore(create, 2), none, ok},
		{"part forbidden", answering(part, 1, 403, "AccessDenied"), none, failed(fs.ErrPermission)},
		{"part cut", cutBefore(part, 3), none, ok},
		{"part cut after", cutAfter(part, 3), none, ok},
		{"part 500", answering(part, 2, 500, "InternalError"), none, ok},
		{"part damaged", answering(part, 2, 400, "BadDigest"), none, ok},
		{"part throttled for ever", answering(part, 0, 503, "SlowDown"), none, failed(fsbase.ErrThrottled)},
		{"upload gone", answering(part, 1, 404, "NoSuchUpload"), none, failed(fs.ErrNotExist)},

		{"complete cut before", cutBefore(complete, 2), absent, ok},
		{"complete cut after", cutAfter(complete, 1), absent, ok},
		{"complete cut after, no condition", cutAfter(complete, 1), none, ok},
		{"complete 500", answering(complete, 2, 500, "InternalError"), absent, ok},
		{"complete 200 with an error", errorIn200("InternalError", 2), absent, ok},
		{"complete 200 throttled", errorIn200("SlowDown", 2), absent, ok},
		{"complete 200 with an error for ever", errorIn200("InternalError", 0), absent, isUnknown},
		{"complete 200 forbidden", errorIn200("AccessDenied", 0), absent, failed(fs.ErrPermission)},
		{"complete 200 lost", errorIn200("PreconditionFailed", 0), absent, failed(fsbase.ErrPrecondition, fs.ErrExist)},
		{"complete cut before, for ever", cutBefore(complete, 0), absent, isUnknown},
		{"complete lost", answering(complete, 0, 412, "PreconditionFailed"), absent, failed(fsbase.ErrPrecondition, fs.ErrExist)},
		{"complete of nothing", answering(complete, 0, 404, "NoSuchKey"), fsbase.IfVersion("v"), failed(fsbase.ErrPrecondition)},
		{"complete forbidden", answering(complete, 0, 403, "AccessDenied"), absent, failed(fs.ErrPermission)},
		{"complete without an answer that says so", emptied(complete), absent, ok},
	}
	for _, tt := range tests {
		for how, write := range writes {
			bubble(t, tt.name+"/"+how, func(t *testing.T, s *fakes3.Server, f *FS) {
				s.Break(tt.fault)
				_, err := write(t.Context(), f, "a", large, tt.cond)
				s.Mend()
				tt.check(t, s, err)
				noUploads(t, s)
			})
		}
	}
}

// emptied carries a request out and answers 200 without a body.
func emptied(op string) fakes3.Fault {
	return fakes3.Fault{Op: op, Do: func(w http.ResponseWriter, _ *http.Request, carry func(http.ResponseWriter)) {
		carry(httptest.NewRecorder())
		w.WriteHeader(http.StatusOK)
	}}
}

// The Complete that had no answer has succeeded, and then another writer came:
// what is there is not ours, and whether ours was is not known.
func TestCompleteLostAndReplaced(t *testing.T) {
	for how, write := range writes {
		bubble(t, how, func(t *testing.T, s *fakes3.Server, f *FS) {
			s.Break(fakes3.Fault{Op: "CompleteMultipartUpload", Times: 1, Do: func(_ http.ResponseWriter, _ *http.Request, carry func(http.ResponseWriter)) {
				carry(httptest.NewRecorder())
				s.Put("run/step/a", "another's")
				fakes3.Cut()
			}})
			_, err := write(t.Context(), f, "a", large, fsbase.Condition{})
			wantUnknown(t, err)
			noUploads(t, s)
		})
	}
}

// A Complete that had no answer is refused when it is asked again: by what it
// has done itself, or by another's work. Only the object tells.
func TestCompleteRefusedAfterLostAnswer(t *testing.T) {
	for how, write := range writes {
		lost := func(s *fakes3.Server) {
			s.Break(cutAfter("CompleteMultipartUpload", 1))
			s.Break(answering("CompleteMultipartUpload", 0, 412, "PreconditionFailed"))
		}
		bubble(t, "ours/"+how, func(t *testing.T, s *fakes3.Server, f *FS) {
			lost(s)
			if _, err := write(t.Context(), f, "a", large, fsbase.IfAbsent()); err != nil {
				t.Error(err)
			}
			want(t, s, "run/step/a", large)
		})
		bubble(t, "nobody may look/"+how, func(t *testing.T, s *fakes3.Server, f *FS) {
			lost(s)
			s.Break(answering("HeadObject", 0, 403, "AccessDenied"))
			_, err := write(t.Context(), f, "a", large, fsbase.IfAbsent())
			wantUnknown(t, err)
		})
		bubble(t, "another's/"+how, func(t *testing.T, s *fakes3.Server, f *FS) {
			s.Put("run/step/a", "another's")
			s.Break(cutBefore("CompleteMultipartUpload", 1))
			_, err := write(t.Context(), f, "a", large, fsbase.IfAbsent())
			wantNotCommitted(t, err, fsbase.ErrPrecondition, fs.ErrExist)
		})
		bubble(t, "nothing to swap/"+how, func(t *testing.T, s *fakes3.Server, f *FS) {
			s.Break(cutBefore("CompleteMultipartUpload", 1))
			_, err := write(t.Context(), f, "a", large, fsbase.IfVersion("v"))
			failed(fsbase.ErrPrecondition)(t, s, err)
			noUploads(t, s)
		})
	}
}

// 409 on Complete is a whole new upload for what can be read again, and an
// error for a stream.
func TestCompleteConflict(t *testing.T) {
	conflict := answering("CompleteMultipartUpload", 1, 409, "ConditionalRequestConflict")
	bubble(t, "upload", func(t *testing.T, s *fakes3.Server, f *FS) {
		s.Break(conflict)
		if _, err := writes["upload"](t.Context(), f, "a", large, fsbase.IfAbsent()); err != nil {
			t.Fatal(err)
		}
		want(t, s, "run/step/a", large)
		noUploads(t, s)
		parts := 0
		for _, op := range s.Ops() {
			if op == "UploadPart" {
				parts++
			}
		}
		if parts != 6 {
			t.Errorf("%d parts were sent, want 3 twice", parts)
		}
	})
	bubble(t, "stream", func(t *testing.T, s *fakes3.Server, f *FS) {
		s.Break(conflict)
		_, err := writes["stream"](t.Context(), f, "a", large, fsbase.IfAbsent())
		wantNotCommitted(t, err, errConflict)
		noUploads(t, s)
	})
	for how, write := range writes {
		bubble(t, "lost/"+how, func(t *testing.T, s *fakes3.Server, f *FS) {
			s.Break(fakes3.Fault{Op: "CompleteMultipartUpload", Do: func(w http.ResponseWriter, r *http.Request, _ func(http.ResponseWriter)) {
				s.Put("run/step/a", "another's")
				fakes3.Fail(w, 409, "ConditionalRequestConflict")
			}})
			_, err := write(t.Context(), f, "a", large, fsbase.IfAbsent())
			wantNotCommitted(t, err, fsbase.ErrPrecondition, fs.ErrExist)
			want(t, s, "run/step/a", []byte("another's"))
			noUploads(t, s)
		})
		bubble(t, "swap lost/"+how, func(t *testing.T, s *fakes3.Server, f *FS) {
			v := put(t, f, "a", []byte("old")).Version
			s.Break(fakes3.Fault{Op: "CompleteMultipartUpload", Do: func(w http.ResponseWriter, r *http.Request, _ func(http.ResponseWriter)) {
				s.Put("run/step/a", "another's")
				fakes3.Fail(w, 409, "ConditionalRequestConflict")
			}})
			_, err := write(t.Context(), f, "a", large, fsbase.IfVersion(v))
			wantNotCommitted(t, err, fsbase.ErrPrecondition)
			noUploads(t, s)
		})
	}
}

// Whoever cancels, closes or has a bad source leaves nothing.
func TestAbandonedUploads(t *testing.T) {
	bubble(t, "closed", func(t *testing.T, s *fakes3.Server, f *FS) {
		w, err := f.CreateStream(t.Context(), "a")
		if err != nil {
			t.Fatal(err)
		}
		if _, err := w.Write(large); err != nil {
			t.Fatal(err)
		}
		if err := w.Close(); err != nil {
			t.Error(err)
		}
		if s.Keys() > 0 {
			t.Error("it is there")
		}
		noUploads(t, s)
	})
	for how, write := range writes {
		bubble(t, "cancelled/"+how, func(t *testing.T, s *fakes3.Server, f *FS) {
			ctx, cancel := context.WithCancel(t.Context())
			s.Break(fakes3.Fault{Op: "UploadPart", Skip: 1, Do: func(_ http.ResponseWriter, r *http.Request, _ func(http.ResponseWriter)) {
				cancel()
				hang(r)
			}})
			_, err := write(ctx, f, "a", large, fsbase.Condition{})
			failed(context.Canceled)(t, s, err)
			noUploads(t, s)
		})
	}
	bubble(t, "abort refused", func(t *testing.T, s *fakes3.Server, f *FS) {
		s.Break(answering("AbortMultipartUpload", 0, 403, "AccessDenied"))
		s.Break(answering("UploadPart", 0, 400, "InvalidArgument"))
		_, err := writes["upload"](t.Context(), f, "a", large, fsbase.Condition{})
		failed(fs.ErrInvalid)(t, s, err)
		if err == nil || !bytes.Contains([]byte(err.Error()), []byte("stay: permission denied")) {
			t.Errorf("%v does not tell what stays", err)
		}
	})
}

// A source that fails when it is read for the second time, which is when it is
// sent, is as bad as one that fails at once.
func TestUploadSourceFails(t *testing.T) {
	for _, size := range []int{1000, len(large)} {
		for _, reads := range []int{0, 1, 2, 40, 90, 110} {
			bubble(t, fmt.Sprint(size, " bytes, ", reads, " reads"), func(t *testing.T, s *fakes3.Server, f *FS) {
				src := &failingSource{data: large[:size]}
				src.left.Store(int64(reads))
				_, err := f.Upload(t.Context(), "a", src, int64(size), fsbase.Condition{})
				if src.left.Load() >= 0 {
					return // it was not read so often
				}
				failed(errSource)(t, s, err)
				noUploads(t, s)
			})
		}
	}
}

var errSource = errors.New("the source failed on purpose")

// failingSource fails after so many reads.
type failingSource struct {
	data []byte
	left atomic.Int64
}

func (f *failingSource) ReadAt(p []byte, off int64) (int, error) {
	if f.left.Add(-1) < 0 {
		return 0, errSource
	}
	n := copy(p, f.data[off:])
	if n < len(p) {
		return n, io.EOF
	}
	return n, nil
}
