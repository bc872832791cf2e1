package metadata

import (
	"strings"

	"github.com/godcp/godcp/internal/pickle"
	"github.com/godcp/godcp/tensor"
)

// The classes of `.metadata` that decode to values of this package.
const (
	clsNone pickle.Class = iota
	clsTensor
	clsBytes
	clsChunk
	clsProperties
	clsMemoryFormat
	clsIndex
	clsStorageInfo
	clsStorageMeta
	clsSize
	clsLayout
	clsMetadata
	clsPath
	clsDType
	clsOther // known and harmless, but nothing of ours
)

// Modules of torch 2.15, and where older torches had the same classes.
const (
	modMetadata   = "torch.distributed.checkpoint.metadata"
	modFilesystem = "torch.distributed.checkpoint.filesystem"
	oldMetadata   = "torch.distributed._shard.checkpoint.metadata"
	oldFilesystem = "torch.distributed._shard.checkpoint.filesystem"
	oldSharded    = "torch.distributed._shard.sharded_tensor.metadata" // torch <= 2.2
)

var classes = func() map[pickle.Global]pickle.Class {
	m := map[pickle.Global]pickle.Class{
		{Module: "torch", Name: "Size"}:                      clsSize,
		{Module: "torch.serialization", Name: "_get_layout"}: clsLayout,
		{Module: modFilesystem, Name: "_StorageInfo"}:        clsStorageInfo,
		{Module: oldFilesystem, Name: "_StorageInfo"}:        clsStorageInfo,
		{Module: oldSharded, Name: "TensorProperties"}:       clsProperties,
		{Module: oldSharded, Name: "MEM_FORMAT_ENCODING"}:    clsMemoryFormat,
		{Module: "collections", Name: "OrderedDict"}:         clsOther,
	}
	for _, module := range []string{modMetadata, oldMetadata} {
		for name, c := range map[string]pickle.Class{
			"Metadata": clsMetadata, "TensorStorageMetadata": clsTensor, "BytesStorageMetadata": clsBytes,
			"ChunkStorageMetadata": clsChunk, "TensorProperties": clsProperties, "MetadataIndex": clsIndex,
			"_MEM_FORMAT_ENCODING": clsMemoryFormat, "MEM_FORMAT_ENCODING": clsMemoryFormat,
			"StorageMeta": clsStorageMeta,
		} {
			m[pickle.Global{Module: module, Name: name}] = c
		}
	}
	for _, module := range []string{"pathlib", "pathlib._local", "pathlib._abc"} {
		for _, name := range []string{
			"PosixPath", "PurePosixPath", "WindowsPath", "PureWindowsPath", "Path", "PurePath",
		} {
			m[pickle.Global{Module: module, Name: name}] = clsPath
		}
	}
	return m
}()

func classOf(g pickle.Global) pickle.Class {
	if c, ok := classes[g]; ok {
		return c
	}
	if g.Module == "torch" {
		if _, ok := tensor.ParseDType(g.Name); ok {
			return clsDType
		}
	}
	if g.Module == "builtins" || g.Module == "__builtin__" || strings.HasPrefix(g.Module, "copyreg") {
		return clsOther // what pickle let through makes plain data
	}
	return clsNone
}

// fieldNames are the fields in the order of their class's __init__, for calls
// with positional arguments.
var fieldNames = map[pickle.Class][]string{
	clsMetadata:    {"state_dict_metadata", "planner_data", "storage_data", "storage_meta", "version"},
	clsTensor:      {"properties", "size", "chunks"},
	clsChunk:       {"offsets", "sizes"},
	clsProperties:  {"dtype", "layout", "requires_grad", "memory_format", "pin_memory", "strides"},
	clsIndex:       {"fqn", "offset", "index"},
	clsStorageInfo: {"relative_path", "offset", "length", "transform_descriptors"},
	clsStorageMeta: {"checkpoint_id", "save_id", "load_id", "modules"},
}
