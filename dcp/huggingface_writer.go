package dcp

import (
	"context"
	"errors"
	"fmt"

	"github.com/godcp/godcp/dcp/planner"
	"github.com/godcp/godcp/fsbase"
	"github.com/godcp/godcp/safetensors"
)

// HuggingFaceOptions are those of torch's HuggingFaceStorageWriter.
type HuggingFaceOptions struct {
	// WriterOptions that mean something else here: FilePerItem and Extensions
	// are errors.ErrUnsupported, KeepPrevious has nothing to keep, Overwrite
	// replaces nothing, SerializationFormat is what the writer is for.
	WriterOptions

	// FQNToIndexMapping is the number of the file, from 1, of every tensor
	// (fqn_to_index_mapping); the highest is how many files there are. That of
	// the coordinator counts. nil puts all tensors into one file.
	FQNToIndexMapping map[string]int

	// SaveDistributed lets every rank write its own shards
	// (save_distributed). Without it the coordinator must have everything to
	// write, in whole tensors: a planner.DefaultSavePlanner with
	// DedupSaveToLowestRank arranges the first.
	SaveDistributed bool
}

// HuggingFaceStorageWriter writes tensors as safetensors files in the layout of
// Hugging Face: torch's class of that name, without its consolidation.
//
// Whole tensors go to model-00001-of-0000N.safetensors … and to
// model.safetensors.index.json, whose appearance publishes the checkpoint. With
// SaveDistributed rank r writes shard-0000{r+1}-model-…, and as in torch there
// is nothing else: the checkpoint is there as soon as its last file is, which
// can be so although a rank then failed that had nothing more to write.
// Either way every file says to which set it belongs (safetensors.SaveInfo),
// so that godcp does not take an unfinished one for a checkpoint. (torch does.)
//
// What safetensors cannot hold is refused, by name, before anything is written:
// values that are no tensors, some dtypes, and several chunks of one tensor in
// one file, errors.ErrUnsupported all.
//
// There is no file whose exchange could replace one checkpoint by another, so a
// save needs a place of its own: a folder with safetensors files, an index or a
// `.metadata` in it is fs.ErrExist, or with Overwrite errors.ErrUnsupported,
// unless it is the whole checkpoint of this SaveID. Files of a save that failed
// stay, and are reported: its retry needs a new folder. While a save is under
// way a file named .godcp-claim keeps other savers out, where the storage can
// create exclusively; after a failed save it stays too.
type HuggingFaceStorageWriter struct {
	*FileSystemWriter
	hf HuggingFaceOptions
}

var _ StorageWriter = (*HuggingFaceStorageWriter)(nil)

// NewHuggingFaceStorageWriter writes to the root of fsys; id is what the
// metadata will call the place.
func NewHuggingFaceStorageWriter(fsys fsbase.FileSystemBase, id string, o HuggingFaceOptions) *HuggingFaceStorageWriter {
	return &HuggingFaceStorageWriter{NewFileSystemWriter(fsys, id, o.WriterOptions), o}
}

// MetadataPath is the file whose appearance publishes a checkpoint of whole
// tensors.
func (w *HuggingFaceStorageWriter) MetadataPath() string { return safetensors.IndexName }

// SetUpStorageWriter begins an attempt.
func (w *HuggingFaceStorageWriter) SetUpStorageWriter(_ bool, rank int) error {
	switch {
	case len(w.o.Extensions) > 0:
		return fmt.Errorf("safetensors with stream extensions: %w", errors.ErrUnsupported)
	case w.o.FilePerItem:
		return fmt.Errorf("safetensors with a file for each item: %w; FQNToIndexMapping says what goes where", errors.ErrUnsupported)
	}
	w.setUp(rank)
	return nil
}

// PrepareGlobalPlan refuses what the format cannot say, looks at the storage,
// once for all ranks, and puts the decision into every plan.
func (w *HuggingFaceStorageWriter) PrepareGlobalPlan(ctx context.Context, plans []*planner.SavePlan) ([]*planner.SavePlan, error) {
	if len(plans) == 0 {
		return nil, errors.New("a global plan of no ranks")
	}
	if err := w.refuse(plans); err != nil {
		return nil, err
	}
	jobs, names := w.jobs(plans)
	b, err := w.occupy(ctx, jobs[0].Attempt, names)
	if err != nil {
		return nil, err
	}
	w.base = b
	for rank, p := range plans {
		jobs[rank].Done = b.finished
		p.StorageData = jobs[rank]
	}
	return plans, nil
}
