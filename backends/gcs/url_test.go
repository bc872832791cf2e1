package gcs

import (
	"errors"
	"io/fs"
	"strings"
	"testing"

	"github.com/godcp/godcp/fsbase"
)

func TestURLs(t *testing.T) {
	var mux fsbase.Mux
	Register(&mux)
	for url, want := range map[string]string{ // "" for a good one, else a part of the error
		"gs://bucket":                        "",
		"gs://bucket/":                       "",
		"gs://bucket/run7/step-1000":         "",
		"gs://bucket/run7/":                  "",
		"GS://bucket/run7":                   "",
		"gs://my_bucket.example.com/a%20b":   "",
		"gs://bucket?transport=grpc":         "",
		"gs://bucket/a?transport=http":       "",
		"gs://":                              "no bucket",
		"gs:///folder":                       "no bucket",
		"gs://bucket:443/folder":             "no port",
		"gs://user:SECRET@bucket/folder":     "no user",
		"gs://bucket/a/../b":                 "not clean",
		"gs://bucket/a//b":                   "not clean",
		"gs://bucket/a#b":                    "%23",
		"gs://bucket/a?transport=xml":        `"http" or "grpc"`,
		"gs://bucket/a?key=SECRET":           `no parameter "key"`,
		"gs://bucket/a?transport=SECRET&x=1": `no parameter "x"`,
	} {
		verr := mux.ValidateCheckpointID(url)
		ferr := (*FS)(nil).ValidateCheckpointID(url)
		for who, err := range map[string]error{"mux": verr, "FS": ferr} {
			if want == "" {
				if err != nil {
					t.Errorf("%s: %q: %v", who, url, err)
				}
				continue
			}
			if err == nil || !strings.Contains(err.Error(), want) || !errors.Is(err, fs.ErrInvalid) || strings.Contains(err.Error(), "SECRET") {
				t.Errorf("%s: %q: %v, want %q in it", who, url, err, want)
			}
		}
	}
	for _, id := range []string{"/tmp/x", "s3://bucket/x", "gs:bucket", ""} {
		if err := (*FS)(nil).ValidateCheckpointID(id); !errors.Is(err, fs.ErrInvalid) {
			t.Errorf("%q: %v", id, err)
		}
	}
}

// TestOpenURL writes and reads through a URL, with the emulator's variable
// pointing to the stub.
func TestOpenURL(t *testing.T) {
	s := newStub(t)
	t.Setenv("STORAGE_EMULATOR_HOST", s.URL)
	var mux fsbase.Mux
	Register(&mux)
	f, err := mux.Open(t.Context(), "gs://bucket/run7/step-1000")
	if err != nil {
		t.Fatal(err)
	}
	info, err := fsbase.WriteFile(t.Context(), f, "dir/a", []byte("content"))
	if err != nil || info.Path != "dir/a" {
		t.Fatalf("%+v, %v", info, err)
	}
	if s.objects["run7/step-1000/dir/a"] == nil {
		t.Errorf("not where the URL says: %v", s.objects)
	}
	got, _, err := fsbase.ReadFile(t.Context(), f, "dir/a", 100)
	if err != nil || string(got) != "content" {
		t.Errorf("%q, %v", got, err)
	}
	shared.mu.Lock()
	defer shared.mu.Unlock()
	for key, c := range shared.open { // other tests have other stubs
		c.Close()
		delete(shared.open, key)
	}
}

func TestNew(t *testing.T) {
	s := newStub(t)
	if _, err := New(nil, "bucket"); !errors.Is(err, fs.ErrInvalid) {
		t.Error(err)
	}
	if _, err := New(s.client(t), ""); !errors.Is(err, fs.ErrInvalid) {
		t.Error(err)
	}
}
