package memfs_test

import (
	"testing"

	"github.com/godcp/godcp/backends/memfs"
	"github.com/godcp/godcp/conformance"
	"github.com/godcp/godcp/fsbase"
)

func TestConformance(t *testing.T) {
	conformance.Run(t, conformance.Harness{
		New: func(testing.TB) fsbase.FileSystemBase { return memfs.New() },
		Reopen: func(_ testing.TB, fsys fsbase.FileSystemBase) fsbase.FileSystemBase {
			return fsys // every handle is as good as another: there is no cache
		},
		Crash: func(_ testing.TB, fsys fsbase.FileSystemBase) fsbase.FileSystemBase {
			return fsys.(*memfs.FS).Crash()
		},
		Faults: faults(func(fsys fsbase.FileSystemBase) *memfs.FS { return fsys.(*memfs.FS) }),
	})
}

// Sub keeps the contract of what it is a part of, and so does a handle without
// sync except for durability.
func TestConformanceOfSub(t *testing.T) {
	inner := map[fsbase.FileSystemBase]*memfs.FS{}
	sub := func(t testing.TB, m *memfs.FS) fsbase.FileSystemBase {
		s, err := fsbase.Sub(m, "a/b")
		if err != nil {
			t.Fatal(err)
		}
		inner[s] = m
		return s
	}
	conformance.Run(t, conformance.Harness{
		New:    func(t testing.TB) fsbase.FileSystemBase { return sub(t, memfs.New()) },
		Reopen: func(t testing.TB, s fsbase.FileSystemBase) fsbase.FileSystemBase { return sub(t, inner[s]) },
		Crash:  func(t testing.TB, s fsbase.FileSystemBase) fsbase.FileSystemBase { return sub(t, inner[s].Crash()) },
		Faults: faults(func(fsys fsbase.FileSystemBase) *memfs.FS { return inner[fsys] }),
	})
}

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
