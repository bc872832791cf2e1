package dcp_test

import (
	"context"
	"errors"
	"slices"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/godcp/godcp/backends/memfs"
	"github.com/godcp/godcp/dcp"
	"github.com/godcp/godcp/tensor"
)

// failPublish fails every commit of .metadata, with no doubt about it.
func failPublish(_ context.Context, op memfs.Op) error {
	if op.Kind == memfs.OpCommit && op.Phase == memfs.Before && isMetadata(op.Path) {
		return errors.New("no space for metadata")
	}
	return nil
}

// TestAbandonFresh: plain names stay, and are reported; another saver's is
// neither removed nor reported.
func TestAbandonFresh(t *testing.T) {
	fsys := memfs.New()
	fsys.SetHook(failPublish)
	defer fsys.SetHook(nil)
	var first, second dcp.SaveReport
	o := dcp.SaveOptions{Report: &first}
	if _, err := dcp.SaveFS(t.Context(), fsys, jobState(1, 0, 1), o); err == nil {
		t.Fatal("published")
	}
	if d := cmp.Diff([]string{"__0_0.distcp"}, first.Left); d != "" {
		t.Error(d)
	}
	o.Report = &second
	if _, err := dcp.SaveFS(t.Context(), fsys, jobState(2, 0, 1), o); err == nil {
		t.Fatal("published")
	}
	if len(second.Left) > 0 {
		t.Errorf("left %v", second.Left)
	}
	if d := cmp.Diff([]string{"__0_0.distcp"}, names(t, fsys)); d != "" {
		t.Error(d)
	}
}

// TestAbandonOverwrite removes the attempt's files on every rank, and reports
// those that it cannot.
func TestAbandonOverwrite(t *testing.T) {
	fsys := memfs.New()
	overwrite(t, fsys, 1, dcp.WriterOptions{})
	before := names(t, fsys)
	o := dcp.SaveOptions{WriterOptions: dcp.WriterOptions{Overwrite: true, ThreadCount: 2}}
	fsys.SetHook(failPublish)
	if err := saveJob(t.Context(), fsys, 2, 3, o); err == nil {
		t.Fatal("published")
	}
	if d := cmp.Diff(before, names(t, fsys)); d != "" {
		t.Error(d)
	}
	fsys.SetHook(func(ctx context.Context, op memfs.Op) error {
		if op.Kind == memfs.OpRemove {
			return errors.New("not now")
		}
		return failPublish(ctx, op)
	})
	var report dcp.SaveReport
	o.Report = &report
	if _, err := dcp.SaveFS(t.Context(), fsys, jobState(2, 0, 1), o); err == nil {
		t.Fatal("published")
	}
	fsys.SetHook(nil)
	left := slices.DeleteFunc(names(t, fsys), func(n string) bool { return slices.Contains(before, n) })
	slices.Sort(report.Left)
	if d := cmp.Diff(left, report.Left); d != "" || len(left) == 0 {
		t.Error(left, d)
	}
	if got := stepOf(t, fsys); got != 1 {
		t.Errorf("step %d", got)
	}
}

// TestSweepFailureIsNoFailure: the save stands, and the report has the names.
func TestSweepFailureIsNoFailure(t *testing.T) {
	fsys := memfs.New()
	overwrite(t, fsys, 1, dcp.WriterOptions{})
	old := slices.DeleteFunc(names(t, fsys), isMetadata)
	fsys.SetHook(func(_ context.Context, op memfs.Op) error {
		if op.Kind == memfs.OpRemove {
			return errors.New("not now")
		}
		return nil
	})
	report := overwrite(t, fsys, 2, dcp.WriterOptions{KeepPrevious: -1})
	fsys.SetHook(nil)
	if d := cmp.Diff(old, report.Left); d != "" || len(report.Removed) > 0 {
		t.Errorf("%+v %s", report, d)
	}
	if got := stepOf(t, fsys); got != 2 {
		t.Errorf("step %d", got)
	}
}

// TestNamesLikeChunks saves an object whose name is that of a chunk, printed.
func TestNamesLikeChunks(t *testing.T) {
	x, err := tensor.New(tensor.Float32, 2, 2)
	if err != nil {
		t.Fatal(err)
	}
	scalar, err := tensor.New(tensor.Int64)
	if err != nil {
		t.Fatal(err)
	}
	empty, err := tensor.New(tensor.Int64, 0, 3)
	if err != nil {
		t.Fatal(err)
	}
	fsys := memfs.New()
	state := map[string]any{"w": x, "w [0 0]": int64(1), "s": scalar, "s []": int64(2), `"w"`: int64(3), "e": empty}
	if _, err := dcp.SaveFS(t.Context(), fsys, state, dcp.SaveOptions{}); err != nil {
		t.Fatal(err)
	}
	ck, err := dcp.OpenFS(t.Context(), fsys, dcp.OpenOptions{})
	if err != nil {
		t.Fatal(err)
	}
	if v, err := ck.Value(t.Context(), "w [0 0]"); err != nil || v != int64(1) {
		t.Errorf("got %v, %v", v, err)
	}
}
