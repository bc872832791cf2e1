package dcp

// The Go values of pickled objects that Go has no type for. Beside them there
// are nil, bool, int64, *big.Int, float64, complex128, string, []byte, []any,
// map[string]any, tensor.DType and *tensor.Tensor.
type (
	// Tuple is a tuple.
	Tuple []any

	// Set is a set or frozenset, in the file's order.
	Set struct {
		Frozen bool
		Items  []any
	}

	// ByteArray is a bytearray.
	ByteArray []byte

	// Dict is a dict with keys that are not all str, or an OrderedDict.
	Dict struct {
		Ordered bool
		Pairs   []Pair
	}

	// Pair is one entry of a Dict.
	Pair struct{ Key, Value any }

	// Size is a torch.Size.
	Size []int64

	// Device is a torch.device, such as "cuda:0".
	Device string

	// Opaque is an object of a class that godcp does not know. Its state stays
	// in the item (Checkpoint.Bytes), which can be copied without loss.
	Opaque struct {
		Class string // the dotted name
	}
)

// maxNodes bounds how many values one object may have beyond the bytes of its
// pickle: shared parts count each time they are met.
const maxNodes = 1 << 20

// maxTexts bounds the bytes of str and bytes in one object beyond twice its
// size, again with shared ones counted each time.
const maxTexts = 32 << 20

// maxValueTensors bounds the tensors inside one pickled object, in bytes.
const maxValueTensors = 1 << 30
