package s3

import (
	"bytes"
	"context"
	"errors"
	"io"
	"io/fs"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"testing/synctest"

	"github.com/aws/smithy-go"
	"github.com/google/go-cmp/cmp"

	"github.com/godcp/godcp/backends/s3/internal/fakes3"
	"github.com/godcp/godcp/fsbase"
)

// bubble runs a test in which pauses cost no time.
func bubble(t *testing.T, name string, test func(t *testing.T, s *fakes3.Server, f *FS)) {
	t.Helper()
	t.Run(name, func(t *testing.T) {
		synctest.Test(t, func(t *testing.T) {
			s, f := newFS(t)
			test(t, s, f)
		})
	})
}

// The faults that tests need.

// answering answers instead of the store.
func answering(op string, times, status int, code string) fakes3.Fault {
	return fakes3.Fault{Op: op, Times: times, Do: func(w http.ResponseWriter, r *http.Request, _ func(http.ResponseWriter)) {
		_, _ = io.Copy(io.Discard, r.Body)
		fakes3.Fail(w, status, code)
	}}
}

// cutBefore ends the connection before anything is done.
func cutBefore(op string, times int) fakes3.Fault {
	return fakes3.Fault{Op: op, Times: times, Do: func(http.ResponseWriter, *http.Request, func(http.ResponseWriter)) { fakes3.Cut() }}
}

// cutAfter carries a request out and ends the connection without an answer.
func cutAfter(op string, times int) fakes3.Fault {
	return fakes3.Fault{Op: op, Times: times, Do: func(_ http.ResponseWriter, _ *http.Request, carry func(http.ResponseWriter)) {
		carry(httptest.NewRecorder())
		fakes3.Cut()
	}}
}

// hang waits until the client has gone.
func hang(r *http.Request) {
	if _, err := io.Copy(io.Discard, r.Body); err == nil {
		<-r.Context().Done()
	}
}

// write commits data as path under cond, by a stream or by Upload.
type write func(ctx context.Context, f *FS, path string, data []byte, cond fsbase.Condition) (fsbase.Info, error)

var writes = map[string]write{
	"stream": func(ctx context.Context, f *FS, path string, data []byte, cond fsbase.Condition) (fsbase.Info, error) {
		w, err := f.create(ctx, path, cond)
		if err != nil {
			return fsbase.Info{}, err
		}
		defer w.Close()
		if _, err := w.Write(data); err != nil {
			return fsbase.Info{}, err
		}
		return w.Commit()
	},
	"upload": func(ctx context.Context, f *FS, path string, data []byte, cond fsbase.Condition) (fsbase.Info, error) {
		return f.Upload(ctx, path, bytes.NewReader(data), int64(len(data)), cond)
	},
}

// What a failing PutObject means, by its fault and condition.
func TestPutFaults(t *testing.T) {
	const op = "PutObject"
	absent := fsbase.IfAbsent()
	tests := []struct {
		name  string
		fault fakes3.Fault
		cond  fsbase.Condition
		check func(t *testing.T, s *fakes3.Server, err error)
		asks  int
	}{
		{"throttled", answering(op, 3, 503, "SlowDown"), absent, committed, 4},
		{"throttled for ever", answering(op, 0, 503, "SlowDown"), absent, failed(fsbase.ErrThrottled), attempts},
		{"429", answering(op, 2, 429, "Whatever"), absent, committed, 3},
		{"conflict", answering(op, 2, 409, "ConditionalRequestConflict"), absent, committed, 3},
		{"body damaged on its way", answering(op, 2, 400, "BadDigest"), absent, committed, 3},
		{"clock", answering(op, 1, 403, "RequestTimeTooSkewed"), absent, committed, 2},
		{"lost", answering(op, 0, 412, "PreconditionFailed"), absent, failed(fsbase.ErrPrecondition, fs.ErrExist), 1},
		{"swap lost", answering(op, 0, 412, "PreconditionFailed"), fsbase.IfVersion("v"), failed(fsbase.ErrPrecondition), 1},
		{"swap of nothing", answering(op, 0, 404, "NoSuchKey"), fsbase.IfVersion("v"), failed(fsbase.ErrPrecondition), 1},
		{"no bucket", answering(op, 0, 404, "NoSuchBucket"), fsbase.IfVersion("v"), failed(fs.ErrNotExist), 1},
		{"forbidden", answering(op, 0, 403, "AccessDenied"), absent, failed(fs.ErrPermission), 1},
		{"condition unknown", answering(op, 0, 501, "NotImplemented"), absent, failed(errors.ErrUnsupported), 1},
		{"bad request", answering(op, 0, 400, "InvalidArgument"), absent, failed(fs.ErrInvalid), 1},

		{"cut before", cutBefore(op, 0), absent, isUnknown, 1},
		{"cut after", cutAfter(op, 0), absent, isUnknown, 1},
		{"500", answering(op, 0, 500, "InternalError"), absent, isUnknown, 1},
		{"502 of a proxy", answering(op, 0, 502, ""), absent, isUnknown, 1},
		{"503 of a proxy", answering(op, 0, 503, "ServiceUnavailable"), absent, isUnknown, 1},

		{"cut before, no condition", cutBefore(op, 2), fsbase.Condition{}, committed, 3},
		{"cut after, no condition", cutAfter(op, 2), fsbase.Condition{}, committed, 3},
		{"500, no condition", answering(op, 2, 500, "InternalError"), fsbase.Condition{}, committed, 3},
		{"cut for ever, no condition", cutAfter(op, 0), fsbase.Condition{}, isUnknown, attempts},
	}
	for _, tt := range tests {
		for how, write := range writes {
			bubble(t, tt.name+"/"+how, func(t *testing.T, s *fakes3.Server, f *FS) {
				s.Break(tt.fault)
				_, err := write(t.Context(), f, "a", []byte("content"), tt.cond)
				tt.check(t, s, err)
				if asks := len(s.Requests()); asks != tt.asks {
					t.Errorf("%d requests, want %d", asks, tt.asks)
				}
			})
		}
	}
}

func committed(t *testing.T, s *fakes3.Server, err error) {
	t.Helper()
	if err != nil {
		t.Error(err)
		return
	}
	want(t, s, "run/step/a", []byte("content"))
}

func isUnknown(t *testing.T, _ *fakes3.Server, err error) {
	t.Helper()
	wantUnknown(t, err)
}

func failed(classes ...error) func(*testing.T, *fakes3.Server, error) {
	return func(t *testing.T, s *fakes3.Server, err error) {
		t.Helper()
		wantNotCommitted(t, err, classes...)
		if _, there := s.Object("run/step/a"); there {
			t.Error("it is there")
		}
	}
}

// An unconditional write whose first attempt is lost and whose second is
// refused may have happened.
func TestPutRefusedAfterLostAnswer(t *testing.T) {
	bubble(t, "put", func(t *testing.T, s *fakes3.Server, f *FS) {
		s.Break(cutAfter("PutObject", 1))
		s.Break(answering("PutObject", 1, 403, "AccessDenied"))
		_, err := fsbase.WriteFile(t.Context(), f, "a", []byte("content"))
		wantUnknown(t, err)
		want(t, s, "run/step/a", []byte("content"))
	})
}

// Publish and this backend together: one winner and the truth, whatever answer
// is lost.
func TestPublishSettles(t *testing.T) {
	for name, fault := range map[string]fakes3.Fault{
		"before": cutBefore("PutObject", 1), "after": cutAfter("PutObject", 1), "500": answering("PutObject", 1, 500, "InternalError"),
	} {
		bubble(t, name, func(t *testing.T, s *fakes3.Server, f *FS) {
			s.Break(fault)
			info, err := fsbase.Publish(t.Context(), f, ".metadata", []byte("mine"), fsbase.IfAbsent())
			if err != nil {
				t.Fatal(err)
			}
			want(t, s, "run/step/.metadata", []byte("mine"))
			s.Break(fault)
			if info, err = fsbase.Publish(t.Context(), f, ".metadata", []byte("next"), fsbase.IfVersion(info.Version)); err != nil {
				t.Fatal(err)
			}
			s.Put("run/step/.metadata", "another's")
			s.Break(fault)
			_, err = fsbase.Publish(t.Context(), f, ".metadata", []byte("late"), fsbase.IfVersion(info.Version))
			wantNotCommitted(t, err, fsbase.ErrPrecondition)
			want(t, s, "run/step/.metadata", []byte("another's"))
		})
	}
}

// The end of a context while the request is out is no knowledge.
func TestPutCancelled(t *testing.T) {
	bubble(t, "put", func(t *testing.T, s *fakes3.Server, f *FS) {
		ctx, cancel := context.WithCancel(t.Context())
		s.Break(fakes3.Fault{Do: func(_ http.ResponseWriter, r *http.Request, carry func(http.ResponseWriter)) {
			carry(httptest.NewRecorder())
			cancel()
			hang(r)
		}})
		_, err := fsbase.WriteFile(ctx, f, "a", []byte("content"))
		wantErr(t, err, fsbase.ErrCommitUnknown, context.Canceled)
	})
}

// A store that does not tell the version of what it took cannot be believed.
func TestPutWithoutETag(t *testing.T) {
	bubble(t, "put", func(t *testing.T, s *fakes3.Server, f *FS) {
		s.Break(fakes3.Fault{Op: "PutObject", Do: func(w http.ResponseWriter, _ *http.Request, carry func(http.ResponseWriter)) {
			carry(httptest.NewRecorder())
			w.WriteHeader(http.StatusOK)
		}})
		_, err := fsbase.WriteFile(t.Context(), f, "a", []byte("content"))
		wantUnknown(t, err)
	})
}

func TestErrorsTellAndHide(t *testing.T) {
	bubble(t, "put", func(t *testing.T, s *fakes3.Server, f *FS) {
		s.Break(fakes3.Fault{Do: func(w http.ResponseWriter, _ *http.Request, _ func(http.ResponseWriter)) {
			w.Header().Set("X-Amz-Request-Id", "THE-REQUEST")
			w.WriteHeader(http.StatusForbidden)
			_, _ = io.WriteString(w, "<Error><Code>AccessDenied</Code><Message>no s3:PutObject\n\u009b["+strings.Repeat("x", 500)+"</Message></Error>")
		}})
		_, err := fsbase.WriteFile(t.Context(), f, "a", []byte("content"))
		wantErr(t, err, fs.ErrPermission)
		var api smithy.APIError
		if !errors.As(err, &api) || api.ErrorCode() != "AccessDenied" {
			t.Errorf("the SDK's error is not found in %v", err)
		}
		text := err.Error()
		for _, part := range []string{"a: ", "PutObject: 403 AccessDenied", "no s3:PutObject", "THE-REQUEST"} {
			if !strings.Contains(text, part) {
				t.Errorf("%q lacks %q", text, part)
			}
		}
		if strings.ContainsAny(text, "\n\u009b") || len(text) > 600 {
			t.Errorf("%q is no line of a log", text)
		}
	})
}

func TestCommitInfo(t *testing.T) {
	s, f := newFS(t)
	info := put(t, f, "a", []byte("content"))
	want := fsbase.Info{
		Path: "a", Size: 7, Version: "9a0364b9e99bb480dd25e1f0284c8555",
		Sum: fsbase.Checksum{Algorithm: "crc32c", Value: fakes3.CRC32C([]byte("content"))},
	}
	if d := cmp.Diff(want, info); d != "" {
		t.Error(d)
	}
	if got := s.Ops(); !cmp.Equal(got, []string{"PutObject"}) {
		t.Errorf("requests: %q", got)
	}
}
