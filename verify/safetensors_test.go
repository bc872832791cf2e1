package verify_test

import (
	"io"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/godcp/godcp/backends/memfs"
	"github.com/godcp/godcp/dcp"
	"github.com/godcp/godcp/fsbase"
	"github.com/godcp/godcp/safetensors"
	"github.com/godcp/godcp/tensor"
	"github.com/godcp/godcp/verify"
)

// TestSavedSafetensors: a whole save is well, and a part that no file has is a
// gap.
func TestSavedSafetensors(t *testing.T) {
	row, err := tensor.FromSlice([]float32{1, 2, 3}, 1, 3)
	if err != nil {
		t.Fatal(err)
	}
	fsys := memfs.New()
	o := dcp.SaveOptions{WriterOptions: dcp.WriterOptions{SerializationFormat: dcp.SerializationSafetensors}}
	if _, err := dcp.SaveFS(t.Context(), fsys, map[string]any{"w": row, "v": map[string]any{"x": row}}, o); err != nil {
		t.Fatal(err)
	}
	noSums := "warning NoChecksum"
	if d := cmp.Diff([]string{noSums}, findings(t, fsys)); d != "" {
		t.Errorf("a save (-want +got):\n%s", d)
	}
	for rows, want := range map[int64][]string{1: {noSums}, 2: {"error ChunkGap  w", noSums}} {
		fsys := memfs.New()
		md := safetensors.ShardingInfo(map[string][]int64{"w": {0, 0}})
		safetensors.SaveInfo{
			SaveID: "s", Attempt: "a", File: 1, Files: 1, Sizes: map[string][]int64{"w": {rows, 3}},
		}.AddTo(md)
		f, err := safetensors.NewFile([]safetensors.NamedTensor{{Name: "w", Tensor: row}}, md)
		if err != nil {
			t.Fatal(err)
		}
		body, err := io.ReadAll(io.NewSectionReader(f, 0, f.Size()))
		if err != nil {
			t.Fatal(err)
		}
		if _, err := fsbase.WriteFile(t.Context(), fsys, safetensors.ShardName(1, 1, 1), body); err != nil {
			t.Fatal(err)
		}
		if d := cmp.Diff(want, findings(t, fsys)); d != "" {
			t.Errorf("%d rows (-want +got):\n%s", rows, d)
		}
	}
}

func findings(t *testing.T, fsys fsbase.FileSystemBase) []string {
	t.Helper()
	ck, err := dcp.OpenFS(t.Context(), fsys, dcp.OpenOptions{})
	if err != nil {
		t.Fatal(err)
	}
	return lines(check(t, ck, verify.Options{}))
}
