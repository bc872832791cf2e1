package fsbase_test

import (
	"context"
	"errors"
	"io/fs"
	"net/url"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/godcp/godcp/backends/memfs"
	"github.com/godcp/godcp/fsbase"
)

// recorder opens nothing and keeps the URL.
type recorder struct{ got *url.URL }

func (r *recorder) OpenURL(_ context.Context, u *url.URL) (fsbase.FileSystemBase, error) {
	r.got = u
	return memfs.New(), fsbase.CheckParams(u, "region", "endpoint")
}

func TestMuxOpen(t *testing.T) {
	for _, c := range []struct{ raw, scheme, host, path string }{
		{"s3://bucket/run/step-1", "s3", "bucket", "/run/step-1"},
		{"S3://Bucket/Run", "s3", "Bucket", "/Run"},
		{"s3://bucket/a%20b?region=eu", "s3", "bucket", "/a b"},
		{"file:///data/run", "file", "", "/data/run"},
		{"/data/run", "file", "", "/data/run"},
		{"run/step-1", "file", "", "run/step-1"},
		{".", "file", "", "."},
		{"a b/100%?x=y#z", "file", "", "a b/100%?x=y#z"},
		{`C:\data\run`, "file", "", `C:\data\run`},
		{"c:/data", "file", "", "c:/data"},
		{"C://data", "file", "", "C://data"},
		{"host:path", "file", "", "host:path"},
	} {
		var mux fsbase.Mux
		var file, s3 recorder
		mux.Register("FILE", &file)
		mux.Register("s3", &s3)
		if _, err := mux.Open(t.Context(), c.raw); err != nil {
			t.Errorf("Open(%q): %v", c.raw, err)
			continue
		}
		u := s3.got
		if u == nil {
			u = file.got
		}
		if u.Scheme != c.scheme || u.Host != c.host || u.Path != c.path {
			t.Errorf("Open(%q) asks for scheme %q, host %q, path %q", c.raw, u.Scheme, u.Host, u.Path)
		}
	}
}

func TestMuxErrors(t *testing.T) {
	var mux fsbase.Mux
	mux.Register("s3", &recorder{})
	mux.Register("mem", &recorder{})
	for _, c := range []struct{ raw, want string }{
		{"", `open : an empty URL: invalid argument`},
		{"gs://u:hidden@b/x?key=hidden", `open gs://b/x: no backend for scheme "gs": there are mem, s3; ` +
			`an import may be missing: import _ "github.com/godcp/godcp/backends/gcs"`},
		{"/data/run", `open /data/run: no backend for scheme "file": there are mem, s3; ` +
			`an import may be missing: import _ "github.com/godcp/godcp/backends/local"`},
		{"hdfs://x", `open hdfs://x: no backend for scheme "hdfs": there are mem, s3; ` +
			`an import may be missing: one like import _ "github.com/godcp/godcp/backends/NAME"`},
		{"s3://b/x?regoin=hidden", `open s3://b/x: scheme "s3" has no parameter "regoin": it has region, endpoint`},
		{"s3://b?region=hidden&region=hidden", `open s3://b: parameter "region" is given 2 times: invalid argument`},
		{"s3://b?region=%zzhidden", `open s3://b: the query cannot be read: invalid argument`},
		{"s3://b?region=a;hidden", `open s3://b: the query cannot be read: invalid argument`},
		{"s3://u:hidden:x/y@b/x", `open s3://b/x: not a URL, and not a bare path because it has "://" in it: invalid argument`},
		{"s3://u:hidden?@b/x?hidden", `open s3://b/x: not a URL, and not a bare path because it has "://" in it: invalid argument`},
		{"s 3://b", `open s 3://b: not a URL, and not a bare path because it has "://" in it: invalid argument`},
		{"/a/b://c", `open /a/b://c: not a URL, and not a bare path because it has "://" in it: invalid argument`},
		{"://", `open ://: not a URL, and not a bare path because it has "://" in it: invalid argument`},
	} {
		_, err := mux.Open(t.Context(), c.raw)
		wantIs(t, err)
		if got := err.Error(); got != c.want {
			t.Errorf("Open(%q):\n%s\nwant\n%s", c.raw, got, c.want)
		}
		if err := mux.ValidateCheckpointID(c.raw); (err == nil) != strings.Contains(c.want, "parameter") &&
			!strings.Contains(c.want, "query") {
			t.Errorf("ValidateCheckpointID(%q): %v", c.raw, err)
		}
	}

	var scheme *fsbase.UnknownSchemeError
	_, err := mux.Open(t.Context(), "gs://b")
	if !errors.As(err, &scheme) || !cmp.Equal(*scheme, fsbase.UnknownSchemeError{Scheme: "gs", Known: []string{"mem", "s3"}}) {
		t.Errorf("no UnknownSchemeError: %v", err)
	}
	var parameter *fsbase.UnknownParameterError
	_, err = mux.Open(t.Context(), "s3://b?z=1&a=2&region=3")
	if !errors.As(err, &parameter) || parameter.Parameter != "a" || !errors.Is(err, fs.ErrInvalid) {
		t.Errorf("no UnknownParameterError of the first name: %v", err)
	}
	if _, err := new(fsbase.Mux).Open(t.Context(), "x"); !strings.Contains(err.Error(), "there are none") {
		t.Errorf("the zero Mux: %v", err)
	}
	_, err = mux.Open(cancelled(t), "s3://b")
	wantIs(t, err, context.Canceled)
}

func TestMuxRegisterPanics(t *testing.T) {
	for _, c := range []struct {
		scheme string
		opener fsbase.Opener
	}{
		{"mem", &recorder{}},
		{"MEM", &recorder{}},
		{"", &recorder{}},
		{"c", &recorder{}},
		{"a b", &recorder{}},
		{"3s", &recorder{}},
		{"é3", &recorder{}},
		{"nil", nil},
	} {
		var mux fsbase.Mux
		mux.Register("mem", &recorder{})
		func() {
			defer func() {
				if recover() == nil {
					t.Errorf("Register(%q, %v) does not panic", c.scheme, c.opener)
				}
			}()
			mux.Register(c.scheme, c.opener)
		}()
		if got := mux.Schemes(); !cmp.Equal(got, []string{"mem"}) {
			t.Errorf("after Register(%q) failed: %v", c.scheme, got)
		}
	}
}

// validator is an opener with an opinion.
type validator struct{ recorder }

func (v *validator) ValidateCheckpointID(id string) error {
	if strings.Contains(id, "bad") {
		return fs.ErrInvalid
	}
	return nil
}

func TestMuxValidateCheckpointID(t *testing.T) {
	var mux fsbase.Mux
	v := &validator{}
	mux.Register("vv", v)
	mux.Register("any", fsbase.OpenerFunc(v.OpenURL))
	for id, ok := range map[string]bool{
		"vv://good": true, "vv://bad": false, "any://bad": true, "none://x": false, "": false, "/path": false,
	} {
		if err := mux.ValidateCheckpointID(id); (err == nil) != ok {
			t.Errorf("ValidateCheckpointID(%q): %v", id, err)
		} else if err != nil {
			wantIs(t, err)
		}
	}
	if v.got != nil {
		t.Error("validating opens")
	}
}

func TestDefaultMux(t *testing.T) {
	if got := fsbase.Schemes(); !cmp.Equal(got, []string{"mem"}) { // by the import of memfs
		t.Errorf("Schemes: %v", got)
	}
	fsys, err := fsbase.Open(t.Context(), "mem://")
	if err != nil {
		t.Fatal(err)
	}
	put(t, fsys, "a", "x")
	if got := get(t, fsys, "a"); got != "x" {
		t.Errorf("got %q", got)
	}
}
