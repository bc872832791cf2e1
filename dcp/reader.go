package dcp

import (
	"context"
	"errors"
	"io/fs"
	"sync"

	"golang.org/x/sync/semaphore"

	"github.com/godcp/godcp/ckpterr"
	"github.com/godcp/godcp/dcp/metadata"
	"github.com/godcp/godcp/dcp/planner"
	"github.com/godcp/godcp/fsbase"
	"github.com/godcp/godcp/safetensors"
)

// StorageReader gets planned data from storage: torch's class of that name.
// Load calls the methods in the order in which they stand here, Reset and
// ValidateCheckpointID only if the caller asks for another checkpoint.
type StorageReader interface {
	// Reset points the reader to another checkpoint.
	Reset(ctx context.Context, checkpointID string) error

	// ReadMetadata reads the checkpoint's metadata.
	ReadMetadata(ctx context.Context) (*metadata.Metadata, error)

	// SetUpStorageReader takes the metadata that was read, here or elsewhere.
	SetUpStorageReader(md *metadata.Metadata, isCoordinator bool) error

	// PrepareLocalPlan may change what this rank reads.
	PrepareLocalPlan(plan *planner.LoadPlan) (*planner.LoadPlan, error)

	// PrepareGlobalPlan may change the plans of all ranks, on the coordinator.
	PrepareGlobalPlan(plans []*planner.LoadPlan) ([]*planner.LoadPlan, error)

	// ReadData carries out plan and gives every item to p.
	ReadData(ctx context.Context, plan *planner.LoadPlan, p planner.LoadPlanner) error

	// ValidateCheckpointID says why this reader cannot serve the id.
	ValidateCheckpointID(checkpointID string) error
}

// ReaderOptions configure the storage readers of this package. The zero value
// is good.
type ReaderOptions struct {
	Limits     Limits
	Extensions *ExtensionRegistry // nil means DefaultExtensions
	Mux        *fsbase.Mux        // for Reset; nil means fsbase.DefaultMux

	// Untrusted looks for every item's elements in its archive, also where sealed
	// metadata tells where they are. The seal is against damage, not intent.
	Untrusted bool
}

// reader is what the storage readers of this package have in common.
type reader struct {
	fsys       fsbase.FileSystemBase
	mux        *fsbase.Mux
	src        *source
	limits     Limits
	extensions *ExtensionRegistry
	md         *metadata.Metadata
	loadID     string

	untrusted bool

	keep bool   // the bytes of `.metadata`, for other ranks
	body []byte // those

	// raw says that records point at bare elements, not at items.
	raw bool

	much *semaphore.Weighted // for checking items that need much memory

	mu    sync.Mutex
	blobs map[string]*safetensors.Header
}

func newReader(fsys fsbase.FileSystemBase, o ReaderOptions) *reader {
	r := &reader{
		fsys: fsys, src: newSource(fsys), limits: o.Limits.withDefaults(),
		extensions: o.Extensions, mux: muxOr(o.Mux), blobs: map[string]*safetensors.Header{},
		much: semaphore.NewWeighted(1), untrusted: o.Untrusted,
	}
	if r.extensions == nil {
		r.extensions = DefaultExtensions
	}
	return r
}

// FileSystemReader reads checkpoints in torch's format from any storage:
// torch's class of that name. Its ReadData fetches in the order of files and
// offsets, in parallel, and only the ranges that are needed.
type FileSystemReader struct {
	*reader
}

var _ StorageReader = (*FileSystemReader)(nil)

// NewFileSystemReader reads the checkpoint at the root of fsys.
func NewFileSystemReader(fsys fsbase.FileSystemBase, o ReaderOptions) *FileSystemReader {
	return &FileSystemReader{newReader(fsys, o)}
}

// fork is a reader of the same checkpoint that counts for itself.
func (r *reader) fork() *FileSystemReader {
	return &FileSystemReader{&reader{
		fsys: r.fsys, mux: r.mux, src: r.src.fork(), limits: r.limits, extensions: r.extensions,
		md: r.md, raw: r.raw, blobs: map[string]*safetensors.Header{},
		much: r.much, untrusted: r.untrusted,
	}}
}

// Reset points the reader to the checkpoint at another URL.
func (r *reader) Reset(ctx context.Context, checkpointID string) error {
	fsys, err := r.mux.Open(ctx, checkpointID)
	if err != nil {
		return err
	}
	r.fsys, r.src, r.md, r.loadID = fsys, newSource(fsys), nil, newID()
	r.blobs = map[string]*safetensors.Header{}
	return nil
}

// ReadMetadata reads and decodes `.metadata`. Class NotACheckpoint when there
// is none.
func (r *FileSystemReader) ReadMetadata(ctx context.Context) (*metadata.Metadata, error) {
	return r.readMetadataFile(ctx, metadata.Name)
}

func (r *reader) readMetadataFile(ctx context.Context, name string) (*metadata.Metadata, error) {
	b, info, err := fsbase.ReadFile(ctx, r.fsys, name, r.limits.Metadata)
	if errors.Is(err, fs.ErrInvalid) { // no regular file, or a link that leads out
		return nil, notRegular(name, err)
	}
	if err != nil {
		return nil, err
	}
	if name == metadata.Name {
		r.src.pins.set(info, name)
		if r.keep {
			r.body = b
		}
	}
	r.src.moved.Add(int64(len(b)))
	md, err := metadata.Decode(b)
	if err != nil {
		return nil, ckpterr.At(err, ckpterr.Place{File: name})
	}
	return md, nil
}

// SetUpStorageReader takes the metadata that reads will follow.
func (r *reader) SetUpStorageReader(md *metadata.Metadata, _ bool) error {
	r.md = md
	if r.loadID == "" {
		r.loadID = newID()
	}
	return nil
}

// Metadata is what SetUpStorageReader got.
func (r *reader) Metadata() *metadata.Metadata { return r.md }

// LoadID names this load: torch's load_id, new for every checkpoint.
func (r *reader) LoadID() string { return r.loadID }

// PrepareLocalPlan returns the plan as it is.
func (r *reader) PrepareLocalPlan(plan *planner.LoadPlan) (*planner.LoadPlan, error) {
	return plan, nil
}

// PrepareGlobalPlan returns the plans as they are.
func (r *reader) PrepareGlobalPlan(plans []*planner.LoadPlan) ([]*planner.LoadPlan, error) {
	return plans, nil
}

// ValidateCheckpointID asks the backend of the id.
func (r *reader) ValidateCheckpointID(checkpointID string) error {
	return r.mux.ValidateCheckpointID(checkpointID)
}

// BytesRead is how many bytes came from storage so far.
func (r *reader) BytesRead() int64 { return r.src.moved.Load() }

// use opens a data file.
func (r *reader) use(ctx context.Context, path string) (*file, error) { return r.src.use(ctx, path) }

// needMetadata is an error until SetUpStorageReader was called.
func (r *reader) needMetadata() error {
	if r.md == nil {
		return &fs.PathError{Op: "read", Path: metadata.Name, Err: fs.ErrClosed}
	}
	return nil
}
