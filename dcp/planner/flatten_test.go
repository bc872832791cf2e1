package planner

import (
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/godcp/godcp/dcp/metadata"
	"github.com/godcp/godcp/tensor"
)

func vector(t testing.TB, n int) *tensor.Tensor {
	t.Helper()
	v, err := tensor.FromSlice(make([]float32, n), int64(n))
	if err != nil {
		t.Fatal(err)
	}
	return v
}

type tuple []any

func TestFlatten(t *testing.T) {
	w := vector(t, 1)
	cases := []struct {
		name  string
		state map[string]any
		want  []string
	}{
		{"flat", map[string]any{"b": 1, "a": w}, []string{"a", "b"}},
		{"maps are opened, empty ones vanish", map[string]any{"m": map[string]any{"x": 1, "e": map[string]any{}}}, []string{"m.x"}},
		{"int keys become text", map[string]any{"s": map[int]any{10: w, 9: 1}}, []string{"s.10", "s.9"}},
		{"plain list is a leaf", map[string]any{"l": []any{1, 2}}, []string{"l"}},
		{"empty list is a leaf", map[string]any{"l": []any{}}, []string{"l"}},
		{"list with a tensor is opened", map[string]any{"l": []any{w, 5, "x"}}, []string{"l.0", "l.1", "l.2"}},
		{"list with a map is opened", map[string]any{"l": []any{map[string]any{}, 5}}, []string{"l.1"}},
		{"nested lists", map[string]any{"l": []any{[]any{w}, []any{1}}}, []string{"l.0.0", "l.1"}},
		{"bytes are a leaf", map[string]any{"b": []byte("xy")}, []string{"b"}},
		{"named slices are leaves", map[string]any{"t": tuple{w, 1}, "l": []any{tuple{w}, 1}}, []string{"l", "t"}},
		{"typed slice of tensors", map[string]any{"l": []*tensor.Tensor{w}}, []string{"l.0"}},
		{"dots in keys", map[string]any{"a.b": map[string]any{"c.d": 1}}, []string{"a.b.c.d"}},
		{"nil", map[string]any{"n": nil}, []string{"n"}},
	}
	for _, c := range cases {
		t.Run(c.name, func(t *testing.T) {
			leaves, err := Flatten(c.state)
			if err != nil {
				t.Fatal(err)
			}
			var got []string
			for _, l := range leaves {
				got = append(got, l.FQN)
			}
			if d := cmp.Diff(c.want, got); d != "" {
				t.Error(d)
			}
		})
	}
}

func TestFlattenRefuses(t *testing.T) {
	loop := map[string]any{}
	loop["self"] = loop
	for name, state := range map[string]map[string]any{
		"two paths, one name": {"a": map[string]any{"b": 1}, "a.b": 2},
		"contains itself":     loop,
	} {
		if _, err := Flatten(state); err == nil {
			t.Errorf("%s: accepted", name)
		}
	}
}

// TestFlattenSet replaces every leaf in place, whatever holds it.
func TestFlattenSet(t *testing.T) {
	state := map[string]any{
		"m": map[string]any{"x": 1},
		"i": map[int]string{7: "old"},
		"l": []any{vector(t, 1), "old"},
	}
	leaves, err := Flatten(state)
	if err != nil {
		t.Fatal(err)
	}
	for _, l := range leaves {
		if err := l.Set("new"); err != nil {
			t.Error(err)
		}
	}
	want := map[string]any{"m": map[string]any{"x": "new"}, "i": map[int]string{7: "new"}, "l": []any{"new", "new"}}
	if d := cmp.Diff(want, state); d != "" {
		t.Error(d)
	}
	for _, l := range leaves {
		if l.FQN == "i.7" && l.Set(5) == nil {
			t.Error("an int was put among strings")
		}
	}
}

func TestUnflatten(t *testing.T) {
	root := map[string]any{}
	var u unflattener
	for _, e := range []struct {
		path metadata.Path
		v    any
	}{
		{metadata.Path{{Key: "a"}, {Key: "b.c"}}, 1},
		{metadata.Path{{Key: "l"}, {Index: 2, IsIndex: true}}, "two"},
		{metadata.Path{{Key: "l"}, {Index: 0, IsIndex: true}, {Key: "x"}}, "zero"},
		{metadata.Path{{Key: "n"}, {Index: 1, IsIndex: true}, {Index: 1, IsIndex: true}}, 3},
	} {
		if err := u.set(root, e.path, e.v); err != nil {
			t.Fatal(err)
		}
	}
	want := map[string]any{
		"a": map[string]any{"b.c": 1},
		"l": []any{map[string]any{"x": "zero"}, nil, "two"},
		"n": []any{nil, []any{nil, 3}},
	}
	if d := cmp.Diff(want, root); d != "" {
		t.Error(d)
	}
}

func TestUnflattenRefuses(t *testing.T) {
	for name, paths := range map[string][]metadata.Path{
		"prefix":         {{{Key: "a"}}, {{Key: "a"}, {Key: "b"}}},
		"list and dict":  {{{Key: "a"}, {Key: "b"}}, {{Key: "a"}, {Index: 0, IsIndex: true}}},
		"huge index":     {{{Key: "a"}, {Index: 1 << 40, IsIndex: true}}},
		"negative index": {{{Key: "a"}, {Index: -1, IsIndex: true}}},
		"empty":          {{}},
		"index first":    {{{Index: 0, IsIndex: true}}},
	} {
		root, u := map[string]any{}, unflattener{}
		var err error
		for _, p := range paths {
			if err == nil {
				err = u.set(root, p, 1)
			}
		}
		if err == nil {
			t.Errorf("%s: accepted", name)
		}
	}
}
