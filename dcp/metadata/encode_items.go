package metadata

import (
	"cmp"
	"encoding/binary"
	"fmt"

	"github.com/godcp/godcp/internal/pickle"
	"github.com/godcp/godcp/tensor"
)

var (
	classTensor       = pickle.Global{Module: modMetadata, Name: "TensorStorageMetadata"}
	classBytes        = pickle.Global{Module: modMetadata, Name: "BytesStorageMetadata"}
	classProperties   = pickle.Global{Module: modMetadata, Name: "TensorProperties"}
	classMemoryFormat = pickle.Global{Module: modMetadata, Name: "_MEM_FORMAT_ENCODING"}
	classChunk        = pickle.Global{Module: modMetadata, Name: "ChunkStorageMetadata"}
	classIndex        = pickle.Global{Module: modMetadata, Name: "MetadataIndex"}
	classStorageInfo  = pickle.Global{Module: modFilesystem, Name: "_StorageInfo"}
	classSize         = pickle.Global{Module: "torch", Name: "Size"}
	getLayout         = pickle.Global{Module: "torch.serialization", Name: "_get_layout"}
)

func (e *encoder) item(t *TensorStorageMetadata) {
	w := e.w
	if t == nil {
		w.NewObject(classBytes)
		return
	}
	w.BeginObject(classTensor)
	w.Str("properties")
	e.properties(&t.Properties)
	w.Str("size")
	e.size(t.Size)
	w.Str("chunks")
	w.List(len(t.Chunks), func(i int) {
		w.BeginObject(classChunk)
		w.Str("offsets")
		e.size(t.Chunks[i].Offsets)
		w.Str("sizes")
		e.size(t.Chunks[i].Sizes)
		w.EndObject()
	})
	w.EndObject()
}

func (e *encoder) properties(p *TensorProperties) {
	w := e.w
	w.NewObject(classProperties)
	w.Mark()
	if p.DType == tensor.Invalid || p.DType.Size() == 0 {
		w.Fail(fmt.Errorf("dtype %v", p.DType))
	}
	w.Global(pickle.Global{Module: "torch", Name: p.DType.String()})
	layout := cmp.Or(p.Layout, "torch.strided")
	e.call(getLayout, append(append(e.key[:0], 'l'), layout...), func() { w.Str(layout) })
	w.Bool(p.RequiresGrad)
	if p.MemoryFormat > PreserveFormat {
		w.Fail(fmt.Errorf("memory format %d", p.MemoryFormat))
	}
	e.call(classMemoryFormat, append(e.key[:0], 'm', byte(p.MemoryFormat)), func() { w.Int(int64(p.MemoryFormat)) })
	w.Bool(p.PinMemory)
	w.EndTuple(5)
	w.Build()
}

// call writes f(arg), or fetches what it gave before.
func (e *encoder) call(f pickle.Global, key []byte, arg func()) {
	e.key = key
	ref, done := e.w.Recall(key)
	if done {
		return
	}
	e.w.Global(f)
	arg()
	e.w.EndTuple(1)
	e.w.Reduce()
	e.w.Keep(ref)
}

// size writes a torch.Size. They repeat much, and to make one takes Python a
// call, so that all equal ones are the same.
func (e *encoder) size(dims []int64) {
	e.key = append(e.key[:0], 's')
	for _, n := range dims {
		if n < 0 {
			e.w.Fail(fmt.Errorf("negative size or offset in %v", dims))
		}
		e.key = binary.AppendUvarint(e.key, uint64(n))
	}
	e.call(classSize, e.key, func() {
		e.w.BeginTuple(len(dims))
		for _, n := range dims {
			e.w.Int(n)
		}
		e.w.EndTuple(len(dims))
	})
}
