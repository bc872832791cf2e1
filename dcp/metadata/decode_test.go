package metadata

import (
	"encoding/json"
	"path/filepath"
	"testing"

	"github.com/google/go-cmp/cmp"
)

// TestDecodeFixtures compares with what real torch says of its own files.
func TestDecodeFixtures(t *testing.T) {
	for _, file := range fixtureFiles(t) {
		t.Run(shortName(file), func(t *testing.T) {
			m, err := Decode(readFile(t, file))
			if err != nil {
				t.Fatal(err)
			}
			var expected struct{ Metadata map[string]map[string]any }
			readJSON(t, filepath.Join(filepath.Dir(file), "expected.json"), &expected)
			want := expected.Metadata[filepath.Base(file)]
			pathAsText(want)
			if diff := cmp.Diff(any(want), render(t, m)); diff != "" {
				t.Errorf("-torch +decoded:\n%s", diff)
			}
		})
	}
}

// pathAsText: the model keeps only the text of a path object.
func pathAsText(want map[string]any) {
	if sm, ok := want["storage_meta"].(map[string]any); ok {
		if id, ok := sm["checkpoint_id"].(map[string]any); ok {
			sm["checkpoint_id"] = id["str"]
		}
	}
}

// render puts m in the form of the fixtures' JSON.
func render(t *testing.T, m *Metadata) any {
	t.Helper()
	items := map[string]any{}
	for _, it := range m.StateDictMetadata {
		if it.Tensor == nil {
			items[it.FQN] = map[string]any{"kind": "bytes"}
			continue
		}
		p := it.Tensor.Properties
		chunks := []any{}
		for _, c := range it.Tensor.Chunks {
			chunks = append(chunks, map[string]any{"offsets": c.Offsets, "sizes": c.Sizes})
		}
		items[it.FQN] = map[string]any{
			"kind": "tensor", "dtype": p.DType.String(), "size": it.Tensor.Size, "layout": p.Layout,
			"requires_grad": p.RequiresGrad, "pin_memory": p.PinMemory, "strides": p.Strides, "chunks": chunks,
			"memory_format": [...]string{"torch.contiguous_format", "torch.channels_last", "torch.preserve_format"}[p.MemoryFormat],
		}
	}
	storage := []any{}
	for _, r := range m.StorageData {
		var hint any
		if r.Index.Index >= 0 {
			hint = r.Index.Index
		}
		storage = append(storage, map[string]any{
			"fqn": r.Index.FQN, "index_offset": r.Index.Offset, "index_hint": hint,
			"relative_path": r.Info.RelativePath, "offset": r.Info.Offset, "length": r.Info.Length,
			"transform_descriptors": r.Info.TransformDescriptors,
		})
	}
	var planner any
	switch {
	case m.PlannerData.Opaque != "":
		planner = map[string]any{"$opaque": m.PlannerData.Foreign().Kind().String()}
	case !m.PlannerData.None:
		paths := map[string]any{}
		for _, e := range m.PlannerData.Paths {
			path := []any{}
			for _, el := range e.Path {
				if el.IsIndex {
					path = append(path, el.Index)
				} else {
					path = append(path, el.Key)
				}
			}
			paths[e.FQN] = path
		}
		planner = paths
	}
	var sm any
	if m.StorageMeta != nil {
		s := m.StorageMeta
		sm = map[string]any{
			"checkpoint_id": orNil(s.CheckpointID), "save_id": orNil(s.SaveID), "load_id": orNil(s.LoadID),
			"modules": s.Modules,
		}
	}
	b, err := json.Marshal(map[string]any{
		"version": orNil(m.Version), "state_dict_metadata": items, "storage_data": storage,
		"planner_data": planner, "storage_meta": sm,
	})
	if err != nil {
		t.Fatal(err)
	}
	var out any
	if err := json.Unmarshal(b, &out); err != nil {
		t.Fatal(err)
	}
	return out
}

func orNil(s string) any {
	if s == "" {
		return nil
	}
	return s
}
