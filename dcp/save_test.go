package dcp_test

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"sync/atomic"
	"testing"

	"golang.org/x/sync/errgroup"

	"github.com/godcp/godcp/backends/memfs"
	"github.com/godcp/godcp/ckpterr"
	"github.com/godcp/godcp/collective"
	"github.com/godcp/godcp/dcp"
	"github.com/godcp/godcp/fsbase"
	"github.com/godcp/godcp/tensor"
)

// jobState is what a rank of a job holds at a step: rows of "w", a replicated
// tensor, an object. Every element tells the step.
func jobState(step int64, rank, world int) map[string]any {
	const rows, cols = 10, 3
	offsets, sizes := split(rows, world)
	n := sizes[rank]
	data := make([]float32, n*cols)
	for i := range data {
		data[i] = float32(step*1000 + offsets[rank]*cols + int64(i))
	}
	w, err := tensor.FromSlice(data, n, cols)
	if err != nil {
		panic(err)
	}
	rep, err := tensor.FromSlice([]int64{step, step, step}, 3)
	if err != nil {
		panic(err)
	}
	return map[string]any{
		"w": &dcp.ShardedTensor{
			DType: tensor.Float32, Size: []int64{rows, cols},
			Shards: []dcp.Shard{{Offsets: []int64{offsets[rank], 0}, Tensor: w}},
		},
		"opt":  map[string]any{"rep": rep, "betas": []any{0.9, 0.999}},
		"step": step,
	}
}

// saveJob saves a step from world ranks, each with the same options.
func saveJob(ctx context.Context, fsys fsbase.FileSystemBase, step int64, world int, o dcp.SaveOptions) error {
	var eg errgroup.Group
	for rank, g := range collective.InProcess(world) {
		eg.Go(func() error {
			o := o
			o.Group = g
			_, err := dcp.SaveFS(ctx, fsys, jobState(step, rank, world), o)
			return err
		})
	}
	return eg.Wait()
}

// stepOf says which step is there, and fails if it is not whole.
func stepOf(t testing.TB, fsys fsbase.FileSystemBase) int64 {
	t.Helper()
	step, err := wholeStep(t.Context(), fsys)
	if err != nil {
		t.Fatal(err)
	}
	return step
}

func wholeStep(ctx context.Context, fsys fsbase.FileSystemBase) (int64, error) {
	ck, err := dcp.OpenFS(ctx, fsys, dcp.OpenOptions{})
	if err != nil {
		return 0, err
	}
	for p := range ck.Metadata().Validate() {
		return 0, p.Err
	}
	for _, rec := range ck.Records() {
		if _, err := ck.CheckItem(ctx, rec); err != nil {
			return 0, err
		}
	}
	v, err := ck.Value(ctx, "step")
	if err != nil {
		return 0, err
	}
	step, _ := v.(int64)
	w, err := ck.Tensor(ctx, "w")
	if err != nil {
		return 0, err
	}
	data, err := tensor.Data[float32](w)
	if err != nil {
		return 0, err
	}
	for i, x := range data {
		if x != float32(step*1000+int64(i)) {
			return 0, fmt.Errorf("element %d of step %d is %v: a mixture", i, step, x)
		}
	}
	return step, nil
}

func TestSaveAndOverwrite(t *testing.T) {
	for _, world := range []int{1, 4} {
		for name, o := range map[string]dcp.WriterOptions{
			"plain":         {},
			"threads":       {ThreadCount: 3},
			"file per item": {FilePerItem: true},
			"zstd":          {Extensions: []dcp.StreamTransformExtension{dcp.ZStandard{}}},
			"not synced":    {NoSync: true},
		} {
			t.Run(fmt.Sprintf("%s/%d", name, world), func(t *testing.T) {
				fsys := memfs.New()
				if err := saveJob(t.Context(), fsys, 1, world, dcp.SaveOptions{WriterOptions: o}); err != nil {
					t.Fatal(err)
				}
				if got := stepOf(t, fsys); got != 1 {
					t.Fatalf("step %d", got)
				}
				if err := saveJob(t.Context(), fsys, 2, world, dcp.SaveOptions{WriterOptions: o}); !errors.Is(err, fs.ErrExist) {
					t.Errorf("save over a checkpoint without Overwrite: %v", err)
				}
				o.Overwrite = true
				for step := int64(3); step < 6; step++ {
					if err := saveJob(t.Context(), fsys, step, world, dcp.SaveOptions{WriterOptions: o}); err != nil {
						t.Fatal(err)
					}
					if got := stepOf(t, fsys); got != step {
						t.Fatalf("step %d, want %d", got, step)
					}
				}
			})
		}
	}
}

// TestSaveFaults fails, or leaves without an answer, each storage call of a save
// and of an overwrite in turn: afterwards the old or the new checkpoint is
// there, whole, and after a success the new one.
func TestSaveFaults(t *testing.T) {
	boom := errors.New("boom")
	for _, overwrite := range []bool{false, true} {
		for _, phase := range []memfs.Phase{memfs.Before, memfs.After} {
			t.Run(fmt.Sprintf("overwrite %v, %s", overwrite, phase), func(t *testing.T) {
				for n := int64(0); ; n++ {
					fsys := memfs.New()
					if overwrite {
						if err := saveJob(t.Context(), fsys, 1, 2, dcp.SaveOptions{}); err != nil {
							t.Fatal(err)
						}
					}
					var calls atomic.Int64
					fsys.SetHook(func(_ context.Context, op memfs.Op) error {
						if op.Phase == phase && calls.Add(1) == n+1 {
							return fmt.Errorf("%s %s: %w", op.Kind, op.Path, boom)
						}
						return nil
					})
					err := saveJob(t.Context(), fsys, 2, 2, dcp.SaveOptions{WriterOptions: dcp.WriterOptions{Overwrite: overwrite}})
					fsys.SetHook(nil)
					if calls.Load() <= n {
						if n < 10 || err != nil {
							t.Fatalf("%d calls, %v", n, err)
						}
						return
					}
					checkAfter(t, fsys, overwrite, err, fmt.Sprintf("call %d", n))
				}
			})
		}
	}
}

// checkAfter is what must hold after a save of step 2 that ended with err.
func checkAfter(t *testing.T, fsys fsbase.FileSystemBase, overwrite bool, err error, when string) {
	t.Helper()
	step, openErr := wholeStep(t.Context(), fsys)
	switch {
	case err == nil && step != 2:
		t.Fatalf("%s: success, and step %d is there (%v)", when, step, openErr)
	case openErr != nil && overwrite:
		t.Fatalf("%s: the old checkpoint is gone: %v", when, openErr)
	case openErr != nil && !isAbsent(openErr):
		t.Fatalf("%s: something that is no whole checkpoint: %v", when, openErr)
	case err != nil && step == 2 && !errors.Is(err, fsbase.ErrCommitUnknown):
		t.Fatalf("%s: published, and the error does not say so: %v", when, err)
	}
}

func isAbsent(err error) bool { return errors.Is(err, ckpterr.NotACheckpoint) }

// TestSaveCrashes loses power after each storage call of a save.
func TestSaveCrashes(t *testing.T) {
	for _, overwrite := range []bool{false, true} {
		fsys := memfs.New()
		if overwrite {
			if err := saveJob(t.Context(), fsys, 1, 2, dcp.SaveOptions{}); err != nil {
				t.Fatal(err)
			}
		}
		var crashed []*memfs.FS
		fsys.SetHook(func(_ context.Context, op memfs.Op) error {
			if op.Phase == memfs.After {
				crashed = append(crashed, fsys.Crash())
			}
			return nil
		})
		if err := saveJob(t.Context(), fsys, 2, 1, dcp.SaveOptions{WriterOptions: dcp.WriterOptions{Overwrite: overwrite}}); err != nil {
			t.Fatal(err)
		}
		for i, c := range append(crashed, fsys.Crash()) {
			step, err := wholeStep(t.Context(), c)
			if err != nil && (overwrite || !isAbsent(err)) {
				t.Fatalf("overwrite %v, crash %d of %d: %v", overwrite, i, len(crashed), err)
			}
			if i == len(crashed) && step != 2 {
				t.Fatalf("overwrite %v: step %d after a save that returned", overwrite, step)
			}
		}
	}
}

// TestTwoSavers save to one place at once: one wins, the other is told.
func TestTwoSavers(t *testing.T) {
	for round := range 200 {
		fsys := memfs.New()
		overwrite := round%2 == 1
		if overwrite {
			if err := saveJob(t.Context(), fsys, 1, 1, dcp.SaveOptions{}); err != nil {
				t.Fatal(err)
			}
		}
		var errs [2]error
		var eg errgroup.Group
		for i := range errs {
			eg.Go(func() error {
				errs[i] = saveJob(t.Context(), fsys, int64(2+i), 2, dcp.SaveOptions{WriterOptions: dcp.WriterOptions{Overwrite: overwrite}})
				return nil
			})
		}
		eg.Wait() //nolint:errcheck // the errors are in errs
		step := stepOf(t, fsys)
		for i, err := range errs {
			won := step == int64(2+i)
			if err == nil && !won && !overwrite || err != nil && won {
				t.Fatalf("round %d: step %d is there, saver %d got %v", round, step, i, err)
			}
			if err != nil && !errors.Is(err, fsbase.ErrPrecondition) && !errors.Is(err, fs.ErrExist) {
				t.Fatalf("round %d: %v", round, err)
			}
		}
	}
}
