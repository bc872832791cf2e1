package dcp_test

import (
	"context"
	"fmt"
	"log"
	"strings"

	_ "github.com/godcp/godcp/backends/local"
	"github.com/godcp/godcp/dcp"
	"github.com/godcp/godcp/dcp/planner"
	"github.com/godcp/godcp/fsbase"
	"github.com/godcp/godcp/tensor"
)

// The checkpoint was written by torch on four ranks.
const example = "../testdata/fixtures/dist4_row"

func ExampleOpen() {
	ck, err := dcp.Open(context.Background(), example)
	if err != nil {
		log.Fatal(err)
	}
	for fqn, e := range ck.Entries() {
		if e.IsTensor {
			fmt.Println(fqn, e.DType, e.Shape, "in", len(e.Chunks), "chunks")
		}
	}
	// Unordered output:
	// w float32 [8 6] in 4 chunks
	// bias float32 [8] in 4 chunks
	// plain float32 [3 3] in 1 chunks
}

func ExampleCheckpoint_Tensor() {
	ctx := context.Background()
	ck, err := dcp.Open(ctx, example)
	if err != nil {
		log.Fatal(err)
	}
	bias, err := ck.Tensor(ctx, "bias")
	if err != nil {
		log.Fatal(err)
	}
	values, err := tensor.Data[float32](bias)
	if err != nil {
		log.Fatal(err)
	}
	fmt.Println(values)
	// Output: [0 2 4 6 8 10 12 14]
}

func ExampleCheckpoint_Slice() {
	ctx := context.Background()
	ck, err := dcp.Open(ctx, example)
	if err != nil {
		log.Fatal(err)
	}
	// Rows 3 and 4 lie in the chunks of two ranks.
	rows, err := ck.Slice(ctx, "w", tensor.Box{Offsets: []int64{3, 0}, Sizes: []int64{2, 6}})
	if err != nil {
		log.Fatal(err)
	}
	values, err := tensor.Data[float32](rows)
	if err != nil {
		log.Fatal(err)
	}
	fmt.Println(values)
	// Output: [18 19 20 21 22 23 24 25 26 27 28 29]
}

func ExampleCheckpoint_Value() {
	ctx := context.Background()
	ck, err := dcp.Open(ctx, "../testdata/fixtures/nested")
	if err != nil {
		log.Fatal(err)
	}
	for _, fqn := range []string{"lst", "tup", "model.cfg.name", "set"} {
		v, err := ck.Value(ctx, fqn)
		if err != nil {
			log.Fatal(err)
		}
		text, err := dcp.AppendJSON(nil, v)
		if err != nil {
			log.Fatal(err)
		}
		fmt.Printf("%s\n", text)
	}
	// Output:
	// [1, 2, 3]
	// {"$t": "tuple", "v": [1, "a"]}
	// "hé世😀"
	// {"$t": "set", "v": [1, 2]}
}

func ExampleCheckpoint_StateDict() {
	ctx := context.Background()
	ck, err := dcp.Open(ctx, "../testdata/fixtures/optimizer_raw")
	if err != nil {
		log.Fatal(err)
	}
	state, _, err := ck.StateDict(ctx, "optim.param_groups", "epoch")
	if err != nil {
		log.Fatal(err)
	}
	groups := state["optim"].(map[string]any)["param_groups"].([]any)
	fmt.Println(state["epoch"], groups[0].(map[string]any)["lr"])
	// Output: 3 0.0003
}

// Rank 1 of 3 loads its rows of a tensor that four ranks saved.
func ExampleLoad() {
	mine, err := tensor.New(tensor.Float32, 3, 6)
	if err != nil {
		log.Fatal(err)
	}
	state := map[string]any{
		"w":    &dcp.ShardedTensor{DType: tensor.Float32, Size: []int64{8, 6}, Shards: []dcp.Shard{{Offsets: []int64{3, 0}, Tensor: mine}}},
		"step": nil, // whatever is stored
	}
	rep, err := dcp.Load(context.Background(), example, state, dcp.LoadOptions{})
	if err != nil {
		log.Fatal(err)
	}
	first, err := mine.At(0, 0)
	if err != nil {
		log.Fatal(err)
	}
	fmt.Println(first, state["step"], strings.Join(rep.Unexpected, " "))
	// Output: 18 11 bias cfg.a plain
}

// The parts that Load is made of, for planners and readers of one's own.
func ExampleNewFileSystemReader() {
	ctx := context.Background()
	fsys, err := fsbase.Open(ctx, example)
	if err != nil {
		log.Fatal(err)
	}
	r := dcp.NewFileSystemReader(fsys, dcp.ReaderOptions{})
	p := &planner.DefaultLoadPlanner{DTypes: planner.DTypeWiden}
	bias, err := tensor.New(tensor.Float64, 8)
	if err != nil {
		log.Fatal(err)
	}
	rep, err := dcp.Load(ctx, "", map[string]any{"bias": bias}, dcp.LoadOptions{Planner: p, StorageReader: r})
	if err != nil {
		log.Fatal(err)
	}
	fmt.Println(bias.DType(), rep.Cast)
	// Output: float64 [bias]
}

func ExampleNewHuggingFaceStorageReader() {
	ctx := context.Background()
	fsys, err := fsbase.Open(ctx, "../testdata/fixtures/hf_dist4")
	if err != nil {
		log.Fatal(err)
	}
	md, err := dcp.NewHuggingFaceStorageReader(fsys, dcp.ReaderOptions{}).ReadMetadata(ctx)
	if err != nil {
		log.Fatal(err)
	}
	for _, it := range md.StateDictMetadata {
		fmt.Println(it.FQN, it.Tensor.Properties.DType, it.Tensor.Size)
	}
	// Output:
	// c bfloat16 [3 8]
	// u float16 [5 2]
	// w float32 [8 6]
}
