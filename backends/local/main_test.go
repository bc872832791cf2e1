package local

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"testing"

	"go.uber.org/goleak"

	"github.com/godcp/godcp/fsbase"
)

// helperEnv names the part that a second process of this test binary plays.
const helperEnv = "GODCP_LOCAL_TEST_HELPER"

func TestMain(m *testing.M) {
	if part := os.Getenv(helperEnv); part != "" {
		if err := helper(part, os.Args[len(os.Args)-1]); err != nil {
			fmt.Fprintln(os.Stderr, err)
			os.Exit(1)
		}
		return
	}
	goleak.VerifyTestMain(m)
}

// newFS returns a folder that does not exist yet.
func newFS(t testing.TB, opts ...Option) *FS {
	t.Helper()
	f, err := New(filepath.Join(t.TempDir(), "root"), opts...)
	if err != nil {
		t.Fatal(err)
	}
	return f
}

// put commits data under p.
func put(t testing.TB, f *FS, p, data string) fsbase.Info {
	t.Helper()
	info, err := write(f.CreateStream(t.Context(), p))(data)
	if err != nil {
		t.Fatalf("writing %q: %v", p, err)
	}
	return info
}

// write is for write(f.CreateStream(ctx, p))(data): all of a write.
func write(w fsbase.WriteStream, err error) func(data string) (fsbase.Info, error) {
	return func(data string) (fsbase.Info, error) {
		if err != nil {
			return fsbase.Info{}, err
		}
		defer w.Close()
		if _, err := io.WriteString(w, data); err != nil {
			return fsbase.Info{}, err
		}
		return w.Commit()
	}
}

// get returns the content of p, or an error.
func get(ctx context.Context, f *FS, p string) (string, error) {
	r, err := f.OpenStream(ctx, p)
	if err != nil {
		return "", err
	}
	defer r.Close()
	data, err := io.ReadAll(io.NewSectionReader(r, 0, r.Info().Size))
	return string(data), err
}

// want fails unless p has the content data.
func want(t testing.TB, f *FS, p, data string) {
	t.Helper()
	if got, err := get(t.Context(), f, p); err != nil || got != data {
		t.Fatalf("%q has %.40q (%d bytes), %v; want %.40q (%d bytes)", p, got, len(got), err, data, len(data))
	}
}

// wantErr fails unless err is of the class want.
func wantErr(t testing.TB, what string, err, want error) {
	t.Helper()
	if !errors.Is(err, want) {
		t.Errorf("%s: %v; want %v", what, err, want)
	}
}

// wantTidy fails if a temporary file is left.
func wantTidy(t testing.TB, f *FS) {
	t.Helper()
	if left := ownFiles(t, f.Root()); len(left) > 0 {
		t.Errorf("left behind: %q", left)
	}
}
