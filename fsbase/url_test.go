package fsbase_test

import (
	"context"
	"net/url"
	"strings"
	"testing"

	"pgregory.net/rapid"

	"github.com/godcp/godcp/fsbase"
)

func TestRedact(t *testing.T) {
	for raw, want := range map[string]string{
		"":                               "",
		"/data/x?y=z":                    "/data/x?y=z",
		`C:\data`:                        `C:\data`,
		"s3://b/run":                     "s3://b/run",
		"s3://b/run/":                    "s3://b/run/",
		"s3://b/model@v1":                "s3://b/model@v1",
		"s3://key:secret@b/run":          "s3://b/run",
		"s3://key@b/run":                 "s3://b/run",
		"s3://b/run?token=secret#secret": "s3://b/run",
		"s3://b?":                        "s3://b",
		"s3://k:a/b@c@b/run?x":           "s3://b/run",
		"s3://k:a?b@b/run?x":             "s3://b/run",
		"s3://k:%zz@b/run":               "s3://b/run",
		"s3://b/%zz?token=secret":        "s3://b/%zz",
		"mem://":                         "mem://",
	} {
		if got := fsbase.Redact(raw); got != want {
			t.Errorf("Redact(%q) = %q, want %q", raw, got, want)
		}
	}
}

// No secret is in an error of Open, whatever the URL is made of.
func TestOpenShowsNoSecret(t *testing.T) {
	var mux fsbase.Mux
	mux.Register("ok", fsbase.OpenerFunc(func(_ context.Context, u *url.URL) (fsbase.FileSystemBase, error) {
		return nil, fsbase.CheckParams(u, "known")
	}))
	const secret = "HIDDEN"
	rapid.Check(t, func(t *rapid.T) {
		scheme := rapid.SampledFrom([]string{"ok", "other", "OK"}).Draw(t, "scheme")
		user := rapid.SampledFrom([]string{"", "u:HIDDEN@", "HIDDEN@", "u:%zzHIDDEN@", "u:HID DEN/HIDDEN:x@", "u:a[HIDDEN@"}).Draw(t, "user")
		host := rapid.SampledFrom([]string{"", "b", "b:80", "b:port", "[::1", "b b"}).Draw(t, "host")
		path := rapid.SampledFrom([]string{"", "/x", "/%zz", "/a b", "/\x01", "//"}).Draw(t, "path")
		query := rapid.SampledFrom([]string{"", "?k=HIDDEN", "?known=HIDDEN&known=HIDDEN", "?k=%zzHIDDEN", "?k=a;HIDDEN", "#HIDDEN"}).Draw(t, "query")
		raw := scheme + "://" + user + host + path + query
		if _, err := mux.Open(context.Background(), raw); err != nil && strings.Contains(err.Error(), secret) {
			t.Fatalf("Open(%q): %v", raw, err)
		}
		if err := mux.ValidateCheckpointID(raw); err != nil && strings.Contains(err.Error(), secret) {
			t.Fatalf("ValidateCheckpointID(%q): %v", raw, err)
		}
		if err := (fsbase.Flat{}).ValidateCheckpointID(raw); err != nil && strings.Contains(err.Error(), secret) {
			t.Fatalf("Flat: ValidateCheckpointID(%q): %v", raw, err)
		}
	})
}

func FuzzRedact(f *testing.F) {
	for _, s := range []string{"", "s3://k:p@b/x?y#z", "C://", "://", "a://@?#", "s3://k:a?b@c", "x://%zz@"} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, raw string) {
		got := fsbase.Redact(raw)
		if again := fsbase.Redact(got); again != got {
			t.Errorf("Redact(%q) = %q, and again %q", raw, got, again)
		}
		_ = new(fsbase.Mux).ValidateCheckpointID(raw)
	})
}
