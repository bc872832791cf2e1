package s3

import (
	"io/fs"
	"net/http"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/godcp/godcp/backends/s3/internal/fakes3"
	"github.com/godcp/godcp/fsbase"
)

// Which requests a copy is. Of the conditions only those of Complete are
// trusted.
func TestCopyRequests(t *testing.T) {
	tests := []struct {
		name string
		size int
		cond fsbase.Condition
		want []string
	}{
		{"plain", 100, fsbase.Condition{}, []string{"HeadObject", "CopyObject"}},
		{"if absent", 100, fsbase.IfAbsent(), []string{"HeadObject", "CreateMultipartUpload", "UploadPartCopy", "CompleteMultipartUpload"}},
		{"empty, if absent", 0, fsbase.IfAbsent(), []string{"HeadObject", "PutObject"}},
	}
	for _, tt := range tests {
		bubble(t, tt.name, func(t *testing.T, s *fakes3.Server, f *FS) {
			data := content(tt.size)
			s.Put("run/step/a b+c/é", string(data))
			info, err := f.Copy(t.Context(), "a b+c/é", "to", tt.cond)
			if err != nil || info.Path != "to" || info.Size != int64(tt.size) || info.Version == "" {
				t.Errorf("%+v, %v", info, err)
			}
			want(t, s, "run/step/to", data)
			want(t, s, "run/step/a b+c/é", data)
			if d := cmp.Diff(tt.want, s.Ops()); d != "" {
				t.Error(d)
			}
		})
	}
}

// Parts of a copy fit together. (The sizes at which S3 demands parts are too
// large for a test.)
func TestCopyParts(t *testing.T) {
	bubble(t, "three", func(t *testing.T, s *fakes3.Server, f *FS) {
		s.Put("run/step/a", string(large))
		o, err := f.head(t.Context(), "run/step/a", "")
		if err != nil {
			t.Fatal(err)
		}
		begin := func() (*multipart, error) {
			return f.begin(t.Context(), "run/step/b", fsbase.Condition{}, copiedParts)
		}
		if _, err := inParts(t.Context(), begin, f.copying("run/step/a", o.version), o.size, partSize); err != nil {
			t.Fatal(err)
		}
		want(t, s, "run/step/b", large)
		noUploads(t, s)
	})
}

func TestCopyFaults(t *testing.T) {
	const data = "content"
	tests := []struct {
		name  string
		fault fakes3.Fault
		cond  fsbase.Condition
		class error // nil when it succeeds
	}{
		{"cut", cutAfter("CopyObject", 2), fsbase.Condition{}, nil},
		{"200 with an error", answering("CopyObject", 2, 200, "InternalError"), fsbase.Condition{}, nil},
		{"200 with an error for ever", answering("CopyObject", 0, 200, "InternalError"), fsbase.Condition{}, fsbase.ErrCommitUnknown},
		{"source replaced", answering("CopyObject", 0, 412, "PreconditionFailed"), fsbase.Condition{}, fsbase.ErrChanged},
		{"forbidden", answering("CopyObject", 0, 403, "AccessDenied"), fsbase.Condition{}, fs.ErrPermission},
		{"part 200 with an error", answering("UploadPartCopy", 2, 200, "InternalError"), fsbase.IfAbsent(), nil},
		{"part of a source replaced", answering("UploadPartCopy", 0, 412, "PreconditionFailed"), fsbase.IfAbsent(), fsbase.ErrChanged},
		{"lost", answering("CompleteMultipartUpload", 0, 412, "PreconditionFailed"), fsbase.IfAbsent(), fs.ErrExist},
	}
	for _, tt := range tests {
		bubble(t, tt.name, func(t *testing.T, s *fakes3.Server, f *FS) {
			s.Put("run/step/a", data)
			s.Break(tt.fault)
			_, err := f.Copy(t.Context(), "a", "to", tt.cond)
			if tt.class == nil {
				if err != nil {
					t.Fatal(err)
				}
				want(t, s, "run/step/to", []byte(data))
				return
			}
			wantErr(t, err, tt.class)
			noUploads(t, s)
		})
	}
}

func TestRename(t *testing.T) {
	bubble(t, "copy and remove", func(t *testing.T, s *fakes3.Server, f *FS) {
		s.Put("run/step/a", "x")
		if err := f.Rename(t.Context(), "a", "b"); err != nil {
			t.Fatal(err)
		}
		want(t, s, "run/step/b", []byte("x"))
		if d := cmp.Diff([]string{"HeadObject", "CopyObject", "DeleteObject"}, s.Ops()); d != "" || s.Keys() != 1 {
			t.Error(d, s.Keys())
		}
	})
	bubble(t, "source replaced meanwhile", func(t *testing.T, s *fakes3.Server, f *FS) {
		f.site.aws = true // which keeps If-Match of a DELETE
		s.Put("run/step/a", "x")
		s.Break(fakes3.Fault{Op: "CopyObject", Do: func(w http.ResponseWriter, _ *http.Request, carry func(http.ResponseWriter)) {
			carry(w)
			s.Put("run/step/a", "newer")
		}})
		wantErr(t, f.Rename(t.Context(), "a", "b"), fsbase.ErrChanged)
		want(t, s, "run/step/a", []byte("newer"))
	})
	bubble(t, "directory bucket", func(t *testing.T, s *fakes3.Server, f *FS) {
		f.site.directory = true
		s.Put("run/step/a b", "x")
		s.Break(answering("RenameObject", 1, 500, "InternalError"))
		if err := f.Rename(t.Context(), "a b", "b"); err != nil {
			t.Fatal(err)
		}
		want(t, s, "run/step/b", []byte("x"))
		requests := s.Requests()
		if len(requests) != 2 || requests[0].Header.Get("X-Amz-Client-Token") == "" ||
			requests[0].Header.Get("X-Amz-Client-Token") != requests[1].Header.Get("X-Amz-Client-Token") {
			t.Errorf("%d requests, with other tokens", len(requests))
		}
	})
	bubble(t, "to itself", func(t *testing.T, s *fakes3.Server, f *FS) {
		s.Put("run/step/a", "x")
		if err := f.Rename(t.Context(), "a", "a"); err != nil {
			t.Error(err)
		}
		want(t, s, "run/step/a", []byte("x"))
		wantErr(t, f.Rename(t.Context(), "b", "b"), fs.ErrNotExist)
	})
}
