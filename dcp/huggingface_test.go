package dcp_test

import (
	"errors"
	"io"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/godcp/godcp/backends/memfs"
	"github.com/godcp/godcp/ckpterr"
	"github.com/godcp/godcp/dcp"
	"github.com/godcp/godcp/dcp/metadata"
	"github.com/godcp/godcp/fsbase"
	"github.com/godcp/godcp/safetensors"
	"github.com/godcp/godcp/tensor"
)

// TestSafetensorsMissingFile: what is left of a set is no smaller checkpoint.
func TestSafetensorsMissingFile(t *testing.T) {
	fsys := memfs.New()
	if err := saveHF(t.Context(), fsys, 1, 4, asSafetensors); err != nil {
		t.Fatal(err)
	}
	if err := fsys.RmFile(t.Context(), safetensors.ShardName(4, 1, 1)); err != nil {
		t.Fatal(err)
	}
	if err := checkHF(t.Context(), fsys, 1); !errors.Is(err, ckpterr.MissingFile) || !strings.Contains(err.Error(), "file 4 of 4") {
		t.Error(err)
	}
}

// TestSafetensorsGap: rows that no file has are a gap in their tensor, and not a
// smaller tensor.
func TestSafetensorsGap(t *testing.T) {
	fsys := memfs.New()
	for rank := range int64(2) {
		row, err := tensor.FromSlice([]float32{1, 2, 3}, 1, 3)
		if err != nil {
			t.Fatal(err)
		}
		md := safetensors.ShardingInfo(map[string][]int64{"w": {rank, 0}})
		safetensors.SaveInfo{
			SaveID: "s", Attempt: "a", File: int(rank) + 1, Files: 2, Sizes: map[string][]int64{"w": {1 << 40, 3}},
		}.AddTo(md)
		f, err := safetensors.NewFile([]safetensors.NamedTensor{{Name: "w", Tensor: row}}, md)
		if err != nil {
			t.Fatal(err)
		}
		body, err := io.ReadAll(io.NewSectionReader(f, 0, f.Size()))
		if err != nil {
			t.Fatal(err)
		}
		if _, err := fsbase.WriteFile(t.Context(), fsys, safetensors.ShardName(int(rank)+1, 1, 1), body); err != nil {
			t.Fatal(err)
		}
	}
	ck, err := dcp.OpenFS(t.Context(), fsys, dcp.OpenOptions{})
	if err != nil {
		t.Fatal(err)
	}
	if _, err := ck.Tensor(t.Context(), "w"); !errors.Is(err, ckpterr.ChunkGap) {
		t.Errorf("the whole: %v", err)
	}
	if _, _, err := ck.StateDict(t.Context()); !errors.Is(err, ckpterr.ChunkGap) {
		t.Errorf("all: %v", err)
	}
	w, err := tensor.New(tensor.Float32, 2, 3)
	if err != nil {
		t.Fatal(err)
	}
	r := dcp.NewHuggingFaceStorageReader(fsys, dcp.ReaderOptions{})
	_, err = dcp.Load(t.Context(), "", map[string]any{"w": w}, dcp.LoadOptions{StorageReader: r})
	if err == nil {
		t.Error("loaded the rows that are there as all of them")
	}
}

// TestSafetensorsMetadata: what Save returns is what is read back.
func TestSafetensorsMetadata(t *testing.T) {
	fsys := memfs.New()
	o := asSafetensors()
	saved, err := dcp.SaveFS(t.Context(), fsys, hfState(1, 0, 1), o)
	if err != nil {
		t.Fatal(err)
	}
	ck, err := dcp.OpenFS(t.Context(), fsys, dcp.OpenOptions{})
	if err != nil {
		t.Fatal(err)
	}
	type place struct {
		Size   []int64
		DType  tensor.DType
		Chunks []tensor.Box
		Stored []metadata.StorageInfo
	}
	describe := func(md *metadata.Metadata) map[string]place {
		all := map[string]place{}
		for i, it := range md.StateDictMetadata {
			p := place{it.Tensor.Size, it.Tensor.Properties.DType, it.Tensor.Chunks, nil}
			for c := range p.Chunks {
				info, ok := md.ChunkStorage(&md.StateDictMetadata[i], c)
				if !ok {
					t.Errorf("%s has no record", it.FQN)
					continue
				}
				p.Stored = append(p.Stored, *info)
			}
			all[it.FQN] = p
		}
		return all
	}
	read := ck.Metadata()
	if d := cmp.Diff(describe(saved), describe(read), cmp.Comparer(func(a, b []int64) bool {
		return cmp.Equal(append([]int64{}, a...), append([]int64{}, b...))
	})); d != "" {
		t.Errorf("(-saved +read):\n%s", d)
	}
	if !saved.PlannerData.None || saved.StorageMeta.SaveID == "" || saved.StorageMeta.SaveID != read.StorageMeta.SaveID {
		t.Errorf("saved %+v, read %+v", saved.StorageMeta, read.StorageMeta)
	}
}
