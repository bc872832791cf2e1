package dcp_test

import (
	"bytes"
	"errors"
	"io/fs"
	"testing"

	"github.com/google/go-cmp/cmp"
	"golang.org/x/sync/errgroup"

	"github.com/godcp/godcp/backends/memfs"
	"github.com/godcp/godcp/collective"
	"github.com/godcp/godcp/dcp"
	"github.com/godcp/godcp/fsbase"
	"github.com/godcp/godcp/safetensors"
	"github.com/godcp/godcp/tensor"
)

// TestSafetensorsSave: names and contents, from 1 and 4 ranks.
func TestSafetensorsSave(t *testing.T) {
	shards := func(count int) []string {
		var all []string
		for rank := range count {
			all = append(all, safetensors.ShardName(rank+1, 1, 1))
		}
		return all
	}
	for _, c := range []struct {
		world int
		o     dcp.WriterOptions
		want  []string
	}{
		{1, dcp.WriterOptions{}, []string{"model-00001-of-00001.safetensors", "model.safetensors.index.json"}},
		{1, dcp.WriterOptions{NoSync: true, PerThreadCopyAhead: 1}, []string{"model-00001-of-00001.safetensors", "model.safetensors.index.json"}},
		{4, dcp.WriterOptions{}, shards(4)},
		{4, dcp.WriterOptions{ThreadCount: 3, PerThreadCopyAhead: 1}, shards(4)},
		{7, dcp.WriterOptions{}, shards(7)},
	} {
		fsys := memfs.New()
		c.o.SerializationFormat = dcp.SerializationSafetensors
		if err := saveHF(t.Context(), fsys, 1, c.world, func() dcp.SaveOptions { return dcp.SaveOptions{WriterOptions: c.o} }); err != nil {
			t.Fatal(err)
		}
		if d := cmp.Diff(c.want, names(t, fsys)); d != "" {
			t.Errorf("%d ranks (-want +got):\n%s", c.world, d)
		}
		if err := checkHF(t.Context(), fsys, 1); err != nil {
			t.Errorf("%d ranks: %v", c.world, err)
		}
	}
}

// TestSafetensorsLoad into other shardings than it was saved in.
func TestSafetensorsLoad(t *testing.T) {
	fsys := memfs.New()
	if err := saveHF(t.Context(), fsys, 1, 4, asSafetensors); err != nil {
		t.Fatal(err)
	}
	for _, world := range []int{1, 3} {
		for rank := range world {
			state, want := hfState(9, rank, world), hfState(1, rank, world)
			ck := dcp.NewHuggingFaceStorageReader(fsys, dcp.ReaderOptions{})
			if _, err := dcp.Load(t.Context(), "", state, dcp.LoadOptions{StorageReader: ck}); err != nil {
				t.Fatal(err)
			}
			for fqn := range want {
				if got, want := localBytes(t, state[fqn]), localBytes(t, want[fqn]); !bytes.Equal(got, want) {
					t.Errorf("rank %d of %d: %s differs", rank, world, fqn)
				}
			}
		}
	}
}

func localBytes(t *testing.T, v any) []byte {
	t.Helper()
	if s, ok := v.(*dcp.ShardedTensor); ok {
		v = s.Shards[0].Tensor
	}
	return logical(t, v.(*tensor.Tensor))
}

// TestSafetensorsOfNothing is a checkpoint that opens.
func TestSafetensorsOfNothing(t *testing.T) {
	for _, world := range []int{1, 3} {
		fsys := memfs.New()
		var eg errgroup.Group
		for _, g := range collective.InProcess(world) {
			eg.Go(func() error {
				o := asSafetensors()
				o.Group = g
				_, err := dcp.SaveFS(t.Context(), fsys, map[string]any{}, o)
				return err
			})
		}
		if err := eg.Wait(); err != nil {
			t.Fatal(err)
		}
		ck, err := dcp.OpenFS(t.Context(), fsys, dcp.OpenOptions{})
		if err != nil {
			t.Fatal(err)
		}
		for fqn := range ck.Entries() {
			t.Error(fqn)
		}
	}
}

// TestSafetensorsAsync: the snapshot is stored, not what came of the state.
func TestSafetensorsAsync(t *testing.T) {
	url := t.TempDir()
	state := hfState(1, 0, 1)
	h, err := dcp.AsyncSave(t.Context(), url, state, dcp.AsyncSaveOptions{SaveOptions: asSafetensors()})
	if err != nil {
		t.Fatal(err)
	}
	b, _ := state["same.int64"].(*tensor.Tensor).Bytes()
	clear(b)
	md, err := h.Wait()
	if err != nil {
		t.Fatal(err)
	}
	fsys, err := fsbase.Open(t.Context(), url)
	if err != nil {
		t.Fatal(err)
	}
	if err := checkHF(t.Context(), fsys, 1); err != nil || md.StorageMeta.SaveID == "" {
		t.Error(err, md.StorageMeta)
	}
	if _, err := dcp.Save(t.Context(), url, state, asSafetensors()); !errors.Is(err, fs.ErrExist) {
		t.Errorf("another save: %v", err)
	}
}
