package dcp_test

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/godcp/godcp/backends/memfs"
	"github.com/godcp/godcp/ckpterr"
	"github.com/godcp/godcp/dcp"
	"github.com/godcp/godcp/fsbase"
	"github.com/godcp/godcp/tensor"
)

func overwrite(t *testing.T, fsys fsbase.FileSystemBase, step int64, o dcp.WriterOptions) dcp.SaveReport {
	t.Helper()
	o.Overwrite = true
	var report dcp.SaveReport
	_, err := dcp.SaveFS(t.Context(), fsys, jobState(step, 0, 1), dcp.SaveOptions{WriterOptions: o, Report: &report})
	if err != nil {
		t.Fatal(err)
	}
	return report
}

// readStep reads all of an open checkpoint, and says which step it found. A
// mixture is a failure.
func readStep(t *testing.T, ctx context.Context, ck *dcp.Checkpoint) (int64, error) {
	v, err := ck.Value(ctx, "step")
	if err != nil {
		return 0, err
	}
	w, err := ck.Tensor(ctx, "w")
	if err != nil {
		return 0, err
	}
	rep, err := ck.Tensor(ctx, "opt.rep")
	if err != nil {
		return 0, err
	}
	step := v.(int64)
	data, err := tensor.Data[float32](w)
	if err != nil {
		return 0, err
	}
	for i, x := range data {
		if x != float32(step*1000+int64(i)) {
			t.Fatalf("element %d of step %d is %v: a mixture", i, step, x)
		}
	}
	if reps, err := tensor.Data[int64](rep); err != nil || reps[0] != step {
		t.Fatalf("rep of step %d is %v (%v): a mixture", step, reps, err)
	}
	return step, nil
}

// TestReaderBesideOverwrites overwrites a checkpoint that is open.
func TestReaderBesideOverwrites(t *testing.T) {
	for _, c := range []struct {
		times, keep int
		readable    bool
	}{{1, 0, true}, {2, 0, false}, {1, -1, false}} {
		fsys := memfs.New()
		if err := saveJob(t.Context(), fsys, 1, 2, dcp.SaveOptions{}); err != nil {
			t.Fatal(err)
		}
		ck, err := dcp.OpenFS(t.Context(), fsys, dcp.OpenOptions{})
		if err != nil {
			t.Fatal(err)
		}
		for i := range c.times {
			overwrite(t, fsys, int64(2+i), dcp.WriterOptions{KeepPrevious: c.keep})
		}
		step, err := readStep(t, t.Context(), ck)
		if c.readable && (err != nil || step != 1) || !c.readable && !errors.Is(err, fsbase.ErrChanged) {
			t.Errorf("%+v: step %d, %v", c, step, err)
		}
	}
}

// TestReaderInterleaved stops a reader before each of its steps, from opening
// on, and overwrites once, twice or three times meanwhile.
func TestReaderInterleaved(t *testing.T) {
	for times := 1; times <= 3; times++ {
		for n, ended := 0, false; !ended; n++ {
			fsys := memfs.New()
			if err := saveJob(t.Context(), fsys, 1, 2, dcp.SaveOptions{}); err != nil {
				t.Fatal(err)
			}
			s := newSchedule(fsys)
			var step int64
			var err error
			s.start("reader", func() {
				ctx := as(t.Context(), "reader")
				var ck *dcp.Checkpoint
				if ck, err = dcp.OpenFS(ctx, fsys, dcp.OpenOptions{}); err == nil {
					step, err = readStep(t, ctx, ck)
				}
			})
			ended = s.allow("reader", n)
			for i := range times {
				overwrite(t, fsys, int64(2+i), dcp.WriterOptions{})
			}
			s.finish("reader")
			fsys.SetHook(nil)
			when := fmt.Sprintf("%d overwrites after %d steps", times, n)
			switch {
			case err != nil && !errors.Is(err, fsbase.ErrChanged) && ckpterr.ClassOf(err) != ckpterr.MissingFile:
				t.Fatalf("%s: %v", when, err)
			case err != nil && times == 1:
				t.Fatalf("%s, which keeps the files: %v", when, err)
			case err == nil && step != 1 && step != int64(1+times):
				t.Fatalf("%s: step %d", when, step)
			}
		}
	}
}

// TestKeepPrevious follows the files of five saves: each one leaves its own and
// those of the one before.
func TestKeepPrevious(t *testing.T) {
	for _, keep := range []int{0, -1} {
		fsys := memfs.New()
		var last []string
		for step := int64(1); step <= 5; step++ {
			there := names(t, fsys)
			report := overwrite(t, fsys, step, dcp.WriterOptions{KeepPrevious: keep})
			own := slices.DeleteFunc(names(t, fsys), func(n string) bool { return slices.Contains(there, n) })
			want := slices.Concat([]string{".metadata"}, own)
			if keep == 0 {
				want = append(want, last...)
			}
			slices.Sort(want)
			if d := cmp.Diff(slices.Compact(want), names(t, fsys)); d != "" {
				t.Errorf("keep %d, step %d: %s", keep, step, d)
			}
			removed := step > 2 || step == 2 && keep < 0
			if len(report.Removed) > 0 != removed || len(report.Left) > 0 {
				t.Errorf("keep %d, step %d: %+v", keep, step, report)
			}
			last = slices.DeleteFunc(own, isMetadata)
		}
		if got := stepOf(t, fsys); got != 5 {
			t.Errorf("step %d", got)
		}
	}
}

// TestAlreadySaved saves again under the same SaveID, and under another.
func TestAlreadySaved(t *testing.T) {
	fsys := memfs.New()
	o := dcp.WriterOptions{SaveID: "one"}
	if err := saveJob(t.Context(), fsys, 1, 2, dcp.SaveOptions{WriterOptions: o}); err != nil {
		t.Fatal(err)
	}
	before := names(t, fsys)
	if err := saveJob(t.Context(), fsys, 1, 2, dcp.SaveOptions{WriterOptions: o}); err != nil {
		t.Errorf("the same save, without Overwrite: %v", err)
	}
	if report := overwrite(t, fsys, 1, o); !report.AlreadySaved || report.BytesWritten != 0 {
		t.Errorf("the same save: %+v", report)
	}
	if d := cmp.Diff(before, names(t, fsys)); d != "" {
		t.Error(d)
	}
	if report := overwrite(t, fsys, 2, dcp.WriterOptions{SaveID: "two"}); report.AlreadySaved {
		t.Errorf("another save: %+v", report)
	}
	if got := stepOf(t, fsys); got != 2 {
		t.Errorf("step %d", got)
	}
}
