package gocloud

import (
	"context"
	"errors"
	"io/fs"
	"strings"
	"testing"

	"gocloud.dev/blob"
	"gocloud.dev/blob/fileblob"
	"gocloud.dev/blob/memblob"

	"github.com/godcp/godcp/fsbase"
)

// Conditional writes are handed out on Azure alone: fileblob's, by whatever
// name it is reached, has several winners.
func TestCapabilities(t *testing.T) {
	files, err := fileblob.OpenBucket(t.TempDir(), nil)
	if err != nil {
		t.Fatal(err)
	}
	for name, c := range map[string]struct {
		fsys *FS
		want bool
	}{
		"azure":           {newStub(t).fs(t), true},
		"memblob":         {wrap(t, memblob.OpenBucket(nil)), false},
		"fileblob":        {wrap(t, files), false},
		"prefix of files": {wrap(t, blob.PrefixedBucket(memblob.OpenBucket(nil), "a/")), false},
	} {
		_, exclusive := fsbase.As[fsbase.ExclusiveCreator](c.fsys)
		_, swap := fsbase.As[fsbase.Swapper](c.fsys)
		_, upload := fsbase.As[fsbase.Uploader](c.fsys)
		if exclusive != c.want || swap != c.want || upload != c.want {
			t.Errorf("%s: %v, %v, %v; want %v", name, exclusive, swap, upload, c.want)
		}
		_, err := fsbase.CreateExclusive(t.Context(), c.fsys, "x")
		if errors.Is(err, errors.ErrUnsupported) == c.want {
			t.Errorf("%s: CreateExclusive: %v", name, err)
		}
	}
	if _, err := Wrap(nil); !errors.Is(err, fs.ErrInvalid) {
		t.Error(err)
	}
}

// A write by another gives memblob's reader ErrChanged, and so does one by a
// writer that leaves no mark.
func TestForeignWrites(t *testing.T) {
	bucket := memblob.OpenBucket(nil)
	f := wrap(t, bucket)
	if err := bucket.WriteAll(t.Context(), "a", []byte("old"), nil); err != nil {
		t.Fatal(err)
	}
	r, err := f.OpenStream(t.Context(), "a")
	if err != nil {
		t.Fatal(err)
	}
	if err := bucket.WriteAll(t.Context(), "a", []byte("new"), nil); err != nil {
		t.Fatal(err)
	}
	_, err = r.ReadAt(make([]byte, 3), 0)
	wantClass(t, "replaced", err, fsbase.ErrChanged)
}

// An overtaken commit has succeeded, and its version is nobody's any more.
func TestOvertakenCommit(t *testing.T) {
	bucket := memblob.OpenBucket(nil)
	f := wrap(t, bucket)
	w, err := f.CreateStream(t.Context(), "a")
	if err != nil {
		t.Fatal(err)
	}
	s := w.(*writeStream)
	if _, err := s.Write([]byte("ours")); err != nil {
		t.Fatal(err)
	}
	if err := s.w.Close(); err != nil {
		t.Fatal(err)
	}
	if err := bucket.WriteAll(t.Context(), "a", []byte("theirs"), &blob.WriterOptions{Metadata: map[string]string{markKey: "x"}}); err != nil {
		t.Fatal(err)
	}
	info, err := s.look(nil)
	now, serr := f.Stat(t.Context(), "a")
	if err != nil || serr != nil || info.Size != 4 || info.Version == now.Version || info.Version == "" {
		t.Errorf("%+v, %v; there is %+v, %v", info, err, now, serr)
	}
	s.done = true
	s.cancel()
}

func TestAzureNames(t *testing.T) {
	f := newStub(t).fs(t)
	for name, ok := range map[string]bool{
		"a b/c+d": true, "50%": true, `q"#?\`: true, "tab\t": true, "__0_0.distcp": true, ".metadata": true, "é/日本": true,
		"a.": false, "a./b": false, "__0x2f__": false, "\u0085": false, strings.Repeat("n", 1025): false,
		strings.Repeat("%", 200): false,
	} {
		_, err := f.CreateStream(t.Context(), name)
		if (err == nil) != ok || err != nil && !errors.Is(err, fs.ErrInvalid) {
			t.Errorf("%q: %v", name, err)
		}
		if _, err := f.Stat(t.Context(), name); !errors.Is(err, fs.ErrNotExist) {
			t.Errorf("Stat(%q): %v", name, err)
		}
		// What is written past the driver is read through it.
		if !ok {
			continue
		}
		if _, err := fsbase.WriteFile(t.Context(), f, name, []byte(name)); err != nil {
			t.Errorf("%q: %v", name, err)
		}
		if got, _, err := fsbase.ReadFile(t.Context(), f, name, 100); err != nil || string(got) != name {
			t.Errorf("%q reads %q, %v", name, got, err)
		}
	}
}

func TestURLs(t *testing.T) {
	var mux fsbase.Mux
	Register(&mux)
	for url, want := range map[string]string{ // "" for a good one, else a part of the error
		"azblob://container":                                "",
		"azblob://container/run7/step-1000":                 "",
		"AZBLOB://container/run7/":                          "",
		"azblob://container/x?domain=blob.core.windows.net": "",
		"azblob://container/x?localemu=true&protocol=http":  "",
		"azblob://c/x?storage_account=a&cdn=false":          "",
		"azblob://":                                           "no container",
		"azblob:///x":                                         "no container",
		"azblob://container:80/x":                             "no port",
		"azblob://account:SECRET@container/x":                 "no user",
		"azblob://container/a/../b":                           "not clean",
		"azblob://container/a#b":                              "%23",
		"azblob://container/a./b":                             "ends with a dot",
		"azblob://container/a?sig=SECRET":                     `no parameter "sig"`,
		"azblob://container/a?domain=SECRET&domain=localhost": "2 times",
	} {
		verr := mux.ValidateCheckpointID(url)
		ferr := newStub(t).fs(t).ValidateCheckpointID(url)
		for who, err := range map[string]error{"mux": verr, "FS": ferr} {
			if want == "" && err != nil {
				t.Errorf("%s: %q: %v", who, url, err)
			}
			if want != "" && (err == nil || !strings.Contains(err.Error(), want) || !errors.Is(err, fs.ErrInvalid) || strings.Contains(err.Error(), "SECRET")) {
				t.Errorf("%s: %q: %v, want %q in it", who, url, err, want)
			}
		}
	}
}

// Opening asks nothing, and says what is missing in the environment.
func TestOpenURL(t *testing.T) {
	var mux fsbase.Mux
	Register(&mux)
	t.Setenv("AZURE_STORAGE_ACCOUNT", "")
	t.Setenv("AZURE_STORAGE_CONNECTION_STRING", "")
	t.Setenv("AZURE_STORAGEBLOB_CONNECTIONSTRING", "")
	if _, err := mux.Open(t.Context(), "azblob://container/x"); err == nil || !strings.Contains(err.Error(), "AccountName") {
		t.Errorf("without an account: %v", err)
	}
	t.Setenv("AZURE_STORAGE_ACCOUNT", "account")
	t.Setenv("AZURE_STORAGE_KEY", "c2VjcmV0")
	f, err := mux.Open(t.Context(), "azblob://container/x")
	if err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	if _, err := f.Exists(ctx, "a"); !errors.Is(err, context.Canceled) {
		t.Errorf("%v", err)
	}
	if _, err := mux.Open(t.Context(), "azblob://container/x?domain=evil.example.com"); err == nil {
		t.Error("another domain than Azure's is taken")
	}
}
