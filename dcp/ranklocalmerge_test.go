package dcp_test

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"strings"
	"sync/atomic"
	"testing"

	"github.com/godcp/godcp/backends/memfs"
	"github.com/godcp/godcp/ckpterr"
	"github.com/godcp/godcp/dcp"
	"github.com/godcp/godcp/fsbase"
	"github.com/godcp/godcp/tensor"
)

// move puts a file of one storage to another.
func move(t *testing.T, from fsbase.FileSystemBase, name string, to fsbase.FileSystemBase, newName string) {
	t.Helper()
	b, _, err := fsbase.ReadFile(t.Context(), from, name, 1<<20)
	if err != nil {
		t.Fatal(err)
	}
	store(t, to, newName, b)
}

func remove(t *testing.T, fsys fsbase.FileSystemBase, name string) {
	t.Helper()
	if err := fsys.RmFile(t.Context(), name); err != nil {
		t.Fatal(err)
	}
}

// TestMixedSets: what is not one whole set is neither merged nor opened, whoever
// trusts it.
func TestMixedSets(t *testing.T) {
	set := func(t *testing.T, id string, step int64, world int) *memfs.FS {
		fsys := memfs.New()
		saveSet(t, fsys, id, step, world)
		return fsys
	}
	for _, c := range []struct {
		name  string
		class ckpterr.Class
		file  string // that the error names
		make  func(t *testing.T, fsys *memfs.FS)
	}{
		{"two steps", ckpterr.BadMetadata, "__2.metadata", func(t *testing.T, fsys *memfs.FS) {
			move(t, set(t, "older", 6, 4), "__2.metadata", fsys, "__2.metadata")
		}},
		{"other world size", ckpterr.BadMetadata, "__1.metadata", func(t *testing.T, fsys *memfs.FS) {
			move(t, set(t, "s", 7, 2), "__1.metadata", fsys, "__1.metadata")
		}},
		{"a rank more", ckpterr.BadMetadata, "__4.metadata", func(t *testing.T, fsys *memfs.FS) {
			move(t, set(t, "older", 6, 5), "__4.metadata", fsys, "__4.metadata")
		}},
		{"the same rank twice", ckpterr.BadMetadata, "__2.metadata", func(t *testing.T, fsys *memfs.FS) {
			move(t, fsys, "__3.metadata", fsys, "__2.metadata")
		}},
		{"torch's among them", ckpterr.BadMetadata, "__1.metadata", func(t *testing.T, fsys *memfs.FS) {
			move(t, memCopy(t, rankLocal), "__1.metadata", fsys, "__1.metadata")
		}},
		{"last rank missing", ckpterr.MissingFile, "__3.metadata", func(t *testing.T, fsys *memfs.FS) { remove(t, fsys, "__3.metadata") }},
		{"first rank missing", ckpterr.MissingFile, "__0.metadata", func(t *testing.T, fsys *memfs.FS) { remove(t, fsys, "__0.metadata") }},
	} {
		t.Run(c.name, func(t *testing.T) {
			fsys := set(t, "s", 7, 4)
			c.make(t, fsys)
			zero := 0
			for _, o := range []dcp.OpenOptions{{}, {TrustSet: true}, {TrustSet: true, PreferRank: &zero}} {
				_, mergeErr := dcp.MergeRankLocalFS(t.Context(), fsys, o)
				_, openErr := dcp.OpenFS(t.Context(), fsys, o)
				for what, err := range map[string]error{"merge": mergeErr, "open": openErr} {
					var e *ckpterr.Error
					if !errors.As(err, &e) || e.Class != c.class || e.File != c.file {
						t.Errorf("%s: got %v", what, err)
					}
				}
			}
			if there, err := fsys.Exists(t.Context(), ".metadata"); err != nil || there {
				t.Errorf("merged all the same (%v)", err)
			}
		})
	}
}

// TestSetBesideMetadata: a set is not merged into somebody else's checkpoint,
// and a `.metadata` of torch's beside a set, whose data files torch has truncated
// then, is not opened.
func TestSetBesideMetadata(t *testing.T) {
	fsys := memfs.New()
	if err := saveJob(t.Context(), fsys, 1, 2, dcp.SaveOptions{}); err != nil {
		t.Fatal(err)
	}
	other := memfs.New()
	saveSet(t, other, "s", 2, 2)
	for _, name := range names(t, other) {
		move(t, other, name, fsys, name)
	}
	if _, err := dcp.MergeRankLocalFS(t.Context(), fsys, dcp.OpenOptions{}); !errors.Is(err, fs.ErrExist) {
		t.Errorf("merge: %v", err)
	}
	if step := stepOf(t, fsys); step != 1 {
		t.Errorf("step %d", step)
	}
	torch := memCopy(t, rankLocal)
	move(t, memCopy(t, "../testdata/fixtures/dist4_row"), ".metadata", torch, ".metadata")
	for _, o := range []dcp.OpenOptions{{}, {TrustSet: true}} {
		if _, err := dcp.OpenFS(t.Context(), torch, o); ckpterr.ClassOf(err) != ckpterr.BadMetadata {
			t.Errorf("open: %v", err)
		}
		if _, err := dcp.MergeRankLocalFS(t.Context(), torch, o); !errors.Is(err, fs.ErrExist) {
			t.Errorf("merge: %v", err)
		}
	}
}

// TestMergeTorchSet merges what torch wrote, on trust and with a warning.
func TestMergeTorchSet(t *testing.T) {
	fsys := memCopy(t, rankLocal)
	if _, err := dcp.MergeRankLocalFS(t.Context(), fsys, dcp.OpenOptions{}); ckpterr.ClassOf(err) != ckpterr.NotACheckpoint {
		t.Errorf("without trust: %v", err)
	}
	rep, err := dcp.MergeRankLocalFS(t.Context(), fsys, dcp.OpenOptions{TrustSet: true})
	if err != nil || len(rep.Warnings) != 1 || rep.Ranks != 4 {
		t.Fatalf("%+v, %v", rep, err)
	}
	ck, err := dcp.OpenFS(t.Context(), fsys, dcp.OpenOptions{})
	if err != nil {
		t.Fatal(err)
	}
	set, err := dcp.OpenWith(t.Context(), rankLocal, dcp.OpenOptions{TrustSet: true})
	if err != nil {
		t.Fatal(err)
	}
	for fqn, e := range set.Entries() {
		if !e.IsTensor {
			continue
		}
		want, err := set.Tensor(t.Context(), fqn)
		if err != nil {
			t.Fatal(err)
		}
		got, err := ck.Tensor(t.Context(), fqn)
		if err != nil || string(logical(t, got)) != string(logical(t, want)) {
			t.Errorf("%s: %v", fqn, err)
		}
	}
	if rep, err := dcp.MergeRankLocalFS(t.Context(), fsys, dcp.OpenOptions{TrustSet: true}); err != nil || !rep.AlreadyMerged {
		t.Errorf("again: %+v, %v", rep, err)
	}
}

// TestDifferingCopies: what ranks do not agree on is an error that names them,
// or taken from the rank that is preferred, if that has it.
func TestDifferingCopies(t *testing.T) {
	fsys := memfs.New()
	for rank := range 4 {
		state := jobState(7, rank, 4)
		if rank > 0 {
			state["seed"] = int64(rank / 3) // 0, 0, 1 on ranks 1, 2, 3
		}
		if _, err := dcp.SaveFS(t.Context(), fsys, state, alone("s", rank, 4)); err != nil {
			t.Fatal(err)
		}
	}
	for prefer := -1; prefer < 5; prefer++ {
		o := dcp.OpenOptions{}
		if prefer >= 0 {
			o.PreferRank = &prefer
		}
		ck, err := dcp.OpenFS(t.Context(), fsys, o)
		switch {
		case prefer == 4:
			if !errors.Is(err, fs.ErrInvalid) {
				t.Errorf("a rank that there is not: %v", err)
			}
		case prefer < 1: // none, or one that does not have it
			var e *ckpterr.Error
			if !errors.As(err, &e) || e.FQN != "seed" || !strings.Contains(err.Error(), "ranks 1 and 3 ") {
				t.Errorf("prefer %d: %v", prefer, err)
			}
		case err != nil:
			t.Error(err)
		default:
			if v, err := ck.Value(t.Context(), "seed"); err != nil || v != int64(prefer/3) {
				t.Errorf("prefer %d: %v, %v", prefer, v, err)
			}
		}
	}
}

// TestIncompleteSets: all parts are there, and they are not the whole.
func TestIncompleteSets(t *testing.T) {
	for _, c := range []struct {
		name  string
		class ckpterr.Class
		make  func(t *testing.T, rank int, state map[string]any) map[string]any
		spoil func(t *testing.T, fsys *memfs.FS)
	}{
		{"a gap", ckpterr.ChunkGap, func(_ *testing.T, rank int, state map[string]any) map[string]any {
			if rank == 2 {
				state["w"].(*dcp.ShardedTensor).Shards = nil
			}
			return state
		}, nil},
		{"no part at all", ckpterr.ChunkGap, func(_ *testing.T, _ int, state map[string]any) map[string]any {
			state["w"].(*dcp.ShardedTensor).Shards = nil
			return state
		}, nil},
		{"overlap", ckpterr.ChunkOverlap, func(_ *testing.T, rank int, state map[string]any) map[string]any {
			if rank == 2 {
				state["w"].(*dcp.ShardedTensor).Shards[0].Offsets[0]--
			}
			return state
		}, nil},
		{"other dtype", ckpterr.BadMetadata, func(t *testing.T, rank int, state map[string]any) map[string]any {
			if rank == 2 {
				x, err := tensor.New(tensor.Float64, 3)
				if err != nil {
					t.Fatal(err)
				}
				state["opt"].(map[string]any)["rep"] = x
			}
			return state
		}, nil},
		{"no data file", ckpterr.MissingFile, nil, func(t *testing.T, fsys *memfs.FS) { remove(t, fsys, dataOf(t, fsys, 2)) }},
		{"short data file", ckpterr.OutOfRange, nil, func(t *testing.T, fsys *memfs.FS) { store(t, fsys, dataOf(t, fsys, 2), []byte("x")) }},
	} {
		t.Run(c.name, func(t *testing.T) {
			fsys := memfs.New()
			for rank := range 4 {
				state := jobState(7, rank, 4)
				if c.make != nil {
					state = c.make(t, rank, state)
				}
				if _, err := dcp.SaveFS(t.Context(), fsys, state, alone("s", rank, 4)); err != nil {
					t.Fatal(err)
				}
			}
			if c.spoil != nil {
				c.spoil(t, fsys)
			}
			if _, err := dcp.MergeRankLocalFS(t.Context(), fsys, dcp.OpenOptions{}); ckpterr.ClassOf(err) != c.class {
				t.Errorf("merge: %v", err)
			}
			if _, err := wholeStep(t.Context(), fsys); err == nil {
				t.Error("it loads")
			}
			if there, err := fsys.Exists(t.Context(), ".metadata"); err != nil || there {
				t.Errorf("published (%v)", err)
			}
		})
	}
}

// dataOf is the data file of a rank.
func dataOf(t *testing.T, fsys *memfs.FS, rank int) string {
	for _, name := range names(t, fsys) {
		if strings.HasPrefix(name, fmt.Sprintf("__%d_", rank)) {
			return name
		}
	}
	t.Fatalf("no data file of rank %d", rank)
	return ""
}

// TestMergeFaults fails, or leaves without an answer, each storage call of a
// merge, and loses power after it: the set stays, or the checkpoint is there,
// and merging again ends well.
func TestMergeFaults(t *testing.T) {
	boom := errors.New("boom")
	for _, phase := range []memfs.Phase{memfs.Before, memfs.After} {
		for n, ended := int64(0), false; !ended; n++ {
			fsys := memfs.New()
			saveSet(t, fsys, "s", 7, 3)
			var crashed *memfs.FS
			var calls atomic.Int64
			fsys.SetHook(func(_ context.Context, op memfs.Op) error {
				if op.Phase == phase && calls.Add(1) == n+1 {
					crashed = fsys.Crash()
					return fmt.Errorf("%s %s: %w", op.Kind, op.Path, boom)
				}
				return nil
			})
			_, err := dcp.MergeRankLocalFS(t.Context(), fsys, dcp.OpenOptions{})
			fsys.SetHook(nil)
			if ended = calls.Load() <= n; ended && (n < 8 || err != nil) {
				t.Fatalf("%d calls, %v", n, err)
			}
			for _, f := range []*memfs.FS{fsys, crashed} {
				if f == nil {
					continue
				}
				if step := stepOf(t, f); step != 7 {
					t.Fatalf("call %d: step %d", n, step)
				}
				if _, err := dcp.MergeRankLocalFS(t.Context(), f, dcp.OpenOptions{}); err != nil {
					t.Fatalf("call %d, again: %v", n, err)
				}
				checkLoaded(t, f, dcp.LayoutDCP, 7)
			}
		}
	}
}
