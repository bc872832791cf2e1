package dcp

import (
	"context"
	"crypto/rand"
	"encoding/gob"
	"encoding/hex"
	"errors"
	"fmt"
	"sync"

	"github.com/godcp/godcp/dcp/metadata"
	"github.com/godcp/godcp/dcp/planner"
	"github.com/godcp/godcp/fsbase"
)

// DefaultSuffix is how data files end: torch's DEFAULT_SUFFIX.
const DefaultSuffix = ".distcp"

// StoragePrefix is the coordinator's decision about an attempt, in each rank's
// SavePlan.StorageData: torch's _StoragePrefix, and what torch lets every rank
// find out for itself.
type StoragePrefix struct {
	Prefix string // of the rank's data files: "__0_"
	Nonce  string // 16 hex digits, new for each attempt

	// Fresh: there was no checkpoint, so plain names can be tried.
	Fresh bool

	// Done: the checkpoint of this SaveID is there already; nothing is written.
	Done bool
}

func init() { gob.Register(StoragePrefix{}) }

// FileSystemWriter writes checkpoints in torch's format to any storage, as a
// transaction: torch's class of that name. It serves one save after the other.
type FileSystemWriter struct {
	fsys fsbase.FileSystemBase
	mux  *fsbase.Mux
	id   string // what the metadata calls the checkpoint
	o    WriterOptions

	rank int
	base *base // what the coordinator saw

	mu     sync.Mutex
	files  []written // by this rank, in this attempt
	report SaveReport
}

var _ StorageWriter = (*FileSystemWriter)(nil)

// SaveReport tells what a save did beside saving.
type SaveReport struct {
	// Unguarded: the storage has no conditional writes, so the checkpoint is
	// safe against a crash, not against a second saver.
	Unguarded bool

	// AlreadySaved: a checkpoint of this SaveID was there.
	AlreadySaved bool

	// Removed and Left are data files that no checkpoint needs any more, of
	// replaced checkpoints and of this rank's failed attempts: removed, or not.
	// What is left may be removed when nobody saves here. Of a file whose commit
	// had no answer it is not known whether it is there.
	Removed, Left []string

	BytesWritten int64 // by this rank
}

// NewFileSystemWriter writes to the root of fsys; id is what the metadata will
// call the place.
func NewFileSystemWriter(fsys fsbase.FileSystemBase, id string, o WriterOptions) *FileSystemWriter {
	o = o.withDefaults()
	if o.NoSync {
		if fast, err := fsbase.WithoutSync(fsys); err == nil {
			fsys = fast // a storage without the choice stays durable
		}
	}
	return &FileSystemWriter{fsys: fsys, mux: &fsbase.DefaultMux, id: fsbase.Redact(id), o: o}
}

// Reset points the writer to the checkpoint at another URL and begins a new
// save with a new id.
func (w *FileSystemWriter) Reset(ctx context.Context, checkpointID string) error {
	fsys, err := w.mux.Open(ctx, checkpointID)
	if err != nil {
		return err
	}
	o := w.o
	o.SaveID = ""
	fresh := NewFileSystemWriter(fsys, checkpointID, o)
	w.fsys, w.id, w.o = fresh.fsys, fresh.id, fresh.o
	w.begin()
	return nil
}

func (w *FileSystemWriter) begin() {
	w.base, w.files, w.report = nil, nil, SaveReport{}
}

// StorageMeta names the checkpoint and the save.
func (w *FileSystemWriter) StorageMeta() *metadata.StorageMeta {
	return &metadata.StorageMeta{CheckpointID: w.id, SaveID: w.o.SaveID}
}

// CheckpointID is what the metadata calls the place, without secrets.
func (w *FileSystemWriter) CheckpointID() string { return w.id }

// MetadataPath is the file whose appearance publishes the checkpoint.
func (w *FileSystemWriter) MetadataPath() string { return metadata.Name }

// Report tells what the last save did.
func (w *FileSystemWriter) Report() SaveReport { return w.report }

// SetUpStorageWriter begins an attempt.
func (w *FileSystemWriter) SetUpStorageWriter(_ bool, rank int) error {
	if f := w.o.SerializationFormat; f != SerializationTorchSave {
		return fmt.Errorf("a FileSystemWriter does not write %v, a HuggingFaceStorageWriter writes safetensors: %w", f, errors.ErrUnsupported)
	}
	w.setUp(rank)
	return nil
}

func (w *FileSystemWriter) setUp(rank int) {
	w.begin()
	w.rank = rank
}

// PrepareLocalPlan returns the plan as it is.
func (w *FileSystemWriter) PrepareLocalPlan(plan *planner.SavePlan) (*planner.SavePlan, error) {
	return plan, nil
}

// ValidateCheckpointID asks the backend of the id.
func (w *FileSystemWriter) ValidateCheckpointID(checkpointID string) error {
	return w.mux.ValidateCheckpointID(checkpointID)
}

// newNonce is 64 random bits: attempts never share a name.
func newNonce() string {
	var b [8]byte
	rand.Read(b[:]) // never fails
	return hex.EncodeToString(b[:])
}
