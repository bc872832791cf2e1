package dcp

import (
	"errors"
	"fmt"
	"strconv"

	"github.com/godcp/godcp/internal/pickle"
	"github.com/godcp/godcp/tensor"
)

// typedStorages are the dtypes that torch.save writes with a storage of their
// own; all others have an untyped one.
var typedStorages = map[tensor.DType]string{
	tensor.Float64: "DoubleStorage", tensor.Float32: "FloatStorage", tensor.Float16: "HalfStorage",
	tensor.BFloat16: "BFloat16Storage", tensor.Int64: "LongStorage", tensor.Int32: "IntStorage",
	tensor.Int16: "ShortStorage", tensor.Int8: "CharStorage", tensor.Uint8: "ByteStorage",
	tensor.Bool: "BoolStorage", tensor.Complex128: "ComplexDoubleStorage", tensor.Complex64: "ComplexFloatStorage",
}

// tensor writes the call that makes t of a storage. A tensor that occurs again
// has the same storage again.
func (e *valueEncoder) tensor(t *tensor.Tensor) error {
	if t == nil {
		return errors.New("a nil *tensor.Tensor")
	}
	if t.DType().IsQuantized() {
		return fmt.Errorf("a tensor of dtype %v lacks its scale", t.DType())
	}
	key, ok := e.keys[t]
	if !ok {
		key = len(e.storages)
		e.keys[t] = key
		e.storages = append(e.storages, t.Contiguous())
	}
	storage := pickle.Global{Module: "torch", Name: typedStorages[t.DType()]}
	rebuild, numel, n := "_rebuild_tensor_v2", t.NumElements(), 6
	typed := storage.Name != ""
	if !typed {
		storage = pickle.Global{Module: "torch.storage", Name: "UntypedStorage"}
		rebuild, numel, n = "_rebuild_tensor_v3", t.NumBytes(), 7
	}
	w := e.w
	e.call("torch._utils", rebuild, n, func() {
		w.BeginTuple(5)
		w.Str("storage")
		w.Global(storage)
		w.Str(strconv.Itoa(key))
		w.Str("cpu")
		w.Int(numel)
		w.EndTuple(5)
		w.PersistentID()
		w.Int(0)
		e.ints(t.Shape())
		e.ints(tensor.ContiguousStrides(t.Shape()))
		w.Bool(false)
		e.call("collections", "OrderedDict", 0, func() {})
		if !typed {
			w.Global(pickle.Global{Module: "torch", Name: t.DType().String()})
		}
	})
	return w.Err()
}

func (e *valueEncoder) ints(ns []int64) {
	e.w.BeginTuple(len(ns))
	for _, n := range ns {
		e.w.Int(n)
	}
	e.w.EndTuple(len(ns))
}
