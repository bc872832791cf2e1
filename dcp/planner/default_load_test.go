package planner

import (
	"errors"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/godcp/godcp/dcp/metadata"
	"github.com/godcp/godcp/tensor"
)

// saved makes metadata with one chunk per tensor.
type saved struct {
	items   []metadata.Item
	records []metadata.StorageRecord
	paths   []metadata.PathEntry
}

func (s *saved) tensor(fqn string, d tensor.DType, size ...int64) *saved {
	box := tensor.FullBox(size)
	s.items = append(s.items, metadata.Item{FQN: fqn, Tensor: &metadata.TensorStorageMetadata{
		Properties: metadata.TensorProperties{DType: d}, Size: size, Chunks: []tensor.Box{box},
	}})
	s.records = append(s.records, metadata.StorageRecord{
		Index: metadata.MetadataIndex{FQN: fqn, Offset: box.Offsets},
		Info:  metadata.StorageInfo{RelativePath: "__0_0.distcp", Length: 100},
	})
	return s
}

func (s *saved) object(fqn string) *saved {
	s.items = append(s.items, metadata.Item{FQN: fqn})
	s.records = append(s.records, metadata.StorageRecord{
		Index: metadata.MetadataIndex{FQN: fqn, Index: -1},
		Info:  metadata.StorageInfo{RelativePath: "__0_0.distcp", Length: 100},
	})
	return s
}

func (s *saved) path(fqn string, elements ...any) *saved {
	var p metadata.Path
	for _, e := range elements {
		switch e := e.(type) {
		case string:
			p = append(p, metadata.PathElement{Key: e})
		case int:
			p = append(p, metadata.PathElement{Index: e, IsIndex: true})
		}
	}
	s.paths = append(s.paths, metadata.PathEntry{FQN: fqn, Path: p})
	return s
}

func (s *saved) metadata() *metadata.Metadata {
	return &metadata.Metadata{
		StateDictMetadata: s.items, StorageData: s.records, PlannerData: metadata.PlannerData{Paths: s.paths},
	}
}

// fillAll plays the storage reader: objects decode to "stored <fqn>".
func fillAll(t *testing.T, p LoadPlanner, state map[string]any, md *metadata.Metadata) error {
	t.Helper()
	if err := p.SetUpPlanner(state, md, true); err != nil {
		return err
	}
	plan, err := p.CreateLocalPlan()
	if err != nil {
		return err
	}
	for _, it := range plan.Items {
		if it.Type == LoadByteIO {
			v := BytesValue{Decode: func() (any, error) { return "stored " + it.StorageIndex.FQN, nil }}
			if err := p.LoadBytes(it, v); err != nil {
				return err
			}
			continue
		}
		dst, err := p.ResolveTensor(it)
		if err != nil {
			return err
		}
		if err := p.CommitTensor(it, dst); err != nil {
			return err
		}
	}
	return p.(interface{ FinishLoad() error }).FinishLoad()
}

func TestDefaultLoadPlannerMisfits(t *testing.T) {
	md := new(saved).tensor("w", tensor.Float32, 2, 3).tensor("h", tensor.Float16, 4).object("n").metadata()
	vec := func(d tensor.DType, shape ...int64) *tensor.Tensor { return must(tensor.New(d, shape...)) }
	cases := []struct {
		name  string
		p     DefaultLoadPlanner
		state map[string]any
		want  error
	}{
		{"fits", DefaultLoadPlanner{}, map[string]any{"w": vec(tensor.Float32, 2, 3), "n": nil}, nil},
		{"missing", DefaultLoadPlanner{}, map[string]any{"x": vec(tensor.Float32, 1)}, ErrMissingKey},
		{"missing, partial", DefaultLoadPlanner{AllowPartialLoad: true}, map[string]any{"x": vec(tensor.Float32, 1)}, nil},
		{"size", DefaultLoadPlanner{}, map[string]any{"w": vec(tensor.Float32, 3, 2)}, ErrSizeMismatch},
		{"size, partial", DefaultLoadPlanner{AllowPartialLoad: true}, map[string]any{"w": vec(tensor.Float32, 6)}, ErrSizeMismatch},
		{"dtype", DefaultLoadPlanner{}, map[string]any{"h": vec(tensor.Float32, 4)}, ErrDTypeMismatch},
		{"dtype, widen", DefaultLoadPlanner{DTypes: DTypeWiden}, map[string]any{"h": vec(tensor.Float32, 4)}, nil},
		{"dtype, not wider", DefaultLoadPlanner{DTypes: DTypeWiden}, map[string]any{"w": vec(tensor.Float16, 2, 3)}, ErrDTypeMismatch},
		{"dtype, cast", DefaultLoadPlanner{DTypes: DTypeCast}, map[string]any{"w": vec(tensor.Int8, 2, 3)}, nil},
		{"object for a tensor", DefaultLoadPlanner{}, map[string]any{"n": vec(tensor.Float32, 1)}, ErrKindMismatch},
		{"tensor for an object", DefaultLoadPlanner{}, map[string]any{"w": "text"}, ErrKindMismatch},
		{"bad shard", DefaultLoadPlanner{}, map[string]any{"w": &ShardedTensor{
			DType: tensor.Float32, Size: []int64{2, 3},
			Shards: []Shard{{Offsets: []int64{1, 0}, Tensor: vec(tensor.Float32, 2, 3)}},
		}}, ErrBadTemplate},
	}
	for _, c := range cases {
		t.Run(c.name, func(t *testing.T) {
			if err := fillAll(t, &c.p, c.state, md); !errors.Is(err, c.want) {
				t.Errorf("got %v, want %v", err, c.want)
			}
		})
	}
}

func TestDefaultLoadPlannerNamesAllMisfits(t *testing.T) {
	md := new(saved).object("n").metadata()
	var p DefaultLoadPlanner
	err := fillAll(t, &p, map[string]any{"a": 1, "b": 2, "n": 0}, md)
	var le *LoadError
	if !errors.As(err, &le) || len(le.Mismatches) != 2 {
		t.Fatalf("got %v", err)
	}
}

func TestDefaultLoadPlannerReport(t *testing.T) {
	md := new(saved).tensor("w", tensor.Float16, 2).object("n").object("z").object("y").metadata()
	p := DefaultLoadPlanner{AllowPartialLoad: true, DTypes: DTypeWiden}
	if err := fillAll(t, &p, map[string]any{"w": must(tensor.New(tensor.Float32, 2)), "n": 1, "gone": 2}, md); err != nil {
		t.Fatal(err)
	}
	want := Report{Missing: []string{"gone"}, Unexpected: []string{"y", "z"}, Cast: []string{"w"}}
	if d := cmp.Diff(want, p.Report()); d != "" {
		t.Error(d)
	}
}

// TestAbsorb loads what torch flattened otherwise than the template is.
func TestAbsorb(t *testing.T) {
	t.Run("subtree into one leaf", func(t *testing.T) {
		md := new(saved).object("l.0.k").object("l.1").path("l.0.k", "l", 0, "k").path("l.1", "l", 1).metadata()
		state := map[string]any{"l": []any{}}
		if err := fillAll(t, &DefaultLoadPlanner{}, state, md); err != nil {
			t.Fatal(err)
		}
		want := map[string]any{"l": []any{map[string]any{"k": "stored l.0.k"}, "stored l.1"}}
		if d := cmp.Diff(want, state); d != "" {
			t.Error(d)
		}
	})
	t.Run("one object into a subtree", func(t *testing.T) {
		md := new(saved).object("cfg").path("cfg", "cfg").metadata()
		state := map[string]any{"cfg": map[string]any{"a": 1, "b": map[string]any{"c": 2}}}
		if err := fillAll(t, &DefaultLoadPlanner{}, state, md); err != nil {
			t.Fatal(err)
		}
		if d := cmp.Diff(map[string]any{"cfg": "stored cfg"}, state); d != "" {
			t.Error(d)
		}
	})
	t.Run("never over tensors", func(t *testing.T) {
		md := new(saved).object("cfg").metadata()
		state := map[string]any{"cfg": map[string]any{"a": 1, "w": must(tensor.New(tensor.Float32, 2))}}
		if err := fillAll(t, &DefaultLoadPlanner{}, state, md); !errors.Is(err, ErrMissingKey) {
			t.Errorf("got %v", err)
		}
	})
	t.Run("nil takes whatever is there", func(t *testing.T) {
		md := new(saved).tensor("m.w", tensor.Int8, 3).object("m.n").path("m.w", "m", "w").path("m.n", "m", "n").metadata()
		state := map[string]any{"m": nil}
		if err := fillAll(t, &DefaultLoadPlanner{}, state, md); err != nil {
			t.Fatal(err)
		}
		m, _ := state["m"].(map[string]any)
		w, _ := m["w"].(*tensor.Tensor)
		if w == nil || w.DType() != tensor.Int8 || m["n"] != "stored m.n" {
			t.Errorf("got %v", state)
		}
	})
}

func TestEmptyStateDictLoadPlanner(t *testing.T) {
	s := new(saved).object("optimizer.state.0.step").object("optimizer.states").object("a.b")
	s.path("optimizer.state.0.step", "optimizer", "state", "0", "step").path("optimizer.states", "optimizer", "states")
	s.path("a.b", "a.b")
	md := s.metadata()
	cases := []struct {
		keys []string
		want map[string]any
	}{
		{nil, map[string]any{
			"optimizer": map[string]any{
				"state":  map[string]any{"0": map[string]any{"step": "stored optimizer.state.0.step"}},
				"states": "stored optimizer.states",
			},
			"a.b": "stored a.b",
		}},
		{[]string{"optimizer.state"}, map[string]any{
			"optimizer": map[string]any{"state": map[string]any{"0": map[string]any{"step": "stored optimizer.state.0.step"}}},
		}},
		{[]string{"a.b"}, map[string]any{"a.b": "stored a.b"}},
		{[]string{"a"}, nil}, // no boundary of the path ["a.b"]
	}
	for _, c := range cases {
		state := map[string]any{}
		err := fillAll(t, &EmptyStateDictLoadPlanner{Keys: c.keys}, state, md)
		if c.want == nil {
			if !errors.Is(err, ErrNoMatch) {
				t.Errorf("%q: %v", c.keys, err)
			}
			continue
		}
		if err != nil {
			t.Fatal(err)
		}
		if d := cmp.Diff(c.want, state); d != "" {
			t.Errorf("%q: %s", c.keys, d)
		}
	}
}
