package dcp_test

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"sync"
	"testing"

	"github.com/godcp/godcp/backends/memfs"
	"github.com/godcp/godcp/dcp"
	"github.com/godcp/godcp/dcp/metadata"
	"github.com/godcp/godcp/dcp/planner"
	"github.com/godcp/godcp/tensor"
)

// fetching is a planner whose data does not lie in memory: the interface hides
// that it does.
type fetching struct {
	planner.SavePlanner
	resolve func(it planner.WriteItem, v any) (any, error)
}

func (f fetching) ResolveData(ctx context.Context, it planner.WriteItem) (any, error) {
	v, err := f.SavePlanner.ResolveData(ctx, it)
	if err != nil {
		return nil, err
	}
	return f.resolve(it, v)
}

// TestSafetensorsStream: a planner that fetches is asked for each tensor once,
// as they are written, within the bound.
func TestSafetensorsStream(t *testing.T) {
	const tensors, size, bound = 40, 1000, 4000
	state := map[string]any{}
	for i := range tensors {
		x, err := tensor.New([]tensor.DType{tensor.Uint8, tensor.Int8}[i%2], size)
		if err != nil {
			t.Fatal(err)
		}
		state[fmt.Sprint("t", i)] = x
	}
	fsys := memfs.New()
	var mu sync.Mutex
	fetched, written, most := 0, 0, 0
	fsys.SetHook(func(_ context.Context, op memfs.Op) error {
		if op.Kind == memfs.OpWrite && op.Phase == memfs.After && strings.HasPrefix(op.Path, "model-") {
			mu.Lock()
			written++ // the header, then one tensor in each
			mu.Unlock()
		}
		return nil
	})
	asked := map[string]int{}
	p := fetching{&planner.DefaultSavePlanner{}, func(it planner.WriteItem, v any) (any, error) {
		mu.Lock()
		defer mu.Unlock()
		asked[it.Index.FQN]++
		fetched++
		most = max(most, fetched-max(written-1, 0))
		return v, nil
	}}
	o := asSafetensors()
	o.Planner, o.PerThreadCopyAhead = p, bound
	if _, err := dcp.SaveFS(t.Context(), fsys, state, o); err != nil {
		t.Fatal(err)
	}
	fsys.SetHook(nil)
	if most > bound/size || most < 2 || written != tensors+1 || len(asked) != tensors || fetched != tensors {
		t.Errorf("%d tensors in memory at most, %d writes, %d fetched", most, written, fetched)
	}
	for _, world := range []int{1, 3} {
		fsys := memfs.New()
		err := saveHF(t.Context(), fsys, 1, world, func() dcp.SaveOptions {
			o := asSafetensors()
			o.Planner = fetching{&planner.DefaultSavePlanner{}, func(_ planner.WriteItem, v any) (any, error) { return v, nil }}
			return o
		})
		if err := errors.Join(err, checkHF(t.Context(), fsys, 1)); err != nil {
			t.Errorf("%d ranks: %v", world, err)
		}
	}
}

// TestSafetensorsWriterAlone: the methods out of order are errors.
func TestSafetensorsWriterAlone(t *testing.T) {
	w := dcp.NewHuggingFaceStorageWriter(memfs.New(), "file:///x?token=secret", dcp.HuggingFaceOptions{})
	if _, err := w.Finish(t.Context(), &metadata.Metadata{}, nil); err == nil {
		t.Error("finished without a plan")
	}
	if _, err := w.PrepareGlobalPlan(t.Context(), nil); err == nil {
		t.Error("a plan of no ranks")
	}
	if w.MetadataPath() != "model.safetensors.index.json" || strings.Contains(w.CheckpointID(), "secret") {
		t.Error(w.MetadataPath(), w.CheckpointID())
	}
	if err := w.Reset(t.Context(), t.TempDir()); err != nil {
		t.Fatal(err)
	}
	if _, err := dcp.Save(t.Context(), "", map[string]any{}, dcp.SaveOptions{StorageWriter: w}); err != nil {
		t.Error(err)
	}
	if r := w.Report(); r.BytesWritten == 0 || r.Unguarded || len(r.Left) > 0 {
		t.Errorf("%+v", r)
	}
}

// TestSafetensorsStrided: tensors that are not dense are copied, unless that
// takes more memory than is allowed: then they are streamed.
func TestSafetensorsStrided(t *testing.T) {
	for ahead, writes := range map[int64]int{0: 1, 1: 3} {
		x, err := tensor.New(tensor.Float32, 4, 6)
		if err != nil {
			t.Fatal(err)
		}
		columns, err := x.Narrow(1, 1, 2)
		if err != nil {
			t.Fatal(err)
		}
		fsys := memfs.New()
		n := 0
		fsys.SetHook(func(_ context.Context, op memfs.Op) error {
			if op.Kind == memfs.OpWrite && op.Phase == memfs.Before && isSafetensors(op.Path) {
				n++
			}
			return nil
		})
		o := asSafetensors()
		o.PerThreadCopyAhead = ahead
		if _, err := dcp.SaveFS(t.Context(), fsys, map[string]any{"a": columns, "b": x}, o); err != nil {
			t.Fatal(err)
		}
		if n != writes {
			t.Error(fmt.Sprint(n, " writes, want ", writes))
		}
	}
}
