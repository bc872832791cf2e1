package dcp_test

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"slices"
	"sync/atomic"
	"testing"
	"testing/synctest"

	"github.com/godcp/godcp/backends/memfs"
	"github.com/godcp/godcp/dcp"
	"github.com/godcp/godcp/fsbase"
)

// plainFS is a storage with nothing but the base methods.
type plainFS struct{ fsbase.FileSystemBase }

func (plainFS) AsCapability(any) bool { return false }

// TestPlainBackend saves and overwrites where nothing is conditional: no name
// is ever used twice, and the report says what that is worth.
func TestPlainBackend(t *testing.T) {
	for _, world := range []int{1, 3} {
		disk := memfs.New()
		fsys := plainFS{disk}
		if err := saveJob(t.Context(), fsys, 1, world, dcp.SaveOptions{}); err != nil {
			t.Fatal(err)
		}
		if i := slices.IndexFunc(names(t, disk), isPlain); i >= 0 {
			t.Errorf("a plain name without exclusive creation: %s", names(t, disk)[i])
		}
		first := stepOf(t, fsys)
		if err := saveJob(t.Context(), fsys, 2, world, dcp.SaveOptions{}); !errors.Is(err, fs.ErrExist) {
			t.Errorf("over a checkpoint without Overwrite: %v", err)
		}
		report := overwrite(t, fsys, 3, dcp.WriterOptions{})
		if second := stepOf(t, fsys); first != 1 || second != 3 || !report.Unguarded || len(report.Removed) > 0 {
			t.Errorf("steps %d and %d, %+v", first, second, report)
		}
		if report := overwrite(t, disk, 4, dcp.WriterOptions{}); report.Unguarded {
			t.Errorf("unguarded with every capability: %+v", report)
		}
	}
}

// TestPlainBackendFaults is TestSaveFaults there.
func TestPlainBackendFaults(t *testing.T) {
	boom := errors.New("boom")
	for _, over := range []bool{false, true} {
		for _, phase := range []memfs.Phase{memfs.Before, memfs.After} {
			for n, ended := int64(0), false; !ended; n++ {
				disk := memfs.New()
				fsys := plainFS{disk}
				if over {
					if err := saveJob(t.Context(), fsys, 1, 2, dcp.SaveOptions{}); err != nil {
						t.Fatal(err)
					}
				}
				var calls atomic.Int64
				disk.SetHook(func(_ context.Context, op memfs.Op) error {
					if op.Phase == phase && calls.Add(1) == n+1 {
						return fmt.Errorf("%s %s: %w", op.Kind, op.Path, boom)
					}
					return nil
				})
				err := saveJob(t.Context(), fsys, 2, 2, dcp.SaveOptions{WriterOptions: dcp.WriterOptions{Overwrite: over}})
				disk.SetHook(nil)
				ended = calls.Load() <= n
				if ended && (n < 8 || err != nil) {
					t.Fatalf("%d calls, %v", n, err)
				}
				checkAfter(t, fsys, over, err, fmt.Sprintf("overwrite %v, %s, call %d", over, phase, n))
			}
		}
	}
}

// TestPlainBackendCrashes loses power after each call there.
func TestPlainBackendCrashes(t *testing.T) {
	disk := memfs.New()
	overwrite(t, plainFS{disk}, 1, dcp.WriterOptions{})
	var crashed []*memfs.FS
	disk.SetHook(func(_ context.Context, op memfs.Op) error {
		if op.Phase == memfs.After {
			crashed = append(crashed, disk.Crash())
		}
		return nil
	})
	overwrite(t, plainFS{disk}, 2, dcp.WriterOptions{})
	disk.SetHook(nil)
	for i, c := range append(crashed, disk.Crash()) {
		if step := stepOf(t, c); i == len(crashed) && step != 2 {
			t.Fatalf("step %d after a save that returned", step)
		}
	}
}

// TestUnreadablePlainBackend: who may not look and cannot write on a condition
// does not save, unless it may replace what is there.
func TestUnreadablePlainBackend(t *testing.T) {
	synctest.Test(t, unreadable) // publishing asks again for some seconds
}

func unreadable(t *testing.T) {
	disk := memfs.New()
	overwrite(t, disk, 1, dcp.WriterOptions{})
	disk.SetHook(func(_ context.Context, op memfs.Op) error {
		if op.Kind == memfs.OpOpen {
			return fs.ErrPermission
		}
		return nil
	})
	err := saveJob(t.Context(), plainFS{disk}, 2, 1, dcp.SaveOptions{})
	guarded := saveJob(t.Context(), disk, 3, 1, dcp.SaveOptions{})
	disk.SetHook(nil)
	if !errors.Is(err, fs.ErrPermission) {
		t.Errorf("plain: %v", err)
	}
	if guarded == nil {
		t.Error("a checkpoint was replaced by a save that did not see it")
	}
	if got := stepOf(t, disk); got != 1 {
		t.Errorf("step %d", got)
	}
}
