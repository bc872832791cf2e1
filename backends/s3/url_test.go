package s3

import (
	"errors"
	"io"
	"io/fs"
	"net/http"
	"net/http/httptest"
	"os"
	"strings"
	"testing"

	"github.com/aws/aws-sdk-go-v2/aws"

	"github.com/godcp/godcp/backends/s3/internal/fakes3"
	"github.com/godcp/godcp/fsbase"
)

// bareEnvironment hides what the machine has for AWS.
func bareEnvironment(t *testing.T) {
	t.Helper()
	for _, name := range os.Environ() {
		if name, _, _ = strings.Cut(name, "="); strings.HasPrefix(name, "AWS_") {
			t.Setenv(name, "")
			os.Unsetenv(name)
		}
	}
	t.Setenv("AWS_CONFIG_FILE", os.DevNull)
	t.Setenv("AWS_SHARED_CREDENTIALS_FILE", os.DevNull)
	t.Setenv("AWS_EC2_METADATA_DISABLED", "true")
}

const refusedSecret = "SECRETINTHEURL"

func TestURLsRefused(t *testing.T) {
	bareEnvironment(t)
	for _, rawURL := range []string{
		"s3://", "s3:///prefix", "s3://bucket:9000/x", "s3://key:" + refusedSecret + "@bucket/x", "s3://bucket/x#" + refusedSecret,
		"s3://bucket/a//b", "s3://bucket/../x", "s3://bucket/a%0ab", "s3://bucket/./x",
		"s3://bucket/x?unknown=" + refusedSecret, "s3://bucket/x?region=a&region=b", "s3://bucket/x?region=",
		"s3://bucket/x?path_style=yes", "s3://bucket/x?anonymous=1", "s3://bucket/x?conditional=maybe", "s3://bucket/x?request_payer=me",
		"s3://bucket/x?kms_key_id=" + refusedSecret, "s3://bucket/x?sse=AES256&kms_key_id=" + refusedSecret,
		"s3://bucket/x?endpoint=host:9000", "s3://bucket/x?endpoint=ftp://host", "s3://bucket/x?endpoint=http://user:" + refusedSecret + "@host",
		"s3://bucket/x?endpoint=http://host?" + refusedSecret, "s3://bucket/x?region=%zz",
	} {
		for how, err := range map[string]error{
			"validate": fsbase.DefaultMux.ValidateCheckpointID(rawURL),
			"open":     func() error { _, err := fsbase.Open(t.Context(), rawURL); return err }(),
		} {
			var pe *fs.PathError
			if !errors.Is(err, fs.ErrInvalid) || !errors.As(err, &pe) {
				t.Errorf("%s %s: %v", how, rawURL, err)
			}
			if err != nil && strings.Contains(err.Error(), refusedSecret) {
				t.Errorf("%s: %v shows a secret", how, err)
			}
		}
	}
	var unknown *fsbase.UnknownParameterError
	if _, err := fsbase.Open(t.Context(), "s3://bucket/x?regoin=a"); !errors.As(err, &unknown) || len(unknown.Known) != len(parameters) {
		t.Errorf("%v", err)
	}
	if _, err := fsbase.Open(t.Context(), "s3://bucket/x"); err == nil || !strings.Contains(err.Error(), "region") {
		t.Errorf("without a region: %v", err)
	}
}

// A bucket without credentials is refused before anything is sent, with what
// would do, and the SDK writes nothing beside the error.
func TestNoCredentialsInTheEnvironment(t *testing.T) {
	bareEnvironment(t)
	fsys, err := fsbase.Open(t.Context(), "s3://bucket/x?region=eu-west-1&endpoint=http://127.0.0.1:9")
	if err != nil {
		t.Fatal(err)
	}
	stderr := os.Stderr
	r, w, err := os.Pipe()
	if err != nil {
		t.Fatal(err)
	}
	os.Stderr = w
	_, err = fsys.OpenStream(t.Context(), "a")
	os.Stderr = stderr
	w.Close()
	if said, rerr := io.ReadAll(r); rerr != nil || len(said) > 0 {
		t.Errorf("stderr has %q, %v", said, rerr)
	}
	if !errors.Is(err, fs.ErrPermission) || !strings.Contains(err.Error(), "no credentials in AWS_ACCESS_KEY_ID") || !strings.Contains(err.Error(), "anonymous=true") {
		t.Errorf("%v", err)
	}
}

// What the machine's metadata service answers is not taken for the store's:
// that it knows no role is no object that is absent.
func TestMetadataServiceIsNotTheStore(t *testing.T) {
	for _, code := range []int{http.StatusNotFound, http.StatusForbidden, http.StatusBadRequest} {
		bareEnvironment(t)
		service := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) { w.WriteHeader(code) }))
		t.Cleanup(service.Close)
		t.Setenv("AWS_EC2_METADATA_DISABLED", "false")
		t.Setenv("AWS_EC2_METADATA_SERVICE_ENDPOINT", service.URL)
		fsys, err := fsbase.Open(t.Context(), "s3://bucket/x?region=eu-west-1&endpoint=http://127.0.0.1:9")
		if err != nil {
			t.Fatal(err)
		}
		if there, err := fsys.Exists(t.Context(), "a"); there || !errors.Is(err, fs.ErrPermission) {
			t.Errorf("Exists, and the service says %d: %v, %v", code, there, err)
		}
		if _, err := fsys.OpenStream(t.Context(), "a"); !errors.Is(err, fs.ErrPermission) || errors.Is(err, fs.ErrNotExist) {
			t.Errorf("OpenStream, and the service says %d: %v", code, err)
		}
	}
}

// What a URL means, seen in the file system that it opens.
func TestURLs(t *testing.T) {
	bareEnvironment(t)
	tests := []struct {
		url                  string
		env                  string // AWS_ENDPOINT_URL_S3
		prefix, region, base string
		pathStyle            bool
		conditional          Conditional
	}{
		{url: "s3://bucket?region=eu-west-1", region: "eu-west-1", conditional: ConditionalOn},
		{url: "S3://bucket/a/b/?region=eu-west-1", prefix: "a/b/", region: "eu-west-1", conditional: ConditionalOn},
		{url: "s3://bucket/a%20b?region=x", prefix: "a b/", region: "x", conditional: ConditionalOn},
		{url: "s3://bucket?region=x&conditional=off", region: "x", conditional: ConditionalOff},
		{url: "s3://bucket?region=x&path_style=true", region: "x", pathStyle: true, conditional: ConditionalOn},
		{
			url: "s3://bucket?endpoint=http://127.0.0.1:9000", base: "http://127.0.0.1:9000", region: "us-east-1",
			pathStyle: true, conditional: ConditionalProbe,
		},
		{
			url: "s3://bucket?endpoint=https://store.example.com&path_style=false&conditional=on", base: "https://store.example.com",
			region: "us-east-1", conditional: ConditionalOn,
		},
		{url: "s3://bucket", env: "http://127.0.0.1:9000", base: "http://127.0.0.1:9000", region: "us-east-1", pathStyle: true, conditional: ConditionalProbe},
		{
			url: "s3://bucket?region=x&endpoint=https://s3.dualstack.x.amazonaws.com", base: "https://s3.dualstack.x.amazonaws.com",
			region: "x", conditional: ConditionalOn,
		},
	}
	for _, tt := range tests {
		t.Run(strings.ReplaceAll(tt.url, "/", " "), func(t *testing.T) {
			if tt.env != "" {
				t.Setenv("AWS_ENDPOINT_URL_S3", tt.env)
			}
			fsys, err := fsbase.Open(t.Context(), tt.url)
			if err != nil {
				t.Fatal(err)
			}
			f := fsys.(*FS)
			o := f.client.Options()
			if f.bucket != "bucket" || f.prefix != tt.prefix || o.Region != tt.region || aws.ToString(o.BaseEndpoint) != tt.base ||
				o.UsePathStyle != tt.pathStyle || f.o.Conditional != tt.conditional {
				t.Errorf("bucket %q, prefix %q, region %q, endpoint %q, path style %v, conditional %v",
					f.bucket, f.prefix, o.Region, aws.ToString(o.BaseEndpoint), o.UsePathStyle, f.o.Conditional)
			}
			if err := f.ValidateCheckpointID(tt.url); err != nil {
				t.Error(err)
			}
		})
	}
}

// From the URL to the bytes, with credentials of the environment, and without.
func TestURLEndToEnd(t *testing.T) {
	bareEnvironment(t)
	s := fakes3.New(bucket)
	server := httptest.NewServer(s)
	t.Cleanup(server.Close)
	t.Setenv("AWS_ACCESS_KEY_ID", accessKey)
	t.Setenv("AWS_SECRET_ACCESS_KEY", secretKey)
	for parameter, signed := range map[string]bool{"": true, "&anonymous=true": false} {
		fsys, err := fsbase.Open(t.Context(), "s3://bucket/run?conditional=on&endpoint="+server.URL+parameter)
		if err != nil {
			t.Fatal(err)
		}
		if limits := fsbase.Limits(fsys); limits.ReadsInFlight != 8 || limits.MaxObject != maxObject {
			t.Errorf("%+v", limits)
		}
		if _, err := fsbase.WriteFile(t.Context(), fsys, "a", []byte("content")); err != nil {
			t.Fatal(err)
		}
		want(t, s, "run/a", []byte("content"))
		for _, r := range s.Requests() {
			if has := strings.Contains(r.Header.Get("Authorization"), accessKey); has != signed {
				t.Errorf("%q: signed %v", parameter, has)
			}
		}
	}
}

func TestNewRefuses(t *testing.T) {
	c := clientOver(nil)
	for name, err := range map[string]error{
		"client": func() error { _, err := New(nil, bucket, "", Options{}); return err }(),
		"bucket": func() error { _, err := New(c, "", "", Options{}); return err }(),
		"prefix": func() error { _, err := New(c, bucket, "a/../b", Options{}); return err }(),
		"key":    func() error { _, err := New(c, bucket, "", Options{SSECustomerKey: []byte("short")}); return err }(),
		"two keys": func() error {
			_, err := New(c, bucket, "", Options{SSECustomerKey: make([]byte, 32), SSE: "AES256"})
			return err
		}(),
		"condition": func() error { _, err := New(c, bucket, "", Options{Conditional: 9}); return err }(),
	} {
		if !errors.Is(err, fs.ErrInvalid) {
			t.Errorf("%s: %v", name, err)
		}
	}
}
