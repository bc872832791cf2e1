package local

import (
	"context"
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"sync/atomic"
	"syscall"
	"testing"

	"github.com/godcp/godcp/conformance"
	"github.com/godcp/godcp/fsbase"
)

func TestConformance(t *testing.T) {
	h := harness(func(root string) (fsbase.FileSystemBase, error) { return New(root) })
	h.Limits.Rounds = 50 // each waits for the disk; the run without sync has them all
	conformance.Run(t, h)
}

func TestConformanceWithoutSync(t *testing.T) {
	conformance.Run(t, harness(func(root string) (fsbase.FileSystemBase, error) {
		f, err := New(root)
		if err != nil {
			return nil, err
		}
		return f.WithoutSync(), nil
	}))
}

func harness(open func(root string) (fsbase.FileSystemBase, error)) conformance.Harness {
	must := func(t testing.TB, root string) fsbase.FileSystemBase {
		f, err := open(root)
		if err != nil {
			t.Fatal(err)
		}
		return f
	}
	return conformance.Harness{
		New: func(t testing.TB) fsbase.FileSystemBase { return must(t, filepath.Join(t.TempDir(), "not", "yet")) },
		Reopen: func(t testing.TB, fsys fsbase.FileSystemBase) fsbase.FileSystemBase {
			return must(t, fsys.(*FS).Root())
		},
		Residue: func(t testing.TB, fsys fsbase.FileSystemBase) []string { return ownFiles(t, fsys.(*FS).Root()) },
		Faults: conformance.Faults{
			Lose:    arm(true, syscall.EIO, stepRename, stepExclude, stepLink, stepSyncDir),
			Forbid:  arm(false, syscall.EACCES, stepRename, stepExclude, stepLink),
			Library: func(err error) bool { return errors.As(err, new(syscall.Errno)) },
		},
		CheckpointID: "runs/run7",
	}
}

// arm makes the steps of commits fail, after they are carried out or instead.
func arm(carriedOut bool, injected error, steps ...step) conformance.Arm {
	return func(_ context.Context, fsys fsbase.FileSystemBase, fault conformance.Fault) (func() int, error) {
		if fault.On != conformance.ToCommit {
			return nil, errors.ErrUnsupported
		}
		f := fsys.(*FS)
		var met, struck atomic.Int64
		f.around = func(s step, call func() error) error {
			n := int64(0)
			if slices.Contains(steps, s) {
				n = met.Add(1) - int64(fault.Skip)
			}
			if n < 1 || fault.Times > 0 && n > int64(fault.Times) {
				return call()
			}
			struck.Add(1)
			if carriedOut {
				if err := call(); err != nil {
					return err
				}
			}
			return injected
		}
		return func() int { f.around = nil; return int(struck.Load()) }, nil
	}
}

// ownFiles returns the temporary files below root.
func ownFiles(t testing.TB, root string) []string {
	t.Helper()
	var names []string
	err := filepath.WalkDir(root, func(p string, e fs.DirEntry, err error) error {
		if os.IsNotExist(err) {
			return nil
		}
		if err == nil && own(e.Name()) {
			names = append(names, p)
		}
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	return names
}

func FuzzModel(f *testing.F) {
	conformance.Fuzz(f, harness(func(root string) (fsbase.FileSystemBase, error) {
		fsys, err := New(root)
		if err != nil {
			return nil, err
		}
		return fsys.WithoutSync(), nil
	}))
}
