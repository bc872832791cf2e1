package safetensors

import (
	"encoding/json"
	"os"
	"path/filepath"
	"strings"
	"testing"
)

// FuzzHeader: whatever is accepted covers the file exactly, and Go's own JSON
// reader sees the same tensors.
func FuzzHeader(f *testing.F) {
	for _, pattern := range []string{"fixtures/hf_*/*.safetensors", "fixtures/hf_*/*/*.safetensors", "hostile/h*/*.safetensors", "fixtures/fs_*/*.distcp"} {
		files, err := filepath.Glob(filepath.Join("..", "testdata", filepath.FromSlash(pattern)))
		if err != nil || len(files) == 0 {
			f.Fatal(pattern, err)
		}
		for _, name := range files {
			b, err := os.ReadFile(name)
			if err != nil {
				f.Fatal(err)
			}
			f.Add(b)
		}
	}
	f.Fuzz(func(t *testing.T, b []byte) {
		h, err := readBytes(b)
		if err != nil {
			return
		}
		end := h.DataOffset
		for _, x := range h.Tensors {
			if x.Offset != end || x.Size < 0 {
				t.Fatalf("%q at %d, the one before it ends at %d", x.Name, x.Offset, end)
			}
			end += x.Size
		}
		if end != int64(len(b)) {
			t.Fatalf("tensors end at %d of %d", end, len(b))
		}
		var want map[string]json.RawMessage
		if err := json.Unmarshal(b[8:h.DataOffset], &want); err != nil {
			t.Fatalf("not JSON for encoding/json: %v", err)
		}
		delete(want, "__metadata__")
		if len(want) != len(h.Tensors) {
			t.Fatalf("%d tensors, encoding/json sees %d", len(h.Tensors), len(want))
		}
		for _, x := range h.Tensors {
			var w struct {
				Offsets []int64 `json:"data_offsets"`
			}
			if err := json.Unmarshal(want[x.Name], &w); err != nil || h.DataOffset+w.Offsets[0] != x.Offset {
				t.Fatalf("%q: %v, %v, %v", x.Name, w, x, err)
			}
		}
	})
}

// FuzzShardingInfo: what is accepted is what encoding/json reads.
func FuzzShardingInfo(f *testing.F) {
	for _, s := range []string{
		`{"w": {"saved_offsets": [0, 0]}, "c": {"saved_offsets": []}}`, `{}`, `{"w":{}}`, `{"w":{"saved_offsets":[-1],"x":[1.5e3,{"y":null}]}}`, `{"w":{"x":46e1000}}`, `[`, `{"\ud83d\ude00\n":{}}`,
	} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, text string) {
		got, err := parseSharding(text)
		if err != nil {
			return
		}
		var want map[string]map[string]any
		unmarshal(t, text, &want)
		for fqn, offsets := range got {
			list, _ := want[fqn]["saved_offsets"].([]any)
			if len(list) != len(offsets) {
				t.Fatalf("%q: %v, encoding/json sees %v", fqn, offsets, list)
			}
			for i, o := range offsets {
				if n, err := list[i].(json.Number).Int64(); err != nil || n != o {
					t.Fatalf("%q: %v, encoding/json sees %v", fqn, offsets, list)
				}
			}
		}
	})
}

// FuzzSaveInfo: what is accepted is what encoding/json reads, and comes back
// when it is written again.
func FuzzSaveInfo(f *testing.F) {
	for _, s := range []string{
		said(1, nil), said(2, func(s *SaveInfo) { s.Indexed, s.Sizes = true, map[string][]int64{"": {}, "é\"": {0, 1 << 62}} }),
		`{}`, `{"save_id":"s","attempt":"a","file":1,"files":1}`, `{"file":-1}`, `{"files":1e3}`, `{"sizes":{"w":[-1]}}`, `{"index":"x"}`, `[`,
		`{"save_id":"\ud83d","attempt":"a","file":2,"files":1,"later":[1.5e3,{"y":null}]}`,
		`{"save_id":"s","attempt":"a","file":2,"files":2,"later":46e1000}`,
	} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, text string) {
		got, err := parseSave(text)
		if err != nil {
			return
		}
		var want map[string]any // whose keys are compared exactly
		unmarshal(t, text, &want)
		sizes, _ := want["sizes"].(map[string]any)
		if want["save_id"] != got.SaveID || want["attempt"] != got.Attempt || len(sizes) != len(got.Sizes) {
			t.Fatalf("%+v, encoding/json sees %+v", got, want)
		}
		if got.File < 1 || got.File > got.Files {
			t.Fatalf("file %d of %d", got.File, got.Files)
		}
		md := map[string]string{}
		got.AddTo(md)
		again, err := parseSave(md[saveKey])
		if err != nil || len(again.Sizes) != len(got.Sizes) || again.SaveID != got.SaveID || again.Files != got.Files {
			t.Fatalf("%+v came back as %+v, %v", got, again, err)
		}
	})
}

// unmarshal keeps numbers as they are written: one that is too large for a
// float64 is JSON all the same.
func unmarshal(t *testing.T, text string, into any) {
	d := json.NewDecoder(strings.NewReader(text))
	d.UseNumber()
	if err := d.Decode(into); err != nil {
		t.Fatalf("not JSON for encoding/json: %v", err)
	}
}
