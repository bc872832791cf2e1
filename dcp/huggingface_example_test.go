package dcp_test

import (
	"context"
	"fmt"
	"log"

	"golang.org/x/sync/errgroup"

	"github.com/godcp/godcp/backends/memfs"
	"github.com/godcp/godcp/collective"
	"github.com/godcp/godcp/dcp"
	"github.com/godcp/godcp/fsbase"
	"github.com/godcp/godcp/tensor"
)

// Two ranks save their rows as safetensors files, which torch's
// HuggingFaceStorageReader loads too.
func ExampleSaveFS_safetensors() {
	ctx := context.Background()
	fsys := memfs.New()
	var ranks errgroup.Group
	for rank, group := range collective.InProcess(2) {
		ranks.Go(func() error {
			first := float32(10 * rank)
			row, err := tensor.FromSlice([]float32{first, first + 1, first + 2}, 1, 3)
			if err != nil {
				return err
			}
			state := map[string]any{"w": &dcp.ShardedTensor{
				DType: tensor.Float32, Size: []int64{2, 3}, Shards: []dcp.Shard{{Offsets: []int64{int64(rank), 0}, Tensor: row}},
			}}
			o := dcp.SaveOptions{Group: group}
			o.SerializationFormat = dcp.SerializationSafetensors
			_, err = dcp.SaveFS(ctx, fsys, state, o)
			return err
		})
	}
	if err := ranks.Wait(); err != nil {
		log.Fatal(err)
	}
	for file, err := range fsbase.List(ctx, fsys, "") {
		if err != nil {
			log.Fatal(err)
		}
		fmt.Println(file.Path)
	}
	ck, err := dcp.OpenFS(ctx, fsys, dcp.OpenOptions{})
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
	// Output:
	// shard-00001-model-00001-of-00001.safetensors
	// shard-00002-model-00001-of-00001.safetensors
	// [0 1 2 10 11 12]
}

// Whole tensors go to numbered files with an index, as on the Hugging Face Hub.
func ExampleNewHuggingFaceStorageWriter() {
	ctx := context.Background()
	fsys := memfs.New()
	w := dcp.NewHuggingFaceStorageWriter(fsys, "mem://model", dcp.HuggingFaceOptions{
		FQNToIndexMapping: map[string]int{"embed": 1, "head": 2},
	})
	state := map[string]any{}
	for _, fqn := range []string{"embed", "head"} {
		t, err := tensor.New(tensor.BFloat16, 4, 2)
		if err != nil {
			log.Fatal(err)
		}
		state[fqn] = t
	}
	if _, err := dcp.Save(ctx, "", state, dcp.SaveOptions{StorageWriter: w}); err != nil {
		log.Fatal(err)
	}
	index, _, err := fsbase.ReadFile(ctx, fsys, w.MetadataPath(), 1<<20)
	if err != nil {
		log.Fatal(err)
	}
	fmt.Printf("%s\n", index)
	state["step"] = 12
	_, err = dcp.SaveFS(ctx, memfs.New(), state, dcp.SaveOptions{
		WriterOptions: dcp.WriterOptions{SerializationFormat: dcp.SerializationSafetensors},
	})
	fmt.Println(err)
	// Output:
	// {
	//   "metadata": {
	//     "total_size": 32
	//   },
	//   "weight_map": {
	//     "embed": "model-00001-of-00002.safetensors",
	//     "head": "model-00002-of-00002.safetensors"
	//   }
	// }
	// step "plan" failed on 1 ranks; rank 0: state dict cannot be saved, 1 problems; step: unsupported operation: it is no tensor, and safetensors holds nothing else
}
