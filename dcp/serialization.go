package dcp

import "fmt"

// SerializationFormat is how tensors are stored: torch's SerializationFormat.
type SerializationFormat uint8

const (
	// SerializationTorchSave stores each tensor and object as torch.save does,
	// beside a `.metadata`.
	SerializationTorchSave SerializationFormat = iota
	// SerializationSafetensors stores tensors, and nothing else, in the
	// layout of Hugging Face. (torch's FileSystemWriter makes of it files that
	// nobody can load, torch included.)
	SerializationSafetensors
)

// String gives torch's name.
func (f SerializationFormat) String() string {
	switch f {
	case SerializationTorchSave:
		return "torch_save"
	case SerializationSafetensors:
		return "safetensors"
	}
	return fmt.Sprintf("SerializationFormat(%d)", uint8(f))
}
