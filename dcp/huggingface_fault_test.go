package dcp_test

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"strings"
	"sync/atomic"
	"testing"
	"testing/synctest"

	"github.com/google/go-cmp/cmp"

	"github.com/godcp/godcp/backends/memfs"
	"github.com/godcp/godcp/ckpterr"
	"github.com/godcp/godcp/dcp"
	"github.com/godcp/godcp/fsbase"
)

const claim = ".godcp-claim"

// notWhole tells that there is no checkpoint, for all that a reader can see.
func notWhole(err error) bool {
	return errors.Is(err, ckpterr.NotACheckpoint) || errors.Is(err, ckpterr.MissingFile)
}

// TestSafetensorsFaults fails, or leaves without an answer, each storage call of
// a save in turn. After a success the checkpoint is there, whole; after an error
// there is none, unless the error says that there may be one; whatever is there
// a retry does not touch, and with the same SaveID finds out.
func TestSafetensorsFaults(t *testing.T) {
	for _, world := range []int{1, 2} {
		for _, phase := range []memfs.Phase{memfs.Before, memfs.After} {
			t.Run(fmt.Sprintf("%d ranks, %s", world, phase), func(t *testing.T) {
				for n, ended := int64(0), false; !ended; n++ {
					synctest.Test(t, func(t *testing.T) { // publishing asks again for some seconds
						ended = faultAt(t, world, phase, n)
					})
				}
			})
		}
	}
}

var errBoom = errors.New("boom")

// faultAt makes the n-th call fail, and tells whether there was none.
func faultAt(t *testing.T, world int, phase memfs.Phase, n int64) (ended bool) {
	fsys := memfs.New()
	var calls atomic.Int64
	what := ""
	fsys.SetHook(func(_ context.Context, op memfs.Op) error {
		if op.Phase == phase && calls.Add(1) == n+1 {
			what = fmt.Sprintf("%s %s", op.Kind, op.Path)
			return fmt.Errorf("%s: %w", what, errBoom)
		}
		return nil
	})
	o := func() dcp.SaveOptions {
		o := asSafetensors()
		o.SaveID = "the save"
		return o
	}
	err := saveHF(t.Context(), fsys, 2, world, o)
	fsys.SetHook(nil)
	whole := checkHF(t.Context(), fsys, 2)
	unknown := errors.Is(err, fsbase.ErrCommitUnknown)
	switch {
	case err == nil && whole != nil:
		t.Fatalf("%s: success, and %v", what, whole)
	case err != nil && whole == nil && !unknown:
		t.Fatalf("%s: there is a checkpoint, and the error does not say so: %v", what, err)
	case whole != nil && !notWhole(whole):
		t.Fatalf("%s: something that is no whole checkpoint: %v", what, whole)
	}
	before := names(t, fsys)
	again := saveHF(t.Context(), fsys, 2, world, o)
	after := checkHF(t.Context(), fsys, 2)
	switch {
	case whole == nil && (again != nil || after != nil || !cmp.Equal(before, names(t, fsys))):
		t.Fatalf("%s: the retry of what is there: %v, %v", what, again, after)
	case len(before) > 0 && whole != nil && (!errors.Is(again, fs.ErrExist) || !cmp.Equal(before, names(t, fsys))):
		t.Fatalf("%s: the retry where files were left: %v", what, again)
	case len(before) > 0 && whole != nil && !strings.Contains(again.Error(), "save to a new"):
		t.Fatalf("%s: no help in %v", what, again)
	case len(before) == 0 && (again != nil || after != nil):
		t.Fatalf("%s: the retry where nothing was left: %v, %v", what, again, after)
	}
	if calls.Load() > n {
		return false
	}
	if n < 10 || err != nil {
		t.Fatalf("%d calls, %v", n, err)
	}
	t.Logf("%d calls", n)
	return true
}

// TestSafetensorsCrashes loses power after each storage call of a save.
func TestSafetensorsCrashes(t *testing.T) {
	for _, world := range []int{1, 2} {
		fsys := memfs.New()
		crashes := make(chan *memfs.FS, 1000)
		fsys.SetHook(func(_ context.Context, op memfs.Op) error {
			if op.Phase == memfs.After {
				crashes <- fsys.Crash()
			}
			return nil
		})
		if err := saveHF(t.Context(), fsys, 2, world, asSafetensors); err != nil {
			t.Fatal(err)
		}
		fsys.SetHook(nil)
		close(crashes)
		n := 0
		for c := range crashes {
			n++
			if err := checkHF(t.Context(), c, 2); err != nil && !notWhole(err) {
				t.Fatalf("%d ranks, crash %d: %v", world, n, err)
			}
		}
		if err := checkHF(t.Context(), fsys.Crash(), 2); err != nil || n < 10 {
			t.Errorf("%d ranks, after a save that returned and %d crashes: %v", world, n, err)
		}
	}
}
