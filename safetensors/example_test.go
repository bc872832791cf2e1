package safetensors_test

import (
	"bytes"
	"context"
	"encoding/binary"
	"fmt"

	"github.com/godcp/godcp/backends/memfs"
	"github.com/godcp/godcp/safetensors"
)

// file is a safetensors file of zeros.
func file(header string, data int) []byte {
	b := binary.LittleEndian.AppendUint64(nil, uint64(len(header)))
	b = append(b, header...)
	return append(b, make([]byte, data)...)
}

func ExampleReadHeader() {
	b := file(`{"w":{"dtype":"F32","shape":[2,3],"data_offsets":[0,24]}}`, 24)
	h, err := safetensors.ReadHeader(bytes.NewReader(b), int64(len(b)))
	if err != nil {
		fmt.Println(err)
		return
	}
	w, _ := h.Lookup("w")
	fmt.Println(w.DType, w.Shape, w.Size)
	// Output: float32 [2 3] 24
}

func ExampleOpenFolder() {
	ctx := context.Background()
	fsys := memfs.New()
	names := []string{"shard-00001.safetensors", "shard-00002.safetensors"}
	for i, name := range names {
		b := file(fmt.Sprintf(`{"__metadata__":{"DCP_SHARDING_INFO":"{\"w\":{\"saved_offsets\":[%d,0]}}"},`+
			`"w":{"dtype":"F32","shape":[2,3],"data_offsets":[0,24]}}`, 2*i), 24)
		w, err := fsys.CreateStream(ctx, name)
		if err != nil {
			fmt.Println(err)
			return
		}
		defer w.Close()
		if _, err := w.Write(b); err != nil {
			fmt.Println(err)
			return
		}
		if _, err := w.Commit(); err != nil {
			fmt.Println(err)
			return
		}
	}
	f, err := safetensors.OpenFolder(ctx, fsys, names)
	if err != nil {
		fmt.Println(err)
		return
	}
	for _, t := range f.Tensors {
		fmt.Println(t.FQN, t.DType, t.Size, len(t.Chunks), "chunks")
	}
	// Output: w float32 [4 3] 2 chunks
}
