package torchfile

import (
	"github.com/godcp/godcp/internal/pickle"
	"github.com/godcp/godcp/tensor"
)

// storageClasses are torch's typed storages.
var storageClasses = map[string]tensor.DType{
	"DoubleStorage": tensor.Float64, "FloatStorage": tensor.Float32, "HalfStorage": tensor.Float16,
	"BFloat16Storage": tensor.BFloat16, "LongStorage": tensor.Int64, "IntStorage": tensor.Int32,
	"ShortStorage": tensor.Int16, "CharStorage": tensor.Int8, "ByteStorage": tensor.Uint8,
	"BoolStorage": tensor.Bool, "ComplexDoubleStorage": tensor.Complex128, "ComplexFloatStorage": tensor.Complex64,
	"QInt8Storage": tensor.QInt8, "QUInt8Storage": tensor.QUInt8, "QInt32Storage": tensor.QInt32,
	"QUInt4x2Storage": tensor.QUInt4x2, "QUInt2x4Storage": tensor.QUInt2x4,
}

// storageDType is the dtype of a storage class; an UntypedStorage counts bytes.
func storageDType(g pickle.Global) (tensor.DType, bool) {
	switch g.Module {
	case "torch", "torch.storage", "torch.cuda":
		if g.Name == "UntypedStorage" {
			return tensor.Uint8, g.Module != "torch.cuda"
		}
		d, ok := storageClasses[g.Name]
		return d, ok
	}
	return tensor.Invalid, false
}

// The calls that make a tensor.
const (
	rebuildModule    = "torch._utils"
	rebuildTensor    = "_rebuild_tensor"
	rebuildTensorV2  = "_rebuild_tensor_v2"
	rebuildTensorV3  = "_rebuild_tensor_v3"
	rebuildParameter = "_rebuild_parameter"
	rebuildQTensor   = "_rebuild_qtensor"
)

// rebuildSubclass makes a tensor of a Python subclass, which nobody but that
// class can read; torch's restricted loader refuses it too.
var rebuildSubclass = pickle.Global{Module: "torch._tensor", Name: "_rebuild_from_type_v2"}

var (
	orderedDict = pickle.Global{Module: "collections", Name: "OrderedDict"}
	torchSize   = pickle.Global{Module: "torch", Name: "Size"}
)

// tensorGlobals is the allow list of a tensor item.
func tensorGlobals(g pickle.Global) pickle.Verdict {
	switch g {
	case orderedDict, torchSize, rebuildSubclass:
		return pickle.Allow
	}
	if g.Module == rebuildModule {
		switch g.Name {
		case rebuildTensor, rebuildTensorV2, rebuildTensorV3, rebuildParameter, rebuildQTensor:
			return pickle.Allow
		}
	}
	if _, ok := storageDType(g); ok {
		return pickle.Allow
	}
	if g.Module == "torch" {
		if _, ok := tensor.ParseDType(g.Name); ok || quantSchemes[g.Name] {
			return pickle.Allow
		}
	}
	return pickle.Deny
}
