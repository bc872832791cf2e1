package redisfs_test

import (
	"errors"
	"io/fs"
	"runtime"
	"strings"
	"testing"

	"example.com/custombackend/internal/redistest"
	"github.com/godcp/godcp/fsbase"
)

func TestOpen(t *testing.T) {
	server := redistest.Start(t)
	whole, err := fsbase.Open(t.Context(), server.URL(""))
	if err != nil {
		t.Fatal(err)
	}
	part, err := fsbase.Open(t.Context(), server.URL("runs/7/"))
	if err != nil {
		t.Fatal(err)
	}
	if _, err := fsbase.WriteFile(t.Context(), part, "a", []byte("x")); err != nil {
		t.Fatal(err)
	}
	if ok, err := whole.Exists(t.Context(), "runs/7/a"); !ok || err != nil {
		t.Errorf("the folder of a URL is not where its files are: %v, %v", ok, err)
	}
	for url, want := range map[string]error{
		server.URL("a/../b"):                     fs.ErrInvalid,
		server.URL("a?db=1"):                     fs.ErrInvalid,
		"redis://:not-the-secret@" + server.Addr: fs.ErrPermission,
		"redis://" + server.Addr:                 fs.ErrPermission,
	} {
		fsys, err := fsbase.Open(t.Context(), url)
		if err == nil {
			_, err = fsys.Exists(t.Context(), "a")
		}
		if !errors.Is(err, want) {
			t.Errorf("%s: %v, want %v", fsbase.Redact(url), err, want)
		}
		for _, secret := range []string{redistest.Password, "not-the-secret"} {
			if err != nil && strings.Contains(err.Error(), secret) {
				t.Errorf("%s: a password is in the error", fsbase.Redact(url))
			}
		}
	}
}

// TestOneClient: a program opens as many URLs as it likes.
func TestOneClient(t *testing.T) {
	server := redistest.Start(t)
	watch := server.Client(t, 0)
	connections := func() int {
		list, err := watch.ClientList(t.Context()).Result()
		if err != nil {
			t.Fatal(err)
		}
		return strings.Count(list, "\n")
	}
	before, goroutines := connections(), 0
	for i := range 100 {
		fsys, err := fsbase.Open(t.Context(), server.URL("x"))
		if err != nil {
			t.Fatal(err)
		}
		if _, err := fsys.Exists(t.Context(), "a"); err != nil {
			t.Fatal(err)
		}
		if i == 0 {
			goroutines = runtime.NumGoroutine()
		}
	}
	if n := connections(); n > before+1 {
		t.Errorf("100 file systems have %d connections", n-before)
	}
	if n := runtime.NumGoroutine(); n > goroutines+50 {
		t.Errorf("100 file systems have %d goroutines more than one", n-goroutines)
	}
}
