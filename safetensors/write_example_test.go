package safetensors_test

import (
	"bytes"
	"fmt"

	"github.com/godcp/godcp/safetensors"
	"github.com/godcp/godcp/tensor"
)

// Rank 1 of 2 writes its half of a tensor of four rows.
func ExampleNewFile() {
	rows, err := tensor.FromSlice([]float32{7, 8, 9, 10, 11, 12}, 2, 3)
	if err != nil {
		fmt.Println(err)
		return
	}
	f, err := safetensors.NewFile(
		[]safetensors.NamedTensor{{Name: "w", Tensor: rows}},
		safetensors.ShardingInfo(map[string][]int64{"w": {2, 0}}))
	if err != nil {
		fmt.Println(err)
		return
	}
	var b bytes.Buffer
	if _, err := f.WriteTo(&b); err != nil {
		fmt.Println(err)
		return
	}
	fmt.Println(safetensors.ShardName(2, 1, 1), b.Len() == int(f.Size()))
	// Output: shard-00002-model-00001-of-00001.safetensors true
}

func ExampleIndex() {
	file := safetensors.ModelName(1, 1)
	fmt.Printf("%s\n", safetensors.Index(24, map[string]string{"w": file}))
	// Output:
	// {
	//   "metadata": {
	//     "total_size": 24
	//   },
	//   "weight_map": {
	//     "w": "model-00001-of-00001.safetensors"
	//   }
	// }
}
