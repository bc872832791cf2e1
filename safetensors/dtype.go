package safetensors

import "github.com/godcp/godcp/tensor"

// dtypes are the format's names of the dtypes that torch has too.
var dtypes = map[string]tensor.DType{
	"F64": tensor.Float64, "F32": tensor.Float32, "F16": tensor.Float16, "BF16": tensor.BFloat16,
	"I64": tensor.Int64, "I32": tensor.Int32, "I16": tensor.Int16, "I8": tensor.Int8,
	"U64": tensor.Uint64, "U32": tensor.Uint32, "U16": tensor.Uint16, "U8": tensor.Uint8,
	"BOOL": tensor.Bool, "C64": tensor.Complex64,
	"F8_E4M3": tensor.Float8E4M3FN, "F8_E4M3FNUZ": tensor.Float8E4M3FNUZ,
	"F8_E5M2": tensor.Float8E5M2, "F8_E5M2FNUZ": tensor.Float8E5M2FNUZ,
	"F8_E8M0": tensor.Float8E8M0FNU, "F4": tensor.Float4E2M1FNx2,
}

// halveF4 turns a shape that counts fp4 values into torch's, which counts
// bytes of two; false when the last dimension is odd or absent.
func halveF4(shape []int64) bool {
	if len(shape) == 0 || shape[len(shape)-1]%2 != 0 {
		return false
	}
	shape[len(shape)-1] /= 2
	return true
}
