package verify_test

import (
	"context"
	"errors"
	"io/fs"
	"path/filepath"
	"testing"

	"github.com/godcp/godcp/backends/local"
	"github.com/godcp/godcp/ckpterr"
	"github.com/godcp/godcp/dcp"
	"github.com/godcp/godcp/fsbase"
	"github.com/godcp/godcp/verify"
)

// spoiltFS is a folder whose reads of some names fail, and that may not list.
type spoiltFS struct {
	fsbase.FileSystemBase
	err map[string]error
}

func (f spoiltFS) OpenStream(ctx context.Context, path string) (fsbase.ReadStream, error) {
	if err := f.err[path]; err != nil {
		return nil, &fs.PathError{Op: "open", Path: path, Err: err}
	}
	return f.FileSystemBase.OpenStream(ctx, path)
}

func (f spoiltFS) AsCapability(any) bool { return false }

// TestStorageFails: storage that fails is no fault of the checkpoint, and what
// was found before is told.
func TestStorageFails(t *testing.T) {
	dir := copied(t, "dist4_row")
	flip(t, filepath.Join(dir, "__0_0.distcp"), 0)
	fsys, err := local.New(dir)
	if err != nil {
		t.Fatal(err)
	}
	broken := map[string]error{"__2_0.distcp": fs.ErrPermission, "__3_0.distcp": errors.New("on fire")}
	for _, workers := range []int{1, 16} {
		ck, err := dcp.OpenFS(t.Context(), spoiltFS{fsys, broken}, dcp.OpenOptions{})
		if err != nil {
			t.Fatal(err)
		}
		rep, err := verify.Verify(t.Context(), ck, verify.Options{Workers: workers})
		if !errors.Is(err, fs.ErrPermission) || ckpterr.ClassOf(err) != "" {
			t.Errorf("%d workers: %v", workers, err)
		}
		if rep.Errors == 0 || rep.Findings[0].File != "__0_0.distcp" || rep.Items != 5 {
			t.Errorf("%d workers: %d items, %v", workers, rep.Items, lines(rep))
		}
	}
	// Without listing everything else is checked.
	ck, err := dcp.OpenFS(t.Context(), spoiltFS{FileSystemBase: fsys}, dcp.OpenOptions{})
	if err != nil {
		t.Fatal(err)
	}
	if rep := check(t, ck, verify.Options{}); rep.Items != 11 || rep.Errors != 1 {
		t.Errorf("%d items, %v", rep.Items, lines(rep))
	}
}
