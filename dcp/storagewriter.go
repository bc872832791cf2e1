package dcp

import (
	"context"

	"github.com/godcp/godcp/dcp/metadata"
	"github.com/godcp/godcp/dcp/planner"
)

// StorageWriter puts planned data to storage: torch's class of that name. Save
// calls the methods in the order in which they stand here; those marked with
// "coordinator" on one rank only.
type StorageWriter interface {
	// Reset points the writer to another checkpoint and begins a new attempt.
	Reset(ctx context.Context, checkpointID string) error

	// StorageMeta describes the save in the metadata: its save_id above all.
	StorageMeta() *metadata.StorageMeta

	// SetUpStorageWriter tells the writer its rank.
	SetUpStorageWriter(isCoordinator bool, rank int) error

	// PrepareLocalPlan may change what this rank writes. It does not look at
	// storage: ranks would see it at different times.
	PrepareLocalPlan(plan *planner.SavePlan) (*planner.SavePlan, error)

	// PrepareGlobalPlan (coordinator) looks at storage, decides how the
	// attempt goes, and tells every rank through its plan's StorageData.
	PrepareGlobalPlan(ctx context.Context, plans []*planner.SavePlan) ([]*planner.SavePlan, error)

	// WriteData writes all of a plan and returns one result per item, when
	// everything is durable.
	WriteData(ctx context.Context, plan *planner.SavePlan, p planner.SavePlanner) ([]WriteResult, error)

	// Finish (coordinator) completes the metadata, publishes the checkpoint
	// and returns what is there now; results are those of all ranks, by rank.
	Finish(ctx context.Context, md *metadata.Metadata, results [][]WriteResult) (*metadata.Metadata, error)

	// Abandon removes what this rank wrote, when the coordinator has said that
	// nothing was published, and returns what it had to leave.
	Abandon(ctx context.Context) (left []string)

	// ValidateCheckpointID says why this writer cannot serve the id.
	ValidateCheckpointID(checkpointID string) error
}

// WriteResult is what became of one item: torch's WriteResult.
type WriteResult struct {
	Index       metadata.MetadataIndex
	SizeInBytes int64 // as stored
	StorageData metadata.StorageInfo
}

// WriterOptions are those of torch's FileSystemWriter. The zero value is its
// default, but for overwriting.
type WriterOptions struct {
	// SerializationFormat is how tensors are stored. With
	// SerializationSafetensors the checkpoint is a Hugging Face folder, which
	// HuggingFaceStorageWriter writes: of whole tensors from one rank, of
	// shards from several.
	SerializationFormat SerializationFormat

	// FilePerItem writes one file for each item (single_file_per_rank=False).
	FilePerItem bool

	// NoSync gives up durability (sync_files=False), where the storage can.
	NoSync bool

	// ThreadCount is how many files a rank writes at once. Default 1.
	ThreadCount int

	// PerThreadCopyAhead bounds, in bytes, the tensors that are resolved and
	// not yet written, for each file, when data does not lie in memory.
	// Default 10,000,000.
	PerThreadCopyAhead int64

	// Overwrite allows to replace a checkpoint. torch's default is true; here
	// it is false.
	Overwrite bool

	// KeepPrevious keeps the data files of the checkpoint that an overwrite
	// replaces until the next one, for readers that have it open. Default 1;
	// a negative value keeps none.
	KeepPrevious int

	// SaveID names the save; empty means a new one. A save that finds a
	// checkpoint of its own SaveID has succeeded already.
	SaveID string

	// Extensions transform each item, the last one outermost.
	Extensions []StreamTransformExtension
}

func (o WriterOptions) withDefaults() WriterOptions {
	if o.ThreadCount <= 0 {
		o.ThreadCount = 1
	}
	if o.PerThreadCopyAhead <= 0 {
		o.PerThreadCopyAhead = 10_000_000
	}
	if o.KeepPrevious == 0 {
		o.KeepPrevious = 1
	}
	if o.SaveID == "" {
		o.SaveID = newID()
	}
	return o
}
