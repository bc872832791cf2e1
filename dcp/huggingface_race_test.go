package dcp_test

import (
	"context"
	"errors"
	"io/fs"
	"slices"
	"testing"

	"golang.org/x/sync/errgroup"

	"github.com/godcp/godcp/backends/memfs"
	"github.com/godcp/godcp/collective"
	"github.com/godcp/godcp/dcp"
	"github.com/godcp/godcp/fsbase"
)

// hfSaver saves a step in its own layout, so that savers need not meet at any
// file.
type hfSaver struct {
	world, files int // files of each rank
}

func (s hfSaver) save(ctx context.Context, fsys fsbase.FileSystemBase, step int64) error {
	mapping, n := map[string]int{}, 0
	for fqn := range hfWhole(step) {
		mapping[fqn] = n%s.files + 1
		n++
	}
	var eg errgroup.Group
	for rank, g := range collective.InProcess(s.world) {
		eg.Go(func() error {
			w := dcp.NewHuggingFaceStorageWriter(fsys, "", dcp.HuggingFaceOptions{FQNToIndexMapping: mapping, SaveDistributed: s.world > 1})
			_, err := dcp.Save(ctx, "", hfState(step, rank, s.world), dcp.SaveOptions{StorageWriter: w, Group: g})
			return err
		})
	}
	return eg.Wait()
}

// TestSafetensorsTwoSavers stops saver A before each of its steps, lets B make
// each number of steps, or all, and then lets A end first and B after it: one
// wins, the other is told, and nothing of it lies in the winner's checkpoint.
func TestSafetensorsTwoSavers(t *testing.T) {
	for a, aEnded := 0, false; !aEnded; a++ {
		for b, bEnded := a%stride, false; !bEnded; b += stride {
			fsys := memfs.New()
			s := newSchedule(fsys)
			var errs [2]error
			s.start("A", func() { errs[0] = hfSaver{1, 1}.save(as(t.Context(), "A"), fsys, 2) })
			s.start("B", func() { errs[1] = hfSaver{1, 2}.save(as(t.Context(), "B"), fsys, 3) })
			aEnded, bEnded = s.allow("A", a), s.allow("B", b)
			s.finish("A")
			s.finish("B")
			fsys.SetHook(nil)
			checkRace(t, fsys, errs, a, b)
		}
	}
}

// TestSafetensorsTwoJobs is the same with ranks, and B running all at once in
// A's pause.
func TestSafetensorsTwoJobs(t *testing.T) {
	for a, ended := 0, false; !ended; a++ {
		fsys := memfs.New()
		s := newSchedule(fsys)
		var errs [2]error
		s.start("A", func() { errs[0] = hfSaver{2, 1}.save(as(t.Context(), "A"), fsys, 2) })
		ended = s.allow("A", a)
		errs[1] = hfSaver{4, 1}.save(t.Context(), fsys, 3)
		s.finish("A")
		fsys.SetHook(nil)
		checkRace(t, fsys, errs, a, -1)
	}
}

func checkRace(t *testing.T, fsys *memfs.FS, errs [2]error, a, b int) {
	t.Helper()
	won := 0
	for i, err := range errs {
		if err == nil {
			won++
			if err := checkHF(t.Context(), fsys, int64(2+i)); err != nil {
				t.Fatalf("A stopped after %d steps, B after %d: saver %d has won, and %v", a, b, i, err)
			}
			continue
		}
		if !errors.Is(err, fs.ErrExist) || errors.Is(err, fsbase.ErrCommitUnknown) {
			t.Fatalf("A stopped after %d steps, B after %d: saver %d: %v", a, b, i, err)
		}
	}
	if won != 1 {
		t.Fatalf("A stopped after %d steps, B after %d: %d have won: %v", a, b, won, errs)
	}
	if left := names(t, fsys); slices.Contains(left, claim) {
		t.Fatalf("A stopped after %d steps, B after %d: %v", a, b, left)
	}
}

// TestSafetensorsUnguarded: where nothing is conditional the report says so.
func TestSafetensorsUnguarded(t *testing.T) {
	for _, world := range []int{1, 2} {
		disk := memfs.New()
		if err := saveHF(t.Context(), plainFS{disk}, 1, world, asSafetensors); err != nil {
			t.Fatal(err)
		}
		if err := checkHF(t.Context(), disk, 1); err != nil {
			t.Error(err)
		}
		before := names(t, disk)
		if err := saveHF(t.Context(), plainFS{disk}, 2, world, asSafetensors); !errors.Is(err, fs.ErrExist) {
			t.Errorf("over a checkpoint: %v", err)
		}
		if len(names(t, disk)) != len(before) {
			t.Error(names(t, disk))
		}
	}
	var report dcp.SaveReport
	o := asSafetensors()
	o.Report, o.SaveID = &report, "the save"
	fsys := plainFS{memfs.New()}
	for _, again := range []bool{false, true} {
		if _, err := dcp.SaveFS(t.Context(), fsys, hfState(1, 0, 1), o); err != nil {
			t.Fatal(err)
		}
		if report.Unguarded == again || report.AlreadySaved != again {
			t.Errorf("again %v: %+v", again, report)
		}
	}
}
