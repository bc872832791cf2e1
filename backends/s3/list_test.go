package s3

import (
	"fmt"
	"io/fs"
	"net/http"
	"slices"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/godcp/godcp/backends/s3/internal/fakes3"
)

// names lists, and ends the test if that fails.
func names(t *testing.T, f *FS, prefix string) []string {
	t.Helper()
	var all []string
	for info, err := range f.List(t.Context(), prefix) {
		if err != nil {
			t.Fatal(err)
		}
		all = append(all, info.Path)
	}
	return all
}

func TestList(t *testing.T) {
	bubble(t, "pages", func(t *testing.T, s *fakes3.Server, f *FS) {
		s.Vices.PageSize = 10
		var want []string
		for i := range 95 {
			want = append(want, fmt.Sprintf("d/%02d", i))
			s.Put("run/step/"+want[i], "x")
		}
		for _, outside := range []string{"run/step", "run/step-2/d/00", "run/ste", "d/00", "run/step/", "run/step/d/", "run/step/d//00", "run/step/d/a\tb", "run/step/d/../e"} {
			s.Put(outside, "x")
		}
		if d := cmp.Diff(want, names(t, f, "")); d != "" {
			t.Error(d)
		}
		if got := len(s.Requests()); got != 10 {
			t.Errorf("%d requests", got)
		}
		for range f.List(t.Context(), "") {
			break
		}
		if got := len(s.Requests()); got != 1 {
			t.Errorf("%d requests for one name", got)
		}
	})
	bubble(t, "faults", func(t *testing.T, s *fakes3.Server, f *FS) {
		s.Put("run/step/a", "x")
		s.Break(answering("ListObjectsV2", 3, 503, "SlowDown"))
		if got := names(t, f, ""); !slices.Equal(got, []string{"a"}) {
			t.Errorf("%q", got)
		}
		s.Break(answering("ListObjectsV2", 0, 403, "AccessDenied"))
		for _, err := range f.List(t.Context(), "") {
			wantErr(t, err, fs.ErrPermission)
		}
	})
	for name, body := range map[string]string{
		"order":       "<Contents><Key>run/step/b</Key></Contents><Contents><Key>run/step/a</Key></Contents>",
		"twice":       "<Contents><Key>run/step/a</Key></Contents><Contents><Key>run/step/a</Key></Contents>",
		"no token":    "<IsTruncated>true</IsTruncated>",
		"bad escapes": "<EncodingType>url</EncodingType><Contents><Key>run/step/%2</Key></Contents>",
	} {
		bubble(t, name, func(t *testing.T, s *fakes3.Server, f *FS) {
			s.Break(fakes3.Fault{Op: "ListObjectsV2", Do: func(w http.ResponseWriter, _ *http.Request, _ func(http.ResponseWriter)) {
				fmt.Fprintf(w, "<ListBucketResult>%s</ListBucketResult>", body)
			}})
			var last error
			for _, err := range f.List(t.Context(), "") {
				last = err
			}
			wantErr(t, last)
		})
	}
}

// Directory buckets list in no order, and only below folders.
func TestListDirectoryBucket(t *testing.T) {
	s, f := newFS(t)
	s.Vices.Unordered = true
	f.site.directory = true
	for _, name := range []string{"a", "d/a", "d/ab", "d/b", "e"} {
		s.Put("run/step/"+name, "x")
	}
	for prefix, want := range map[string][]string{
		"": {"a", "d/a", "d/ab", "d/b", "e"}, "d/a": {"d/a", "d/ab"}, "d": {"d/a", "d/ab", "d/b"}, "x/y": nil,
	} {
		if d := cmp.Diff(want, names(t, f, prefix)); d != "" {
			t.Errorf("%q: %s", prefix, d)
		}
	}
}

func TestRemoveAll(t *testing.T) {
	remove := func(t *testing.T, f *FS, prefix string) (gone []string, last error) {
		for name, err := range f.RemoveAll(t.Context(), prefix) {
			if last = err; err == nil {
				gone = append(gone, name)
			}
		}
		return gone, last
	}
	bubble(t, "batches", func(t *testing.T, s *fakes3.Server, f *FS) {
		var want []string
		for i := range 2100 {
			want = append(want, fmt.Sprintf("d/%04d & é", i))
			s.Put("run/step/"+want[i], "x")
		}
		s.Put("run/step/e", "kept")
		gone, err := remove(t, f, "d/")
		if err != nil || !slices.Equal(gone, want) || s.Keys() != 1 {
			t.Errorf("%d names, %d keys left, %v", len(gone), s.Keys(), err)
		}
		if d := cmp.Diff([]string{"ListObjectsV2", "DeleteObjects", "ListObjectsV2", "DeleteObjects", "ListObjectsV2", "DeleteObjects"}, s.Ops()); d != "" {
			t.Error(d)
		}
	})
	bubble(t, "some stay", func(t *testing.T, s *fakes3.Server, f *FS) {
		for _, name := range []string{"a", "b", "c"} {
			s.Put("run/step/"+name, "x")
		}
		s.Break(fakes3.Fault{Op: "DeleteObjects", Do: func(w http.ResponseWriter, _ *http.Request, _ func(http.ResponseWriter)) {
			fmt.Fprint(w, "<DeleteResult><Error><Key>run/step/b</Key><Code>AccessDenied</Code><Message>locked</Message></Error></DeleteResult>")
		}})
		gone, err := remove(t, f, "")
		wantErr(t, err, fs.ErrPermission)
		if !slices.Equal(gone, []string{"a", "c"}) {
			t.Errorf("%q", gone)
		}
	})
	bubble(t, "refused", func(t *testing.T, s *fakes3.Server, f *FS) {
		s.Put("run/step/a", "x")
		s.Break(answering("DeleteObjects", 0, 403, "AccessDenied"))
		gone, err := remove(t, f, "")
		wantErr(t, err, fs.ErrPermission)
		if len(gone) > 0 {
			t.Errorf("%q", gone)
		}
	})
}

// SeaweedFS, for one, lists d/ when it is asked for d\.
func TestListOfWhatWasNotAskedFor(t *testing.T) {
	bubble(t, "keys", func(t *testing.T, s *fakes3.Server, f *FS) {
		s.Put("run/step/e/a", "x")
		s.Break(fakes3.Fault{Op: "ListObjectsV2", Do: func(w http.ResponseWriter, _ *http.Request, _ func(http.ResponseWriter)) {
			fmt.Fprint(w, "<ListBucketResult><Contents><Key>run/step/e/a</Key></Contents></ListBucketResult>")
		}})
		for name, err := range f.RemoveAll(t.Context(), "d/") {
			if name != "" {
				t.Errorf("%q is removed", name)
			}
			wantErr(t, err)
		}
		if _, there := s.Object("run/step/e/a"); !there {
			t.Error("what is outside the prefix is removed")
		}
	})
}
