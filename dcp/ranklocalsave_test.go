package dcp_test

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"slices"
	"strings"
	"sync/atomic"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/godcp/godcp/backends/memfs"
	"github.com/godcp/godcp/ckpterr"
	"github.com/godcp/godcp/collective"
	"github.com/godcp/godcp/dcp"
	"github.com/godcp/godcp/dcp/planner"
	"github.com/godcp/godcp/fsbase"
	"github.com/godcp/godcp/tensor"
)

// alone are the options of one rank of a save without collectives.
func alone(id string, rank, world int) dcp.SaveOptions {
	return dcp.SaveOptions{
		NoCollectives: &dcp.RankLocal{Rank: rank, WorldSize: world},
		WriterOptions: dcp.WriterOptions{SaveID: id},
	}
}

// saveSet saves a step of a job rank by rank.
func saveSet(t testing.TB, fsys fsbase.FileSystemBase, id string, step int64, world int) {
	t.Helper()
	for rank := range world {
		if _, err := dcp.SaveFS(t.Context(), fsys, jobState(step, rank, world), alone(id, rank, world)); err != nil {
			t.Fatal(err)
		}
	}
}

// TestNoCollectives saves rank by rank, loads under other shardings, merges, and
// loads again.
func TestNoCollectives(t *testing.T) {
	for _, world := range []int{1, 4} {
		for name, fsys := range map[string]fsbase.FileSystemBase{"all": memfs.New(), "plain": plainFS{memfs.New()}} {
			t.Run(fmt.Sprintf("%s/%d", name, world), func(t *testing.T) {
				saveSet(t, fsys, "s", 7, world)
				checkLoaded(t, fsys, dcp.LayoutRankLocal, 7)
				want := &dcp.MergeReport{Ranks: world, Tensors: 2, Objects: 2, Copies: 3 * (world - 1), Unguarded: name == "plain"}
				rep, err := dcp.MergeRankLocalFS(t.Context(), fsys, dcp.OpenOptions{})
				if err != nil {
					t.Fatal(err)
				}
				if d := cmp.Diff(want, rep); d != "" {
					t.Error(d)
				}
				checkLoaded(t, fsys, dcp.LayoutDCP, 7)
				want.AlreadyMerged, want.Copies, want.Unguarded = true, 0, false
				if rep, err = dcp.MergeRankLocalFS(t.Context(), fsys, dcp.OpenOptions{}); err != nil {
					t.Fatal(err)
				}
				if d := cmp.Diff(want, rep); d != "" {
					t.Error(d)
				}
			})
		}
	}
}

// checkLoaded checks everything and loads what is there in columns, which no
// rank saved.
func checkLoaded(t *testing.T, fsys fsbase.FileSystemBase, layout dcp.Layout, step int64) {
	t.Helper()
	ck, err := dcp.OpenFS(t.Context(), fsys, dcp.OpenOptions{})
	if err != nil {
		t.Fatal(err)
	}
	if ck.Layout() != layout || len(ck.Warnings()) > 0 {
		t.Errorf("%s, warnings %q", ck.Layout(), ck.Warnings())
	}
	if got := stepOf(t, fsys); got != step {
		t.Errorf("step %d", got)
	}
	for col := range int64(3) {
		column, err := tensor.New(tensor.Float32, 10, 1)
		if err != nil {
			t.Fatal(err)
		}
		state := map[string]any{"w": &dcp.ShardedTensor{
			DType: tensor.Float32, Size: []int64{10, 3}, Shards: []dcp.Shard{{Offsets: []int64{0, col}, Tensor: column}},
		}, "opt": nil, "step": nil}
		rep, err := dcp.LoadFS(t.Context(), fsys, state, dcp.LoadOptions{})
		if err != nil {
			t.Fatal(err)
		}
		if len(rep.Unexpected)+len(rep.Missing) > 0 || state["step"] != step {
			t.Errorf("%+v, step %v", rep.Report, state["step"])
		}
		data, err := tensor.Data[float32](column)
		if err != nil {
			t.Fatal(err)
		}
		for row, x := range data {
			if want := float32(step*1000 + int64(row)*3 + col); x != want {
				t.Fatalf("row %d of column %d is %v, want %v", row, col, x, want)
			}
		}
	}
}

// TestNoCollectivesNames: no name is one that torch would truncate.
func TestNoCollectivesNames(t *testing.T) {
	fsys := memfs.New()
	saveSet(t, fsys, "s", 1, 2)
	for _, name := range names(t, fsys) {
		if isPlain(name) || strings.HasPrefix(name, ".metadata") {
			t.Errorf("%s", name)
		}
	}
}

// TestNoCollectivesAgain: a save of the same id has succeeded already, before
// the merge and after; any other is refused, whatever Overwrite says.
func TestNoCollectivesAgain(t *testing.T) {
	fsys := memfs.New()
	saveSet(t, fsys, "s", 1, 2)
	again := func(o dcp.SaveOptions) (dcp.SaveReport, error) {
		var rep dcp.SaveReport
		o.Report = &rep
		_, err := dcp.SaveFS(t.Context(), fsys, jobState(1, 1, 2), o)
		return rep, err
	}
	for _, when := range []string{"before", "after"} {
		before := names(t, fsys)
		if rep, err := again(alone("s", 1, 2)); err != nil || !rep.AlreadySaved {
			t.Errorf("%s the merge: %+v, %v", when, rep, err)
		}
		if _, err := again(alone("other", 1, 2)); !errors.Is(err, fs.ErrExist) {
			t.Errorf("%s the merge, another save: %v", when, err)
		}
		o := alone("other", 1, 2)
		o.Overwrite = true
		if _, err := again(o); !errors.Is(err, errors.ErrUnsupported) {
			t.Errorf("%s the merge, Overwrite: %v", when, err)
		}
		if d := cmp.Diff(before, names(t, fsys)); d != "" {
			t.Error(d)
		}
		if _, err := dcp.MergeRankLocalFS(t.Context(), fsys, dcp.OpenOptions{}); err != nil {
			t.Fatal(err)
		}
	}
	if _, err := dcp.SaveFS(t.Context(), memfs.New(), jobState(1, 0, 1), alone("s", 0, 1)); err != nil {
		t.Error(err)
	}
}

func TestNoCollectivesOptions(t *testing.T) {
	for name, change := range map[string]func(*dcp.SaveOptions){
		"no id":         func(o *dcp.SaveOptions) { o.SaveID = "" },
		"rank too high": func(o *dcp.SaveOptions) { o.NoCollectives.Rank = 2 },
		"negative rank": func(o *dcp.SaveOptions) { o.NoCollectives.Rank = -1 },
		"a group":       func(o *dcp.SaveOptions) { o.Group = collective.Single() },
		"safetensors":   func(o *dcp.SaveOptions) { o.SerializationFormat = dcp.SerializationSafetensors },
		"a writer": func(o *dcp.SaveOptions) {
			o.StorageWriter = dcp.NewFileSystemWriter(memfs.New(), "", dcp.WriterOptions{})
		},
	} {
		t.Run(name, func(t *testing.T) {
			fsys := memfs.New()
			o := alone("s", 1, 2)
			change(&o)
			_, err := dcp.SaveFS(t.Context(), fsys, jobState(1, 0, 1), o)
			if !errors.Is(err, fs.ErrInvalid) && !errors.Is(err, errors.ErrUnsupported) {
				t.Errorf("got %v", err)
			}
			if there := names(t, fsys); len(there) > 0 {
				t.Errorf("written: %q", there)
			}
		})
	}
}

// TestNoCollectivesFaults fails, or leaves without an answer, each storage call
// of one rank: its part is there whole, or the set lacks it; and another attempt
// always ends well.
func TestNoCollectivesFaults(t *testing.T) {
	boom := errors.New("boom")
	for _, phase := range []memfs.Phase{memfs.Before, memfs.After} {
		for n, ended := int64(0), false; !ended; n++ {
			fsys := memfs.New()
			if _, err := dcp.SaveFS(t.Context(), fsys, jobState(2, 0, 2), alone("s", 0, 2)); err != nil {
				t.Fatal(err)
			}
			var calls atomic.Int64
			fsys.SetHook(func(_ context.Context, op memfs.Op) error {
				if op.Phase == phase && calls.Add(1) == n+1 {
					return fmt.Errorf("%s %s: %w", op.Kind, op.Path, boom)
				}
				return nil
			})
			_, err := dcp.SaveFS(t.Context(), fsys, jobState(2, 1, 2), alone("s", 1, 2))
			fsys.SetHook(nil)
			if ended = calls.Load() <= n; ended && (n < 8 || err != nil) {
				t.Fatalf("%d calls, %v", n, err)
			}
			var failed *dcp.CheckpointError
			if err != nil && (!errors.As(err, &failed) || failed.Failures[1] == nil) {
				t.Fatalf("call %d: not told as rank 1: %v", n, err)
			}
			_, openErr := wholeStep(t.Context(), fsys)
			there := slices.Contains(names(t, fsys), "__1.metadata")
			if there != (openErr == nil) || err == nil && !there || err != nil && there && !errors.Is(err, fsbase.ErrCommitUnknown) {
				t.Fatalf("%s call %d: save %v, part there %v, open %v", phase, n, err, there, openErr)
			}
			if _, err := dcp.SaveFS(t.Context(), fsys, jobState(2, 1, 2), alone("s", 1, 2)); err != nil {
				t.Fatalf("call %d, again: %v", n, err)
			}
			checkLoaded(t, fsys, dcp.LayoutRankLocal, 2)
		}
	}
}

// TestNoCollectivesAsync: ranks of one process do not wait for each other.
func TestNoCollectivesAsync(t *testing.T) {
	url := "mem://" + t.Name()
	var handles []*dcp.SaveHandle
	for rank := range 3 {
		o := dcp.AsyncSaveOptions{SaveOptions: alone("s", rank, 3), Busy: dcp.BusyFail}
		h, err := dcp.AsyncSave(t.Context(), url, jobState(4, rank, 3), o)
		if err != nil {
			t.Fatal(err)
		}
		handles = append(handles, h)
	}
	for rank, h := range handles {
		md, err := h.Wait()
		if err != nil {
			t.Fatal(err)
		}
		if want := (dcp.RankLocal{Rank: rank, WorldSize: 3}); md.RankLocal == nil || *md.RankLocal != want {
			t.Errorf("rank %d: %+v", rank, md.RankLocal)
		}
	}
	if rep, err := dcp.MergeRankLocal(t.Context(), url, dcp.OpenOptions{}); err != nil || rep.Ranks != 3 {
		t.Errorf("%+v, %v", rep, err)
	}
}

// plainPlanner knows nothing of saves without collectives.
type plainPlanner struct{ planner.SavePlanner }

// TestNoCollectivesPlanner: such a planner is asked for the global plan of one
// rank, and decides.
func TestNoCollectivesPlanner(t *testing.T) {
	for world, ok := range map[int]bool{1: true, 2: false} {
		fsys := memfs.New()
		o := alone("s", 0, world)
		o.Planner = plainPlanner{&planner.DefaultSavePlanner{}}
		_, err := dcp.SaveFS(t.Context(), fsys, jobState(3, 0, world), o)
		var failed *dcp.CheckpointError
		if ok != (err == nil) || !ok && (!errors.As(err, &failed) || failed.Step != "plan" || !errors.Is(err, ckpterr.ChunkGap)) {
			t.Errorf("%d ranks: %v", world, err)
		}
		if ok {
			checkLoaded(t, fsys, dcp.LayoutRankLocal, 3)
		}
	}
}
