package s3

import (
	"context"
	"errors"
	"io/fs"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/godcp/godcp/backends/s3/internal/fakes3"
	"github.com/godcp/godcp/fsbase"
)

// Pauses grow, differ, end with the context, and obey the store.
func TestPauses(t *testing.T) {
	bubble(t, "growing", func(t *testing.T, s *fakes3.Server, f *FS) {
		s.Break(answering("HeadObject", 0, 503, "SlowDown"))
		start := time.Now()
		_, err := f.Stat(t.Context(), "a")
		wantErr(t, err, fsbase.ErrThrottled)
		if took := time.Since(start); took < 500*time.Millisecond || took > 15*time.Second {
			t.Errorf("%d attempts took %v", attempts, took)
		}
	})
	bubble(t, "Retry-After", func(t *testing.T, s *fakes3.Server, f *FS) {
		s.Put("run/step/a", "x")
		s.Break(fakes3.Fault{Times: 1, Do: func(w http.ResponseWriter, _ *http.Request, _ func(http.ResponseWriter)) {
			w.Header().Set("Retry-After", "20")
			fakes3.Fail(w, 503, "SlowDown")
		}})
		start := time.Now()
		if _, err := f.Stat(t.Context(), "a"); err != nil {
			t.Fatal(err)
		}
		if took := time.Since(start); took < 20*time.Second || took > 21*time.Second {
			t.Errorf("it took %v", took)
		}
	})
	bubble(t, "cancelled", func(t *testing.T, s *fakes3.Server, f *FS) {
		s.Break(answering("", 0, 503, "SlowDown"))
		ctx, cancel := context.WithTimeout(t.Context(), 700*time.Millisecond)
		defer cancel()
		start := time.Now()
		_, err := f.Stat(ctx, "a")
		if took := time.Since(start); err == nil || took > 701*time.Millisecond {
			t.Errorf("it took %v, %v", took, err)
		}
	})
}

// How answers of a read are filed.
func TestClasses(t *testing.T) {
	tests := []struct {
		status int
		code   string
		class  error
	}{
		{400, "InvalidRequest", fs.ErrInvalid},
		{400, "ExpiredToken", fs.ErrPermission},
		{401, "Unauthorized", fs.ErrPermission},
		{403, "SignatureDoesNotMatch", fs.ErrPermission},
		{404, "NoSuchKey", fs.ErrNotExist},
		{404, "NoSuchBucket", fs.ErrNotExist},
		{405, "MethodNotAllowed", errors.ErrUnsupported},
		{409, "ExistingObjectIsDirectory", fs.ErrInvalid},
		{429, "", fsbase.ErrThrottled},
		{501, "NotImplemented", errors.ErrUnsupported},
		{503, "SlowDownRead", fsbase.ErrThrottled},
		{503, "", fsbase.ErrThrottled},
		{400, "RequestLimitExceeded", fsbase.ErrThrottled},
	}
	classes := []error{fs.ErrInvalid, fs.ErrPermission, fs.ErrNotExist, errors.ErrUnsupported, fsbase.ErrThrottled, fsbase.ErrPrecondition, fs.ErrExist}
	for _, tt := range tests {
		bubble(t, tt.code, func(t *testing.T, s *fakes3.Server, f *FS) {
			s.Break(answering("GetObject", 0, tt.status, tt.code))
			_, err := f.OpenStream(t.Context(), "a")
			wantErr(t, err, tt.class)
			for _, other := range classes {
				if other != tt.class && errors.Is(err, other) {
					t.Errorf("%v is also %v", err, other)
				}
			}
		})
	}
	bubble(t, "another region", func(t *testing.T, s *fakes3.Server, f *FS) {
		s.Break(fakes3.Fault{Do: func(w http.ResponseWriter, _ *http.Request, _ func(http.ResponseWriter)) {
			w.Header().Set("X-Amz-Bucket-Region", "ap-south-1")
			fakes3.Fail(w, http.StatusMovedPermanently, "PermanentRedirect")
		}})
		_, err := f.OpenStream(t.Context(), "a")
		wantErr(t, err, fs.ErrInvalid)
		if err == nil || !strings.Contains(err.Error(), "region=ap-south-1") {
			t.Errorf("%v does not tell the region", err)
		}
	})
}
