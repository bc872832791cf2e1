package dcp_test

import (
	"context"
	"fmt"
	"math/rand/v2"
	"testing"

	"github.com/google/go-cmp/cmp"
	"golang.org/x/sync/errgroup"

	"github.com/godcp/godcp/backends/memfs"
	"github.com/godcp/godcp/collective"
	"github.com/godcp/godcp/dcp"
	"github.com/godcp/godcp/dcp/metadata"
	"github.com/godcp/godcp/tensor"
)

// weighed counts what a rank gives to others in the step "plan".
type weighed struct {
	collective.Group
	gathers []int // bytes, the last being that of "write"
	given   int
}

func (w *weighed) Gather(ctx context.Context, root int, data []byte) ([][]byte, error) {
	w.gathers = append(w.gathers, len(data))
	return w.Group.Gather(ctx, root, data)
}

func (w *weighed) Scatter(ctx context.Context, root int, data [][]byte) ([]byte, error) {
	for _, d := range data {
		w.given += len(d)
	}
	return w.Group.Scatter(ctx, root, data)
}

// saveCached saves states by rank, to a new place, and returns what is there, how
// many planning steps there were, and the bytes of these.
func saveCached(t *testing.T, states []map[string]any, caches []*dcp.PlanCache, o dcp.SaveOptions) (md *metadata.Metadata, steps, sent int) {
	t.Helper()
	fsys := memfs.New()
	var ranks errgroup.Group
	groups := make([]*weighed, len(states))
	for rank, g := range collective.InProcess(len(states)) {
		groups[rank] = &weighed{Group: g}
		o := o
		o.Group = groups[rank]
		if caches != nil {
			o.PlanCache = caches[rank]
		}
		ranks.Go(func() error {
			_, err := dcp.SaveFS(t.Context(), fsys, states[rank], o)
			return err
		})
	}
	if err := ranks.Wait(); err != nil {
		t.Fatal(err)
	}
	ck, err := dcp.OpenFS(t.Context(), fsys, dcp.OpenOptions{})
	if err != nil {
		t.Fatal(err)
	}
	for p := range ck.Metadata().Validate() {
		t.Fatal(p.Err)
	}
	for _, rec := range ck.Records() {
		if _, err := ck.CheckItem(t.Context(), rec); err != nil {
			t.Fatal(err)
		}
	}
	for _, g := range groups {
		if len(g.gathers) == 0 { // a rank by itself
			continue
		}
		steps, sent = len(g.gathers)-1, sent+g.given
		for _, n := range g.gathers[:steps] {
			sent += n
		}
	}
	return ck.Metadata(), steps, sent
}

// manyRows is a state of n replicated tensors of rising size.
func manyRows(t *testing.T, n int, d tensor.DType) map[string]any {
	t.Helper()
	state := map[string]any{}
	for i := range n {
		x, err := tensor.New(d, int64(1+i%7))
		if err != nil {
			t.Fatal(err)
		}
		state[fmt.Sprintf("some.layer.%d.w", i)] = x
	}
	return state
}

func TestPlanCacheSpares(t *testing.T) {
	states := []map[string]any{manyRows(t, 500, tensor.Float32), manyRows(t, 500, tensor.Float32)}
	caches := []*dcp.PlanCache{{}, {}}
	_, _, full := saveCached(t, states, caches, dcp.SaveOptions{})
	_, steps, again := saveCached(t, states, caches, dcp.SaveOptions{})
	if steps != 1 || again > full/10 {
		t.Errorf("%d steps, %d bytes after %d", steps, again, full)
	}
	// What travels for CheckReplicas differs in every save.
	if _, steps, again = saveCached(t, states, caches, dcp.SaveOptions{CheckReplicas: true}); steps != 1 || again < full {
		t.Errorf("checked: %d steps, %d bytes", steps, again)
	}
	// A rank was started anew.
	for rank := range caches {
		caches[rank] = &dcp.PlanCache{}
		if _, steps, _ := saveCached(t, states, caches, dcp.SaveOptions{}); steps != 2 {
			t.Errorf("rank %d without its cache: %d steps", rank, steps)
		}
		if _, steps, again := saveCached(t, states, caches, dcp.SaveOptions{}); steps != 1 || again > full/10 {
			t.Errorf("after that: %d steps, %d bytes", steps, again)
		}
	}
}

// TestPlanCacheIsNeverWrong saves a row of states that differ in little, with
// caches that come and go: what is saved is what is saved without.
func TestPlanCacheIsNeverWrong(t *testing.T) {
	rng := rand.New(rand.NewPCG(1, 2))
	build := func(kind, rank, world int) map[string]any {
		state := jobState(1, rank, world)
		switch kind {
		case 1: // another dtype of the same size
			state["opt"].(map[string]any)["rep"] = manyRows(t, 3, tensor.Float64)["some.layer.2.w"]
		case 2: // another path of the same name
			state["opt.rep"] = state["opt"].(map[string]any)["rep"]
			delete(state["opt"].(map[string]any), "rep")
		case 3: // one rank has more
			if rank == world-1 {
				state["more"] = manyRows(t, 5, tensor.Int8)
			}
		case 4: // nothing is sharded: who writes what depends on how many there are
			state = manyRows(t, 9, tensor.BFloat16)
		case 5: // an object where a tensor was
			state["opt"].(map[string]any)["rep"] = "text"
		}
		return state
	}
	caches := make([]*dcp.PlanCache, 4)
	for i := range caches {
		caches[i] = &dcp.PlanCache{}
	}
	kind, world := 0, 3
	for round := range 150 {
		if rng.IntN(2) == 0 {
			kind = rng.IntN(6)
		}
		if rng.IntN(4) == 0 {
			world = 1 + rng.IntN(4)
		}
		if i := rng.IntN(12); i < len(caches) {
			caches[i] = []*dcp.PlanCache{nil, {}}[rng.IntN(2)]
		}
		o := dcp.SaveOptions{CheckReplicas: rng.IntN(6) == 0}
		states := make([]map[string]any, world)
		for rank := range states {
			states[rank] = build(kind, rank, world)
		}
		got, _, _ := saveCached(t, states, caches[:world], o)
		want, _, _ := saveCached(t, states, nil, dcp.SaveOptions{})
		files := func(md *metadata.Metadata) map[string]string {
			names := map[string]string{}
			for _, r := range md.StorageData {
				names[fmt.Sprint(r.Index)] = r.Info.RelativePath
			}
			return names
		}
		d := cmp.Diff(want.StateDictMetadata, got.StateDictMetadata) + cmp.Diff(want.PlannerData.Paths, got.PlannerData.Paths) + cmp.Diff(files(want), files(got))
		if d != "" {
			t.Fatalf("round %d, kind %d of %d ranks (-without +with):\n%s", round, kind, world, d)
		}
	}
}
