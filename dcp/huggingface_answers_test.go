package dcp_test

import (
	"context"
	"errors"
	"io/fs"
	"strings"
	"testing"
	"testing/synctest"

	"github.com/google/go-cmp/cmp"
	"golang.org/x/sync/errgroup"

	"github.com/godcp/godcp/backends/memfs"
	"github.com/godcp/godcp/collective"
	"github.com/godcp/godcp/dcp"
	"github.com/godcp/godcp/fsbase"
	"github.com/godcp/godcp/safetensors"
)

func isSafetensors(path string) bool { return strings.HasSuffix(path, ".safetensors") }

// TestSafetensorsLostAnswer at a data file fails the save. Only where the files
// alone are the checkpoint may it be there.
func TestSafetensorsLostAnswer(t *testing.T) {
	for _, phase := range []memfs.Phase{memfs.Before, memfs.After} {
		for _, world := range []int{1, 2} {
			fsys := memfs.New()
			fsys.SetHook(lose(phase, isSafetensors))
			err := saveHF(t.Context(), fsys, 1, world, asSafetensors)
			fsys.SetHook(nil)
			if err == nil || errors.Is(err, fsbase.ErrCommitUnknown) != (world == 2) {
				t.Errorf("%s, %d ranks: %v", phase, world, err)
			}
			if whole := checkHF(t.Context(), fsys, 1); (whole == nil) != (world == 2 && phase == memfs.After) {
				t.Errorf("%s, %d ranks: %v", phase, world, whole)
			}
		}
	}
}

// TestSafetensorsAnsweredTwice: the storage's client lost an answer, asked
// again, and found the name taken: by itself.
func TestSafetensorsAnsweredTwice(t *testing.T) {
	for _, world := range []int{1, 2} {
		fsys := memfs.New()
		fsys.SetHook(func(_ context.Context, op memfs.Op) error {
			if op.Kind == memfs.OpCommit && op.Phase == memfs.After && isSafetensors(op.Path) {
				return fsbase.ErrExist()
			}
			return nil
		})
		err := saveHF(t.Context(), fsys, 1, world, asSafetensors)
		fsys.SetHook(nil)
		if err := errors.Join(err, checkHF(t.Context(), fsys, 1)); err != nil {
			t.Errorf("%d ranks: %v", world, err)
		}
	}
}

// TestSafetensorsTakenName: somebody who knows nothing of claims writes the same
// name meanwhile. It stays his.
func TestSafetensorsTakenName(t *testing.T) {
	for name, c := range map[string]struct {
		world int
		left  []string // by the coordinator
	}{
		safetensors.ModelName(1, 1):    {1, []string{claim}},
		safetensors.IndexName:          {1, []string{claim, safetensors.ModelName(1, 1)}},
		safetensors.ShardName(2, 1, 1): {2, []string{claim, safetensors.ShardName(1, 1, 1)}},
	} {
		fsys := memfs.New()
		fsys.SetHook(func(ctx context.Context, op memfs.Op) error {
			if op.Kind == memfs.OpCreate && op.Phase == memfs.Before && op.Path == name {
				fsys.SetHook(nil)
				_, err := fsbase.WriteFile(ctx, fsys, name, []byte("somebody else's"))
				return err
			}
			return nil
		})
		reports := make([]dcp.SaveReport, c.world)
		var eg errgroup.Group
		for rank, g := range collective.InProcess(c.world) {
			eg.Go(func() error {
				o := asSafetensors()
				o.Group, o.Report = g, &reports[rank]
				_, err := dcp.SaveFS(t.Context(), fsys, hfState(1, rank, c.world), o)
				return err
			})
		}
		if err := eg.Wait(); !errors.Is(err, fs.ErrExist) || errors.Is(err, fsbase.ErrCommitUnknown) {
			t.Errorf("%s: %v", name, err)
		}
		if b, _, err := fsbase.ReadFile(t.Context(), fsys, name, 100); err != nil || string(b) != "somebody else's" {
			t.Errorf("%s: %q, %v", name, b, err)
		}
		if d := cmp.Diff(c.left, reports[0].Left); d != "" || c.world == 2 && len(reports[1].Left) > 0 {
			t.Errorf("%s: left %v", name, reports)
		}
	}
}

// TestSafetensorsLookFails: what cannot be looked at is not taken for anything.
func TestSafetensorsLookFails(t *testing.T) {
	fsys := memfs.New()
	if err := saveHF(t.Context(), fsys, 1, 1, asSafetensors); err != nil {
		t.Fatal(err)
	}
	before := names(t, fsys)
	for _, kind := range []memfs.Kind{memfs.OpList, memfs.OpOpen, memfs.OpExists} {
		fsys.SetHook(func(_ context.Context, op memfs.Op) error {
			if op.Kind == kind {
				return errBoom
			}
			return nil
		})
		var place fsbase.FileSystemBase = fsys
		if kind == memfs.OpExists {
			place = plainFS{fsys}
		}
		err := saveHF(t.Context(), place, 2, 1, asSafetensors)
		fsys.SetHook(nil)
		if !errors.Is(err, errBoom) || errors.Is(err, fs.ErrExist) {
			t.Errorf("%s: %v", kind, err)
		}
		if d := cmp.Diff(before, names(t, fsys)); d != "" {
			t.Errorf("%s: %s", kind, d)
		}
	}
}

// TestSafetensorsClaimUnknown: nothing was published, for all that the storage
// does not say of the claim.
func TestSafetensorsClaimUnknown(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		fsys := memfs.New()
		fsys.SetHook(lose(memfs.Before, func(path string) bool { return path == claim }))
		err := saveHF(t.Context(), fsys, 1, 2, asSafetensors)
		fsys.SetHook(nil)
		if err == nil || errors.Is(err, fsbase.ErrCommitUnknown) || !strings.Contains(err.Error(), "no answer") {
			t.Error(err)
		}
		if got := names(t, fsys); len(got) > 0 {
			t.Error(got)
		}
	})
}

// TestSafetensorsNodeLocal: a rank that writes where the coordinator does not
// look has not saved.
func TestSafetensorsNodeLocal(t *testing.T) {
	synctest.Test(t, func(t *testing.T) { // the coordinator waits for a minute
		var ranks errgroup.Group
		errs := make([]error, 2)
		for rank, g := range collective.InProcess(2) {
			ranks.Go(func() error {
				o := asSafetensors()
				o.Group = g
				_, errs[rank] = dcp.SaveFS(t.Context(), memfs.New(), hfState(1, rank, 2), o)
				return nil
			})
		}
		ranks.Wait() //nolint:errcheck // the errors are in errs
		for rank, err := range errs {
			if !errors.Is(err, fs.ErrNotExist) || errors.Is(err, fsbase.ErrCommitUnknown) || !strings.Contains(err.Error(), "a file of another rank") {
				t.Errorf("rank %d: %v", rank, err)
			}
		}
	})
}
