package dcp_test

import (
	"errors"
	"io/fs"
	"path/filepath"
	"strconv"
	"testing"

	"golang.org/x/sync/errgroup"

	"github.com/godcp/godcp/backends/local"
	"github.com/godcp/godcp/dcp"
	"github.com/godcp/godcp/fsbase"
)

// TestTwoLocalSavers save to one folder at once, each through a handle of its
// own: on a fresh one exactly one wins, on a checkpoint one or, one after the
// other, both; the loser is told, and every file that is named exists.
func TestTwoLocalSavers(t *testing.T) {
	root := t.TempDir()
	for round := range 200 {
		dir := filepath.Join(root, strconv.Itoa(round))
		handle := func() fsbase.FileSystemBase {
			fsys, err := local.New(dir)
			if err != nil {
				t.Fatal(err)
			}
			return fsys
		}
		over := round%2 == 1
		if over {
			overwrite(t, handle(), 1, dcp.WriterOptions{NoSync: true})
		}
		var errs [2]error
		var eg errgroup.Group
		for i := range errs {
			fsys := handle()
			eg.Go(func() error {
				o := dcp.WriterOptions{Overwrite: over, NoSync: round%20 != 0}
				errs[i] = saveJob(t.Context(), fsys, int64(2+i), 1+round%3, dcp.SaveOptions{WriterOptions: o})
				return nil
			})
		}
		eg.Wait() //nolint:errcheck // the errors are in errs
		step := stepOf(t, handle())
		won := 0
		for i, err := range errs {
			switch {
			case err == nil:
				won++
			case step == int64(2+i):
				t.Fatalf("round %d: step %d is there, its saver got %v", round, step, err)
			case !errors.Is(err, fsbase.ErrPrecondition) && !errors.Is(err, fs.ErrExist):
				t.Fatalf("round %d: %v", round, err)
			}
		}
		if won == 0 || won == 2 && !over || step < 2 {
			t.Fatalf("round %d: step %d, %v", round, step, errs)
		}
	}
}
