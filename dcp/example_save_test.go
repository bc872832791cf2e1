package dcp_test

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"log"

	"golang.org/x/sync/errgroup"

	"github.com/godcp/godcp/backends/memfs"
	"github.com/godcp/godcp/collective"
	"github.com/godcp/godcp/dcp"
	"github.com/godcp/godcp/tensor"
)

func vector(values ...float32) *tensor.Tensor {
	t, err := tensor.FromSlice(values, int64(len(values)))
	if err != nil {
		log.Fatal(err)
	}
	return t
}

func ExampleSave() {
	ctx := context.Background()
	state := map[string]any{
		"model": map[string]any{"w": vector(1, 2, 3), "b": vector(4)},
		"step":  100,
	}
	md, err := dcp.Save(ctx, "mem://run7/step-100", state, dcp.SaveOptions{})
	if err != nil {
		log.Fatal(err)
	}
	for _, it := range md.StateDictMetadata {
		fmt.Println(it.FQN)
	}
	// What is there is not replaced, unless that is asked for.
	_, err = dcp.Save(ctx, "mem://run7/step-100", state, dcp.SaveOptions{})
	fmt.Println(errors.Is(err, fs.ErrExist))
	// Output:
	// model.b
	// model.w
	// step
	// true
}

// Every rank of a job calls Save with its part; the metadata is the same on all.
func ExampleSave_ranks() {
	ctx := context.Background()
	var eg errgroup.Group
	for rank, group := range collective.InProcess(4) {
		state := map[string]any{"w": &dcp.ShardedTensor{
			DType: tensor.Float32, Size: []int64{8},
			Shards: []dcp.Shard{{Offsets: []int64{int64(2 * rank)}, Tensor: vector(float32(rank), float32(rank))}},
		}}
		eg.Go(func() error {
			_, err := dcp.Save(ctx, "mem://ranks/step-1", state, dcp.SaveOptions{Group: group})
			return err
		})
	}
	if err := eg.Wait(); err != nil {
		log.Fatal(err)
	}
	ck, err := dcp.Open(ctx, "mem://ranks/step-1")
	if err != nil {
		log.Fatal(err)
	}
	w, err := ck.Tensor(ctx, "w")
	if err != nil {
		log.Fatal(err)
	}
	values, err := tensor.Data[float32](w)
	if err != nil {
		log.Fatal(err)
	}
	fmt.Println(values)
	// Output: [0 0 1 1 2 2 3 3]
}

func ExampleSaveFS() {
	var report dcp.SaveReport
	_, err := dcp.SaveFS(context.Background(), memfs.New(), map[string]any{"w": vector(1, 2)}, dcp.SaveOptions{
		WriterOptions: dcp.WriterOptions{Extensions: []dcp.StreamTransformExtension{dcp.ZStandard{}}},
		Report:        &report,
	})
	if err != nil {
		log.Fatal(err)
	}
	fmt.Println("safe against a second saver:", !report.Unguarded)
	// Output: safe against a second saver: true
}

// When AsyncSave returns, the state may change.
func ExampleAsyncSave() {
	ctx := context.Background()
	weights := []float32{1, 2, 3}
	save, err := dcp.AsyncSave(ctx, "mem://background/step-1", map[string]any{"w": vector(weights...)}, dcp.AsyncSaveOptions{})
	if err != nil {
		log.Fatal(err)
	}
	weights[0] = 100 // the next step of the training

	if _, err := save.Wait(); err != nil {
		log.Fatal(err)
	}
	ck, err := dcp.Open(ctx, "mem://background/step-1")
	if err != nil {
		log.Fatal(err)
	}
	w, err := ck.Tensor(ctx, "w")
	if err != nil {
		log.Fatal(err)
	}
	first, err := w.At(0)
	if err != nil {
		log.Fatal(err)
	}
	fmt.Println(first)
	// Output: 1
}

// ones is a tensor that takes memory only while it is written.
type ones int64

func (n ones) DType() tensor.DType { return tensor.Float32 }
func (n ones) Shape() []int64      { return []int64{int64(n)} }

func (n ones) Resolve(context.Context) (*tensor.Tensor, error) {
	data := make([]float32, n)
	for i := range data {
		data[i] = 1
	}
	return tensor.FromSlice(data, int64(n))
}

func ExampleResolver() {
	ctx := context.Background()
	if _, err := dcp.Save(ctx, "mem://resolver/step-1", map[string]any{"ones": ones(1000)}, dcp.SaveOptions{}); err != nil {
		log.Fatal(err)
	}
	ck, err := dcp.Open(ctx, "mem://resolver/step-1")
	if err != nil {
		log.Fatal(err)
	}
	e, _ := ck.Entry("ones")
	fmt.Println(e.DType, e.Shape)
	// Output: float32 [1000]
}

// A writer of one's own is made of the parts that Save is made of.
func ExampleNewFileSystemWriter() {
	fsys := memfs.New()
	writer := dcp.NewFileSystemWriter(fsys, "run7/step-100", dcp.WriterOptions{ThreadCount: 2})
	md, err := dcp.Save(context.Background(), "", map[string]any{"w": vector(1, 2)}, dcp.SaveOptions{StorageWriter: writer})
	if err != nil {
		log.Fatal(err)
	}
	fmt.Println(md.StorageMeta.CheckpointID, writer.MetadataPath())
	// Output: run7/step-100 .metadata
}
