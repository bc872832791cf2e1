package memfs_test

import (
	"testing"

	"github.com/godcp/godcp/backends/memfs"
	"github.com/godcp/godcp/conformance"
	"github.com/godcp/godcp/fsbase"
)

func TestConformance(t *testing.T) { conformance.Run(t, harness()) }

func harness() conformance.Harness {
	return conformance.Harness{
		New: func(testing.TB) fsbase.FileSystemBase { return memfs.New() },
		Reopen: func(_ testing.TB, fsys fsbase.FileSystemBase) fsbase.FileSystemBase {
			return fsys // every handle is as good as another: there is no cache
		},
		Crash: func(_ testing.TB, fsys fsbase.FileSystemBase) fsbase.FileSystemBase {
			return fsys.(*memfs.FS).Crash()
		},
		Faults:       faults(func(fsys fsbase.FileSystemBase) *memfs.FS { return fsys.(*memfs.FS) }),
		CheckpointID: "mem://run7",
	}
}

// Sub keeps the contract of what it is a part of, as a wrapper.
func TestConformanceOfSub(t *testing.T) {
	conformance.RunWrapper(t, harness(), func(inner fsbase.FileSystemBase) fsbase.FileSystemBase {
		s, err := fsbase.Sub(inner, "a/b")
		if err != nil {
			t.Fatal(err)
		}
		return s
	})
}

// A handle without sync keeps it except for durability.
func TestConformanceWithoutSync(t *testing.T) {
	conformance.Run(t, conformance.Harness{
		New:    func(testing.TB) fsbase.FileSystemBase { return memfs.New().WithoutSync() },
		Faults: faults(func(fsys fsbase.FileSystemBase) *memfs.FS { return fsys.(*memfs.FS) }),
	})
}

func FuzzModel(f *testing.F) {
	conformance.Fuzz(f, conformance.Harness{
		New: func(testing.TB) fsbase.FileSystemBase { return memfs.New() },
	})
}
