package s3

import (
	"io/fs"
	"strings"
	"testing"

	"github.com/aws/aws-sdk-go-v2/aws"

	"github.com/godcp/godcp/fsbase"
)

func TestNamesRefused(t *testing.T) {
	s, f := newFS(t)
	long := strings.Repeat("n", maxKey-len(f.prefix))
	put(t, f, long, []byte("x"))
	s.Requests()
	for _, name := range []string{"tab\there", "line\nbreak", "\x7f", "\u0085", "\ufffe", "\uffff", long + "n"} {
		_, err := f.CreateStream(t.Context(), name)
		wantErr(t, err, fs.ErrInvalid)
		_, err = f.OpenStream(t.Context(), name)
		wantErr(t, err, fs.ErrInvalid)
		_, err = f.Exists(t.Context(), name)
		wantErr(t, err, fs.ErrInvalid)
	}
	if n := len(s.Requests()); n > 0 {
		t.Errorf("%d requests", n)
	}
}

// What is a slash to some stores is refused where the store may be one of them.
func TestBackslash(t *testing.T) {
	s, f := newFS(t)
	for _, aws := range []bool{true, false} {
		f.site.aws = aws
		if err := f.site.checkName(`a\b`); aws != (err == nil) {
			t.Errorf("AWS: %t: %v", aws, err)
		}
	}
	_, err := f.CreateStream(t.Context(), `a\b`)
	wantErr(t, err, fs.ErrInvalid)
	_, err = f.OpenStream(t.Context(), `a\b`)
	wantErr(t, err, fs.ErrInvalid)
	s.Put(`run/step/a\b`, "x")
	if got := names(t, f, ""); len(got) > 0 {
		t.Errorf("%q is listed", got)
	}
	_, err = New(f.client, bucket, `a\b`, Options{})
	wantErr(t, err, fs.ErrInvalid)
}

func TestVersions(t *testing.T) {
	for tag, v := range map[string]fsbase.Version{`"abc-2"`: "abc-2", "abc": "abc", `W/"abc"`: `W/"abc"`, `""`: `""`, `"`: `"`} {
		if got := version(aws.String(tag)); got != v {
			t.Errorf("version(%s) is %q", tag, got)
		}
	}
	for v, tag := range map[fsbase.Version]string{"abc-2": `"abc-2"`, `W/"abc"`: `W/"abc"`, "": ""} {
		if got := aws.ToString(etag(v)); got != tag {
			t.Errorf("etag(%q) is %s", v, got)
		}
	}
	if version(nil) != "" || etag("") != nil {
		t.Error("nothing becomes something")
	}
}
