package tensor_test

import (
	"fmt"
	"os"

	"github.com/godcp/godcp/tensor"
)

func ExampleNew() {
	t, err := tensor.New(tensor.BFloat16, 2, 3)
	if err != nil {
		fmt.Println(err)
		return
	}
	memory, _ := t.Bytes() // writing here fills the tensor
	fmt.Println(t.DType(), t.Shape(), t.NumElements(), len(memory))
	// Output: bfloat16 [2 3] 6 12
}

func ExampleFromSlice() {
	weights := []float32{1, 2, 3, 4, 5, 6}
	t, err := tensor.FromSlice(weights, 2, 3)
	if err != nil {
		fmt.Println(err)
		return
	}
	weights[5] = 60 // the memory is shared
	v, err := t.At(1, 2)
	fmt.Println(v, err)
	// Output: 60 <nil>
}

func ExampleFromLayout() {
	// The transposed view of a 2x3 tensor: torch keeps the storage and swaps
	// the strides.
	storage := []byte{1, 2, 3, 4, 5, 6}
	t, err := tensor.FromLayout(tensor.Layout{
		DType: tensor.Uint8, Shape: []int64{3, 2}, Strides: []int64{1, 3}, Storage: storage,
	})
	if err != nil {
		fmt.Println(err)
		return
	}
	dense, _ := t.Contiguous().Bytes()
	fmt.Println(dense)
	// Output: [1 4 2 5 3 6]
}

func ExampleTensor_Sub() {
	t, err := tensor.FromSlice([]int32{0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11}, 3, 4)
	if err != nil {
		fmt.Println(err)
		return
	}
	part, err := t.Sub(tensor.Box{Offsets: []int64{1, 2}, Sizes: []int64{2, 2}})
	if err != nil {
		fmt.Println(err)
		return
	}
	_ = tensor.Fprint(os.Stdout, part, tensor.FormatOptions{})
	// Output:
	// [[ 6,  7],
	//  [10, 11]]
}

func ExampleData() {
	t, err := tensor.New(tensor.Float64, 3)
	if err != nil {
		fmt.Println(err)
		return
	}
	v, err := tensor.Data[float64](t)
	if err != nil {
		fmt.Println(err)
		return
	}
	v[1] = 2.5
	fmt.Println(t.At(1))
	// Output: 2.5 <nil>
}

func ExampleCopy() {
	// A shard is placed in the tensor it is a part of.
	whole, err := tensor.New(tensor.Int8, 2, 4)
	if err != nil {
		fmt.Println(err)
		return
	}
	shard, err := tensor.FromSlice([]int8{1, 2, 3, 4}, 2, 2)
	if err != nil {
		fmt.Println(err)
		return
	}
	place, err := whole.Sub(tensor.Box{Offsets: []int64{0, 2}, Sizes: []int64{2, 2}})
	if err != nil {
		fmt.Println(err)
		return
	}
	if err := tensor.Copy(place, shard); err != nil {
		fmt.Println(err)
		return
	}
	fmt.Println(tensor.Data[int8](whole))
	// Output: [0 0 1 2 0 0 3 4] <nil>
}

func ExampleConvert() {
	src, err := tensor.FromSlice([]float32{1.5, -2.7, 300}, 3)
	if err != nil {
		fmt.Println(err)
		return
	}
	dst, err := tensor.New(tensor.Int16, 3)
	if err != nil {
		fmt.Println(err)
		return
	}
	if err := tensor.Convert(dst, src); err != nil {
		fmt.Println(err)
		return
	}
	fmt.Println(tensor.Data[int16](dst))
	// Output: [1 -2 300] <nil>
}

func ExampleFprint() {
	values := make([]float32, 2000)
	for i := range values {
		values[i] = float32(i) / 8
	}
	t, err := tensor.FromSlice(values, 2, 1000)
	if err != nil {
		fmt.Println(err)
		return
	}
	_ = tensor.Fprint(os.Stdout, t, tensor.FormatOptions{EdgeItems: 2})
	fmt.Println()
	// Output:
	// [[0.0000e+00, 1.2500e-01,  ..., 1.2475e+02, 1.2488e+02],
	//  [1.2500e+02, 1.2512e+02,  ..., 2.4975e+02, 2.4988e+02]]
}

func ExampleTensor_EncodeJSON() {
	t, err := tensor.FromSlice([]complex64{1 + 2i, -3}, 2)
	if err != nil {
		fmt.Println(err)
		return
	}
	_ = t.EncodeJSON(os.Stdout)
	// Output: [[1,2],[-3,0]]
}

// FSDP over two ranks, on top of tensor parallelism over two: torch cuts the rows
// by the inner dimension of the mesh first.
func ExampleMesh_Local() {
	mesh, err := tensor.NewMesh(2, 2)
	if err != nil {
		fmt.Println(err)
		return
	}
	for _, rank := range mesh.Ranks() {
		l, err := mesh.Local(rank, []int64{7, 4}, tensor.StridedShard(0, 2), tensor.Shard(0))
		fmt.Println(rank, l.Shape, l.Offset, err)
	}
	// Output:
	// 0 [2 4] [0 0] <nil>
	// 1 [2 4] [4 0] <nil>
	// 2 [2 4] [2 0] <nil>
	// 3 [1 4] [6 0] <nil>
}
