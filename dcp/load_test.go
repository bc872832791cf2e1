package dcp_test

import (
	"bytes"
	"errors"
	"fmt"
	"maps"
	"path/filepath"
	"slices"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/godcp/godcp/dcp"
	"github.com/godcp/godcp/dcp/planner"
	"github.com/godcp/godcp/tensor"
)

// split cuts a dimension as torch.chunk does: ceil-sized parts first, then a
// shorter one, then empty ones at the end.
func split(size int64, parts int) (offsets, sizes []int64) {
	step := (size + int64(parts) - 1) / int64(parts)
	for i := range int64(parts) {
		o := min(i*step, size)
		offsets, sizes = append(offsets, o), append(sizes, min(step, size-o))
	}
	return offsets, sizes
}

// sharding gives each rank its box of a shape.
type sharding struct {
	name string
	box  func(shape []int64, rank, world int) tensor.Box
}

func along(dims ...int) func(shape []int64, rank, world int) tensor.Box {
	return func(shape []int64, rank, world int) tensor.Box {
		b := tensor.FullBox(shape)
		mesh := []int{world}
		if len(dims) == 2 { // the nearest to a square
			a := 1
			for d := 1; d*d <= world; d++ {
				if world%d == 0 {
					a = d
				}
			}
			mesh = []int{a, world / a}
		}
		for i := len(dims) - 1; i >= 0; i-- {
			at := rank % mesh[i]
			rank /= mesh[i]
			if d := dims[i]; d < len(shape) {
				o, s := split(shape[d], mesh[i])
				b.Offsets[d], b.Sizes[d] = o[at], s[at]
			}
		}
		return b
	}
}

var shardings = []sharding{{"rows", along(0)}, {"columns", along(1)}, {"2-D", along(0, 1)}, {"replicated", along()}}

// TestLoadResharded loads every checkpoint of 4 ranks into other numbers of
// ranks and other shardings and compares each shard with the whole tensor.
func TestLoadResharded(t *testing.T) {
	for _, f := range fixtures(t) {
		if f.World != 4 {
			continue
		}
		t.Run(filepath.Base(f.dir), func(t *testing.T) {
			o := dcp.OpenOptions{TrustSet: true}
			ck, err := dcp.OpenWith(t.Context(), f.dir, o)
			if err != nil {
				t.Fatal(err)
			}
			full := map[string]*tensor.Tensor{}
			for fqn, e := range ck.Entries() {
				if e.IsTensor {
					if full[fqn], err = ck.Tensor(t.Context(), fqn); err != nil {
						t.Fatal(err)
					}
				}
			}
			for _, sh := range shardings {
				for _, world := range []int{1, 2, 3, 5, 6} {
					for rank := range world {
						t.Run(fmt.Sprintf("%s/%d of %d", sh.name, rank, world), func(t *testing.T) {
							checkLoad(t, f.dir, o, full, func(shape []int64) tensor.Box { return sh.box(shape, rank, world) })
						})
					}
				}
			}
		})
	}
}

func checkLoad(t *testing.T, url string, o dcp.OpenOptions, full map[string]*tensor.Tensor, box func([]int64) tensor.Box) {
	state := map[string]any{}
	for fqn, x := range full {
		b := box(x.Shape())
		shard, err := tensor.New(x.DType(), b.Sizes...)
		if err != nil {
			t.Fatal(err)
		}
		state[fqn] = &dcp.ShardedTensor{DType: x.DType(), Size: x.Shape(), Shards: []dcp.Shard{{Offsets: b.Offsets, Tensor: shard}}}
	}
	if _, err := dcp.Load(t.Context(), url, state, dcp.LoadOptions{OpenOptions: o}); err != nil {
		t.Fatal(err)
	}
	for fqn, v := range state {
		sh := v.(*dcp.ShardedTensor).Shards[0]
		want, err := full[fqn].Sub(sh.Box())
		if err != nil {
			t.Fatal(err)
		}
		if !bytes.Equal(logical(t, want), logical(t, sh.Tensor)) {
			t.Errorf("%s %v differs", fqn, sh.Box())
		}
	}
}

func logical(t *testing.T, x *tensor.Tensor) []byte {
	t.Helper()
	var b bytes.Buffer
	if err := x.WriteLogical(&b); err != nil {
		t.Fatal(err)
	}
	return b.Bytes()
}

const rows4 = "../testdata/fixtures/dist4_row"

// counter is a Stateful.
type counter struct{ n any }

func (c *counter) StateDict() (map[string]any, error) { return map[string]any{"a": c.n}, nil }

func (c *counter) LoadStateDict(m map[string]any) error { c.n = m["a"]; return nil }

func TestLoadStateful(t *testing.T) {
	c := &counter{}
	state := map[string]any{"cfg": c, "step": 0}
	if _, err := dcp.Load(t.Context(), rows4, state, dcp.LoadOptions{}); err != nil {
		t.Fatal(err)
	}
	if c.n != "x" || state["step"] != int64(11) || state["cfg"] != any(c) {
		t.Errorf("got %v, %v", c.n, state)
	}
}

func TestLoadStrict(t *testing.T) {
	w, err := tensor.New(tensor.Float64, 8, 6)
	if err != nil {
		t.Fatal(err)
	}
	_, err = dcp.Load(t.Context(), rows4, map[string]any{"w": w, "gone": nil}, dcp.LoadOptions{})
	if !errors.Is(err, planner.ErrMissingKey) || !errors.Is(err, planner.ErrDTypeMismatch) {
		t.Fatalf("got %v", err)
	}
	rep, err := dcp.Load(t.Context(), rows4, map[string]any{"w": w, "gone": nil},
		dcp.LoadOptions{AllowPartialLoad: true, DTypes: planner.DTypeWiden})
	if err != nil {
		t.Fatal(err)
	}
	want := planner.Report{Missing: []string{"gone"}, Unexpected: []string{"bias", "cfg.a", "plain", "step"}, Cast: []string{"w"}}
	if d := cmp.Diff(want, rep.Report); d != "" {
		t.Error(d)
	}
	data, err := tensor.Data[float64](w)
	if err != nil || data[47] != 47 {
		t.Errorf("widened to %v, %v", data, err)
	}
}

func TestStateDict(t *testing.T) {
	ck, err := dcp.Open(t.Context(), "../testdata/fixtures/nested")
	if err != nil {
		t.Fatal(err)
	}
	state, _, err := ck.StateDict(t.Context(), "model.layers", "lst")
	if err != nil {
		t.Fatal(err)
	}
	if got := slices.Sorted(maps.Keys(state)); !slices.Equal(got, []string{"lst", "model"}) {
		t.Errorf("got %v", got)
	}
	layers, _ := state["model"].(map[string]any)["layers"].([]any)
	if len(layers) != 2 {
		t.Fatalf("got %v", state)
	}
	w, _ := layers[1].(map[string]any)["w"].(*tensor.Tensor)
	if w == nil || !slices.Equal(w.Shape(), []int64{2, 2}) {
		t.Errorf("got %v", layers[1])
	}
	if _, _, err := ck.StateDict(t.Context(), "no such key"); !errors.Is(err, planner.ErrNoMatch) {
		t.Errorf("got %v", err)
	}
}
