package dcp_test

import (
	"context"
	"errors"
	"fmt"
	"path/filepath"
	"testing"
	"time"

	"github.com/godcp/godcp/backends/local"
	"github.com/godcp/godcp/dcp"
	"github.com/godcp/godcp/fsbase"
)

// TestLocalSaveTroubles makes each storage call of a save to a real folder, and
// of an overwrite, with and without conditional writes, go wrong in each way: afterwards the old or the new
// checkpoint is there, whole, for whoever opens the folder anew, no file of the
// old one is gone, and the next save works.
func TestLocalSaveTroubles(t *testing.T) {
	for name, trouble := range troubles {
		for i := range 4 {
			over, plain := i%2 == 1, i/2 == 1
			t.Run(fmt.Sprintf("%s, overwrite %v, plain %v", name, over, plain), func(t *testing.T) {
				t.Parallel() // the disk is what it waits for
				root := t.TempDir()
				for at, ended := int64(1), false; !ended; at++ {
					fsys := &faultyFS{trouble: trouble(at)}
					ended = localTrouble(t, filepath.Join(root, fmt.Sprint(at)), fsys, at, over, plain)
					if ended && at < 8 {
						t.Fatalf("a save of %d calls", at)
					}
				}
			})
		}
	}
}

func localTrouble(t *testing.T, dir string, faulty *faultyFS, at int64, over, plain bool) (ended bool) {
	t.Helper()
	if over {
		overwrite(t, openLocal(t, dir), 1, dcp.WriterOptions{NoSync: true})
	}
	before := localNames(t, dir)
	faulty.fullFS = openLocal(t, dir)
	fsys := fsbase.FileSystemBase(faulty)
	if plain {
		fsys = plainFS{faulty}
	}
	ctx, cancel := context.WithCancel(t.Context())
	defer cancel()
	strike := faulty.trouble
	faulty.trouble = func(ctx context.Context, n int64, call func() error) error {
		if n == at { // before it, a busy disk may take its time
			defer time.AfterFunc(300*time.Millisecond, cancel).Stop()
		}
		return strike(ctx, n, call)
	}
	o := dcp.SaveOptions{WriterOptions: dcp.WriterOptions{Overwrite: over}}
	err := saveJob(ctx, fsys, 2, 2, o)
	when := fmt.Sprintf("call %d", at)
	disk := openLocal(t, dir)
	checkAfter(t, disk, over, err, when)
	there := localNames(t, dir)
	for name := range before {
		if !there[name] {
			t.Fatalf("%s: %s of the old checkpoint is gone", when, name)
		}
	}
	if err != nil && !errors.Is(err, errTrouble) && !errors.Is(err, context.Canceled) {
		t.Fatalf("%s: the error does not say what happened: %v", when, err)
	}
	o.Overwrite = true
	if err := saveJob(t.Context(), disk, 3, 1, o); err != nil {
		t.Fatalf("%s: the save after that: %v", when, err)
	}
	if step := stepOf(t, disk); step != 3 {
		t.Fatalf("%s: then step %d is there", when, step)
	}
	return faulty.calls.Load() < at
}

func openLocal(t *testing.T, dir string) *local.FS {
	t.Helper()
	fsys, err := local.New(dir)
	if err != nil {
		t.Fatal(err)
	}
	return fsys
}

func localNames(t *testing.T, dir string) map[string]bool {
	t.Helper()
	there := map[string]bool{}
	for info, err := range openLocal(t, dir).List(t.Context(), "") {
		if err != nil && len(there) > 0 {
			t.Fatal(err)
		}
		if err == nil && info.Path != ".metadata" {
			there[info.Path] = true
		}
	}
	return there
}
