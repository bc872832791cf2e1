// Package metadata is the model of a checkpoint's `.metadata` (torch's
// metadata.py) and its pickle codec.
//
// The model keeps what the file says, in the file's order, without judging it;
// [Metadata.Validate] judges. A Metadata is not changed after decoding and is
// then safe for concurrent use.
package metadata

import (
	"github.com/godcp/godcp/internal/pickle"
	"github.com/godcp/godcp/tensor"
)

// Name is the file that makes a folder a checkpoint (torch's _metadata_fn).
const Name = ".metadata"

// Metadata is torch's Metadata.
type Metadata struct {
	// StateDictMetadata has one Item per fqn, in the file's order.
	StateDictMetadata []Item

	// PlannerData tells how flat names came from nested ones.
	PlannerData PlannerData

	// StorageData says where the bytes of each chunk and bytes item lie, in
	// the file's order. Two records never have the same (fqn, offset): as in a
	// Python dict the later one replaced the earlier.
	StorageData []StorageRecord

	// StorageMeta is nil when the file has none.
	StorageMeta *StorageMeta

	// Version is torch's CURRENT_DCP_VERSION ("1.0.0" since 2.10), "" before.
	Version string

	// Sealed tells that the file ended in the seal that [Encode] writes, and that
	// its checksum was right.
	Sealed bool

	// Previous lists the data files of the checkpoint that this one replaced
	// and did not remove. As anything in a file it may be made up: check each
	// name before touching the file.
	Previous []string

	// RankLocal, if not nil, tells that this describes what one rank of a save
	// without collectives wrote, and that the SaveID is the same on all of them.
	RankLocal *RankLocal

	// Extra holds the keys of the top object that this package does not know.
	Extra []Extra

	// Unknown lists the Python names in the file that are not torch's own, as
	// "module.name". They are kept inert; torch would import and call them.
	Unknown []string

	index index
}

// RankLocal is a rank's place in a rank-local set. As anything in a file it may
// be made up.
type RankLocal struct {
	Rank, WorldSize int
}

// Extra is a value under a key that this package does not know.
type Extra struct {
	Key   string
	Value pickle.Value
}

// Item is the metadata of one fqn.
type Item struct {
	FQN string

	// Tensor is nil for a bytes item (torch's BytesStorageMetadata).
	Tensor *TensorStorageMetadata
}

// TensorStorageMetadata is torch's class of that name.
type TensorStorageMetadata struct {
	Properties TensorProperties
	Size       []int64 // elements, the global shape
	Chunks     []ChunkStorageMetadata
}

// ChunkStorageMetadata is the box of one chunk in its tensor, in elements.
type ChunkStorageMetadata = tensor.Box

// TensorProperties is torch's class of that name. All but DType are comments:
// they describe the first rank's live tensor, not the stored bytes.
type TensorProperties struct {
	DType        tensor.DType
	Layout       string // "torch.strided"
	RequiresGrad bool
	MemoryFormat MemoryFormat
	PinMemory    bool
	Strides      []int64 // elements; nil in files older than torch 2.10's
}

// MemoryFormat is torch's _MEM_FORMAT_ENCODING.
type MemoryFormat uint8

// The memory formats.
const (
	ContiguousFormat MemoryFormat = 0
	ChannelsLast     MemoryFormat = 1
	PreserveFormat   MemoryFormat = 2
)

// MetadataIndex names a stored thing: torch's MetadataIndex.
type MetadataIndex struct {
	FQN string

	// Offset is the chunk's offset in elements; nil for a bytes item, empty
	// and not nil for a 0-dim tensor.
	Offset []int64

	// Index is a hint: the chunk's position in Chunks; -1 for None.
	Index int
}

// StorageInfo is torch's _StorageInfo: where the bytes lie.
type StorageInfo struct {
	RelativePath string // below the checkpoint
	Offset       int64  // bytes from the start of that file
	Length       int64  // bytes, as stored

	// TransformDescriptors are the stream extensions as listed in the file.
	TransformDescriptors []string

	// CRC32C is the CRC-32C of the stored bytes if HasCRC32C. Only a sealed
	// file is believed: see [Metadata.Sealed].
	CRC32C    uint32
	HasCRC32C bool

	// PayloadOffset is where in a tensor's item its bare elements begin, in
	// bytes from the item's start; 0 when that is not known. They lie there
	// dense, in C order and little-endian. It is a hint, believed only of a
	// sealed file and of items without transforms.
	PayloadOffset int64

	// Extra holds the keys of the record that this package does not know.
	Extra []Extra
}

// Describe notes what the writer of an item knows of it: the CRC-32C of the
// stored bytes, and where the elements begin (see PayloadOffset; 0 or less
// when there is no such place).
func (s *StorageInfo) Describe(crc32c uint32, payloadOffset int64) {
	s.CRC32C, s.HasCRC32C = crc32c, true
	s.PayloadOffset = max(payloadOffset, 0)
}

// StorageRecord is one entry of storage_data.
type StorageRecord struct {
	Index MetadataIndex
	Info  StorageInfo
}

// StorageMeta is torch's class of that name. "" stands for None.
type StorageMeta struct {
	CheckpointID string // a path object is given by its text
	SaveID       string
	LoadID       string
	Modules      []string

	foreign pickle.Value // the whole thing, if the fields do not say all
}

// Foreign returns storage_meta as it stands in the file if the fields of sm
// cannot say all that it says; else an invalid Value.
func (sm *StorageMeta) Foreign() pickle.Value { return sm.foreign }

// PlannerData is what the planner left: DefaultSavePlanner's map from fqn to
// path, nothing, or something that only its own planner understands.
type PlannerData struct {
	// Paths has one entry per fqn, in the file's order; nil when planner_data
	// is None or Opaque.
	Paths []PathEntry

	// None tells that planner_data was None or absent: names are not nested.
	None bool

	// Opaque describes foreign planner_data in one line; "" otherwise.
	Opaque string

	foreign pickle.Value
}

// Foreign returns Opaque planner_data as it stands in the file; else an
// invalid Value.
func (p *PlannerData) Foreign() pickle.Value { return p.foreign }

// PathEntry maps one fqn to its path in the nested state dict.
type PathEntry struct {
	FQN  string
	Path Path
}

// Path leads through a nested state dict: string elements are keys of dicts,
// int elements indexes of lists.
type Path []PathElement

// PathElement is a dict key, or a list index if IsIndex.
type PathElement struct {
	Key     string
	Index   int
	IsIndex bool
}
