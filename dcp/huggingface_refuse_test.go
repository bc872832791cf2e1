package dcp_test

import (
	"context"
	"errors"
	"io/fs"
	"strings"
	"testing"

	"golang.org/x/sync/errgroup"

	"github.com/godcp/godcp/backends/memfs"
	"github.com/godcp/godcp/collective"
	"github.com/godcp/godcp/dcp"
	"github.com/godcp/godcp/dcp/planner"
	"github.com/godcp/godcp/tensor"
)

// TestSafetensorsRefuses, on every rank alike and by name, before the storage is
// touched at all.
func TestSafetensorsRefuses(t *testing.T) {
	float := func(shape ...int64) *tensor.Tensor {
		x, err := tensor.New(tensor.Float32, shape...)
		if err != nil {
			t.Fatal(err)
		}
		return x
	}
	zeros := func(d tensor.DType, shape ...int64) *tensor.Tensor {
		x, err := tensor.New(d, shape...)
		if err != nil {
			t.Fatal(err)
		}
		return x
	}
	half := func(at ...int64) *dcp.ShardedTensor {
		s := &dcp.ShardedTensor{DType: tensor.Float32, Size: []int64{4, 2}}
		for _, row := range at {
			s.Shards = append(s.Shards, dcp.Shard{Offsets: []int64{row, 0}, Tensor: float(2, 2)})
		}
		return s
	}
	same := func(v any) func(int) map[string]any {
		return func(int) map[string]any { return map[string]any{"fine": float(2), "bad": v} }
	}
	dist := dcp.HuggingFaceOptions{SaveDistributed: true}
	with := func(o dcp.WriterOptions) dcp.HuggingFaceOptions { return dcp.HuggingFaceOptions{WriterOptions: o} }
	for name, c := range map[string]struct {
		world int
		state func(rank int) map[string]any
		o     dcp.HuggingFaceOptions
		is    error
		want  string
	}{
		"object":             {1, same(3), dcp.HuggingFaceOptions{}, errors.ErrUnsupported, "bad: unsupported operation: it is no tensor"},
		"object among ranks": {3, same("text"), dist, errors.ErrUnsupported, "1 problems; bad: unsupported operation: it is no tensor"},
		"nested object":      {1, same(map[string]any{"lr": 0.1}), dcp.HuggingFaceOptions{}, errors.ErrUnsupported, "bad.lr: "},
		"object on one rank": {2, func(rank int) map[string]any {
			return map[string]any{"bad": map[string]any{string(rune('a' + rank)): []any{float(2), nil}[rank]}}
		}, dist, errors.ErrUnsupported, "bad.b: "},
		"complex128":     {1, same(zeros(tensor.Complex128, 2)), dcp.HuggingFaceOptions{}, errors.ErrUnsupported, "bad: unsupported operation: safetensors has no dtype complex128"},
		"complex32":      {3, same(zeros(tensor.Complex32, 2)), dist, errors.ErrUnsupported, "safetensors has no dtype complex32"},
		"scalar of fp4":  {1, same(zeros(tensor.Float4E2M1FNx2)), dcp.HuggingFaceOptions{}, errors.ErrUnsupported, "bad: unsupported operation: a scalar of float4"},
		"reserved name":  {1, func(int) map[string]any { return map[string]any{"__metadata__": float(2)} }, dcp.HuggingFaceOptions{}, errors.ErrUnsupported, "__metadata__: unsupported operation: the name is reserved"},
		"name not UTF-8": {1, func(int) map[string]any { return map[string]any{"w\xff": float(2)} }, dcp.HuggingFaceOptions{}, errors.ErrUnsupported, "the name is not UTF-8"},
		"two chunks": {2, func(rank int) map[string]any {
			return map[string]any{"fine": float(2), "bad": []any{half(0, 2), half()}[rank]}
		}, dist, errors.ErrUnsupported, "bad: unsupported operation: rank 0 has several chunks"},
		"two chunks, whole":   {1, same(half(0, 2)), dcp.HuggingFaceOptions{}, errors.ErrUnsupported, "bad: unsupported operation: the chunk [0:2, 0:2] is not all of [4 2]"},
		"another rank writes": {2, same(float(2)), dcp.HuggingFaceOptions{}, errors.ErrUnsupported, "fine: unsupported operation: rank 1 is to write it"},
		"not in the mapping":  {1, same(float(2)), dcp.HuggingFaceOptions{FQNToIndexMapping: map[string]int{"fine": 1}}, planner.ErrBadValue, "bad: value cannot be saved: FQNToIndexMapping does not name it"},
		"empty mapping":       {1, same(float(2)), dcp.HuggingFaceOptions{FQNToIndexMapping: map[string]int{}}, planner.ErrBadValue, "2 problems"},
		"file 0":              {1, same(float(2)), dcp.HuggingFaceOptions{FQNToIndexMapping: map[string]int{"fine": 1, "bad": 0}}, fs.ErrInvalid, "bad: invalid argument: FQNToIndexMapping says file 0"},
		"save id":             {1, same(float(2)), with(dcp.WriterOptions{SaveID: "\xff"}), fs.ErrInvalid, "SaveID \"\\xff\" is not UTF-8"},
		"extensions":          {2, same(float(2)), with(dcp.WriterOptions{Extensions: []dcp.StreamTransformExtension{dcp.ZStandard{}}}), errors.ErrUnsupported, "stream extensions"},
		"file per item":       {1, same(float(2)), with(dcp.WriterOptions{FilePerItem: true}), errors.ErrUnsupported, "a file for each item"},
	} {
		t.Run(name, func(t *testing.T) {
			fsys := memfs.New()
			calls := 0
			fsys.SetHook(func(context.Context, memfs.Op) error {
				calls++
				return nil
			})
			errs := make([]error, c.world)
			var eg errgroup.Group
			for rank, g := range collective.InProcess(c.world) {
				eg.Go(func() error {
					w := dcp.NewHuggingFaceStorageWriter(fsys, "", c.o)
					_, errs[rank] = dcp.Save(t.Context(), "", c.state(rank), dcp.SaveOptions{StorageWriter: w, Group: g})
					return nil
				})
			}
			eg.Wait() //nolint:errcheck // the errors are in errs
			for rank, err := range errs {
				var failed *dcp.CheckpointError
				if !errors.As(err, &failed) || failed.Step != "plan" || !errors.Is(err, c.is) || !strings.Contains(err.Error(), c.want) {
					t.Errorf("rank %d: %v, want %s", rank, err, c.want)
				}
			}
			if calls > 0 {
				t.Errorf("%d calls of the storage", calls)
			}
		})
	}
}

// TestSafetensorsLowestRank: whole tensors from several ranks, when the planner
// leaves all to the first.
func TestSafetensorsLowestRank(t *testing.T) {
	fsys := memfs.New()
	var eg errgroup.Group
	for _, g := range collective.InProcess(3) {
		eg.Go(func() error {
			w := dcp.NewHuggingFaceStorageWriter(fsys, "", dcp.HuggingFaceOptions{})
			_, err := dcp.Save(t.Context(), "", hfState(1, 0, 1), dcp.SaveOptions{
				StorageWriter: w, Group: g, Planner: &planner.DefaultSavePlanner{DedupSaveToLowestRank: true},
			})
			return err
		})
	}
	err := eg.Wait()
	// A shard is a shard to the planner even where it is all of its tensor.
	if err := errors.Join(err, checkHF(t.Context(), fsys, 1)); err != nil {
		t.Error(err)
	}
	if got := strings.Join(names(t, fsys), " "); got != "model-00001-of-00001.safetensors model.safetensors.index.json" {
		t.Error(got)
	}
}

// TestFileSystemWriterFormat: what it does not write is no torch_save in
// disguise.
func TestFileSystemWriterFormat(t *testing.T) {
	for format, name := range map[dcp.SerializationFormat]string{
		dcp.SerializationSafetensors: "safetensors", 9: "SerializationFormat(9)", dcp.SerializationTorchSave: "torch_save",
	} {
		w := dcp.NewFileSystemWriter(memfs.New(), "", dcp.WriterOptions{SerializationFormat: format})
		_, err := dcp.Save(t.Context(), "", map[string]any{}, dcp.SaveOptions{StorageWriter: w})
		if format == dcp.SerializationTorchSave {
			if err != nil || format.String() != name {
				t.Error(err, format)
			}
			continue
		}
		if !errors.Is(err, errors.ErrUnsupported) || !strings.Contains(err.Error(), "does not write "+name) {
			t.Errorf("%s: %v", name, err)
		}
	}
}
