package dcp_test

import (
	"context"
	"errors"
	"io/fs"
	"net/url"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"golang.org/x/sync/errgroup"

	"github.com/godcp/godcp/backends/memfs"
	"github.com/godcp/godcp/collective"
	"github.com/godcp/godcp/dcp"
	"github.com/godcp/godcp/dcp/planner"
	"github.com/godcp/godcp/fsbase"
)

// bentPlanner finishes plans in a way of its own.
type bentPlanner struct {
	planner.DefaultSavePlanner
	bend func(items []planner.WriteItem) []planner.WriteItem
}

func (p *bentPlanner) FinishPlan(plan *planner.SavePlan) (*planner.SavePlan, error) {
	plan.Items = p.bend(plan.Items)
	return plan, nil
}

// TestEachItemExactlyOnce: a checkpoint in which an item is missing, or there
// twice, is not published. torch publishes what there is.
func TestEachItemExactlyOnce(t *testing.T) {
	for name, c := range map[string]struct {
		bend func(items []planner.WriteItem) []planner.WriteItem
		want string
	}{
		"as planned": {func(items []planner.WriteItem) []planner.WriteItem { return items }, ""},
		"object missing": {
			func(items []planner.WriteItem) []planner.WriteItem { return items[1:] },
			"1 planned items were not written, one of \"opt.betas\" among them",
		},
		"chunk missing": {
			func(items []planner.WriteItem) []planner.WriteItem { return items[:len(items)-1] },
			"1 planned items were not written, one of \"w\" among them",
		},
		"all missing": {func(items []planner.WriteItem) []planner.WriteItem { return nil }, "4 planned items were not written"},
		"twice": {
			func(items []planner.WriteItem) []planner.WriteItem { return append(items, items[0]) },
			"rank 0 wrote \"opt.betas\"",
		},
		"elsewhere, its hint right": {func(items []planner.WriteItem) []planner.WriteItem {
			last := &items[len(items)-1]
			last.Index.Offset = []int64{1, 0}
			return items
		}, "not in the state dict of this planner"},
	} {
		t.Run(name, func(t *testing.T) {
			fsys := memfs.New()
			o := dcp.SaveOptions{Planner: &bentPlanner{bend: c.bend}}
			_, err := dcp.SaveFS(t.Context(), fsys, jobState(1, 0, 1), o)
			if c.want == "" {
				if err != nil || stepOf(t, fsys) != 1 {
					t.Error(err)
				}
				return
			}
			if err == nil || !strings.Contains(err.Error(), c.want) {
				t.Errorf("got %v", err)
			}
			if _, err := wholeStep(t.Context(), fsys); !isAbsent(err) {
				t.Errorf("something was published: %v", err)
			}
		})
	}
}

// saveApart saves from two ranks that each have a storage of their own, as with
// a path that is local to a machine.
func saveApart(ctx context.Context, a, b fsbase.FileSystemBase) error {
	var eg errgroup.Group
	for rank, g := range collective.InProcess(2) {
		fsys := []fsbase.FileSystemBase{a, b}[rank]
		eg.Go(func() error {
			_, err := dcp.SaveFS(ctx, fsys, jobState(1, rank, 2), dcp.SaveOptions{Group: g})
			return err
		})
	}
	return eg.Wait()
}

// TestNodeLocalPath: the coordinator does not see the other rank's file, which
// fails the save, here and not at the load.
func TestNodeLocalPath(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		a, b := memfs.New(), memfs.New()
		err := saveApart(t.Context(), a, b)
		if !errors.Is(err, fs.ErrNotExist) || !strings.Contains(err.Error(), "__1_0.distcp") {
			t.Errorf("got %v", err)
		}
		for _, fsys := range []*memfs.FS{a, b} {
			if _, err := wholeStep(t.Context(), fsys); !isAbsent(err) {
				t.Errorf("something was published: %v", err)
			}
		}
	})
}

// TestOtherRanksFileIsShort: it is there, but not with the bytes that were
// reported.
func TestOtherRanksFileIsShort(t *testing.T) {
	a, b := memfs.New(), memfs.New()
	if _, err := fsbase.WriteFile(t.Context(), a, "__1_0.distcp", []byte("of another save")); err != nil {
		t.Fatal(err)
	}
	if err := saveApart(t.Context(), a, b); err == nil || !strings.Contains(err.Error(), "has 15 bytes here") {
		t.Errorf("got %v", err)
	}
}

// TestFileSeenLate: a network file system shows the other rank's file only after
// half a minute.
func TestFileSeenLate(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		fsys := memfs.New()
		began := time.Now()
		fsys.SetHook(func(_ context.Context, op memfs.Op) error {
			if op.Kind == memfs.OpStat && op.Phase == memfs.Before && time.Since(began) < 30*time.Second {
				return fs.ErrNotExist
			}
			return nil
		})
		if err := saveJob(t.Context(), fsys, 1, 2, dcp.SaveOptions{}); err != nil {
			t.Fatal(err)
		}
		fsys.SetHook(nil)
		if stepOf(t, fsys) != 1 || time.Since(began) < 30*time.Second {
			t.Errorf("after %v", time.Since(began))
		}
	})
}

// TestNoSecretsInMetadata: what the URL has beside host and path is not stored.
func TestNoSecretsInMetadata(t *testing.T) {
	var mux fsbase.Mux
	fsys := memfs.New()
	mux.Register("store", fsbase.OpenerFunc(func(context.Context, *url.URL) (fsbase.FileSystemBase, error) { return fsys, nil }))
	md, err := dcp.Save(t.Context(), "store://me:hunter2@host/run/7?token=hunter3#hunter4", jobState(1, 0, 1), dcp.SaveOptions{Mux: &mux})
	if err != nil {
		t.Fatal(err)
	}
	body, _, err := fsbase.ReadFile(t.Context(), fsys, ".metadata", 1<<20)
	if err != nil {
		t.Fatal(err)
	}
	if id := md.StorageMeta.CheckpointID; id != "store://host/run/7" || strings.Contains(string(body), "hunter") {
		t.Errorf("checkpoint_id %q", id)
	}
}
