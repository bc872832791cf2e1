package dcp_test

import (
	"context"
	"errors"
	"slices"
	"sync/atomic"
	"testing"

	"github.com/google/go-cmp/cmp"
	"golang.org/x/sync/errgroup"

	"github.com/godcp/godcp/backends/memfs"
	"github.com/godcp/godcp/ckpterr"
	"github.com/godcp/godcp/collective"
	"github.com/godcp/godcp/dcp"
	"github.com/godcp/godcp/fsbase"
	"github.com/godcp/godcp/tensor"
)

// openedBy opens a checkpoint on all ranks of a group.
func openedBy(t *testing.T, world int, fsys fsbase.FileSystemBase, o dcp.OpenOptions) ([]*dcp.Checkpoint, []error) {
	t.Helper()
	cks, errs := make([]*dcp.Checkpoint, world), make([]error, world)
	var ranks errgroup.Group
	for rank, g := range collective.InProcess(world) {
		o := o
		o.Group = g
		ranks.Go(func() error {
			cks[rank], errs[rank] = dcp.OpenFS(t.Context(), fsys, o)
			return nil
		})
	}
	ranks.Wait() //nolint:errcheck // the errors are in errs
	return cks, errs
}

// TestOpenByGroup: one rank reads what a single one would read, and every rank
// has the same as that one, whatever the layout.
func TestOpenByGroup(t *testing.T) {
	set := memfs.New()
	saveSet(t, set, "s", 3, 3)
	for name, c := range map[string]struct {
		fsys *memfs.FS
		o    dcp.OpenOptions
	}{
		"dcp":         {memCopy(t, "../testdata/fixtures/dist4_row"), dcp.OpenOptions{}},
		"huggingface": {memCopy(t, "../testdata/fixtures/hf_dist4"), dcp.OpenOptions{}},
		"set":         {set, dcp.OpenOptions{}},
		"torch's set": {memCopy(t, rankLocal), dcp.OpenOptions{TrustSet: true}},
	} {
		t.Run(name, func(t *testing.T) {
			var reads atomic.Int64
			c.fsys.SetHook(func(_ context.Context, op memfs.Op) error {
				if op.Phase == memfs.Before {
					reads.Add(1)
				}
				return nil
			})
			want, err := dcp.OpenFS(t.Context(), c.fsys, c.o)
			if err != nil {
				t.Fatal(err)
			}
			alone := reads.Swap(0)
			cks, errs := openedBy(t, 4, c.fsys, c.o)
			// A file may be opened again for what is compared in it.
			if n := reads.Load(); n > alone*3/2 {
				t.Errorf("%d storage calls, one rank makes %d", n, alone)
			}
			c.fsys.SetHook(nil)
			for rank, ck := range cks {
				if errs[rank] != nil {
					t.Fatal(errs[rank])
				}
				if ck.Layout() != want.Layout() || !slices.Equal(ck.Warnings(), want.Warnings()) {
					t.Errorf("rank %d: %s, %q", rank, ck.Layout(), ck.Warnings())
				}
				for fqn, e := range want.Entries() {
					got, _ := ck.Entry(fqn)
					if d := cmp.Diff(e, got); d != "" {
						t.Fatal(d)
					}
					if e.IsTensor {
						x, err := ck.Tensor(t.Context(), fqn)
						if err != nil {
							t.Fatal(err)
						}
						y, err := want.Tensor(t.Context(), fqn)
						if err != nil || string(logical(t, x)) != string(logical(t, y)) {
							t.Errorf("%s differs (%v)", fqn, err)
						}
					}
				}
			}
		})
	}
}

// TestOpenByGroupFails: every rank is told why, with its class.
func TestOpenByGroupFails(t *testing.T) {
	_, errs := openedBy(t, 3, memCopy(t, "../testdata/hostile/m01_os_system"), dcp.OpenOptions{})
	for rank, err := range errs {
		var failed *dcp.CheckpointError
		if !errors.As(err, &failed) || !errors.Is(err, ckpterr.UnsafePickle) {
			t.Errorf("rank %d: %v", rank, err)
		}
	}
}

// TestOpenByGroupOverwritten: ranks that have not read know all the same that
// the checkpoint is another by now.
func TestOpenByGroupOverwritten(t *testing.T) {
	fsys := memfs.New()
	if err := saveJob(t.Context(), fsys, 1, 1, dcp.SaveOptions{}); err != nil {
		t.Fatal(err)
	}
	cks, errs := openedBy(t, 3, fsys, dcp.OpenOptions{})
	overwrite(t, fsys, 2, dcp.WriterOptions{KeepPrevious: -1})
	for rank, ck := range cks {
		if errs[rank] != nil {
			t.Fatal(errs[rank])
		}
		if _, err := ck.Tensor(t.Context(), "w"); !errors.Is(err, fsbase.ErrChanged) {
			t.Errorf("rank %d: %v", rank, err)
		}
	}
}

// TestLoadByGroup loads a checkpoint in another sharding, of which one rank reads
// the metadata.
func TestLoadByGroup(t *testing.T) {
	fsys := memfs.New()
	if err := saveJob(t.Context(), fsys, 5, 4, dcp.SaveOptions{}); err != nil {
		t.Fatal(err)
	}
	var ranks errgroup.Group
	for rank, g := range collective.InProcess(3) {
		ranks.Go(func() error {
			state := jobState(0, rank, 3)
			_, err := dcp.LoadFS(t.Context(), fsys, state, dcp.LoadOptions{OpenOptions: dcp.OpenOptions{Group: g}})
			if d := cmp.Diff(contentOf(t, jobState(5, rank, 3)), contentOf(t, state)); d != "" {
				t.Errorf("rank %d: %s", rank, d)
			}
			return err
		})
	}
	if err := ranks.Wait(); err != nil {
		t.Fatal(err)
	}
}

// contentOf is what jobState makes, as values.
func contentOf(t *testing.T, state map[string]any) map[string]any {
	opt := state["opt"].(map[string]any)
	return map[string]any{
		"w":   logical(t, state["w"].(*dcp.ShardedTensor).Shards[0].Tensor),
		"rep": logical(t, opt["rep"].(*tensor.Tensor)), "betas": opt["betas"], "step": state["step"],
	}
}
