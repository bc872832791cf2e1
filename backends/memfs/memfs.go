// Package memfs is a file system in memory: for tests, for the command line's
// mem:// URLs, and as the reference of the contract of package fsbase. It has
// every capability.
//
// What real storage does only when it pleases, memfs does on command: it loses
// power ([FS.Crash]), stops between any two steps, and fails before or after
// one ([FS.SetHook]).
package memfs

import (
	"context"
	"sync"
	"sync/atomic"

	"github.com/godcp/godcp/fsbase"
)

// FS is a handle on a file system in memory. It is flat: "a" and "a/b" may
// both be streams. Handles that were made by WithoutSync, or opened by the same
// URL, share one storage.
type FS struct {
	fsbase.Flat
	*disk
	unsynced bool // commits of this handle are not durable
}

var (
	_ fsbase.FileSystemBase   = (*FS)(nil)
	_ fsbase.ExclusiveCreator = (*FS)(nil)
	_ fsbase.Swapper          = (*FS)(nil)
	_ fsbase.Uploader         = (*FS)(nil)
	_ fsbase.RangeReader      = (*FS)(nil)
	_ fsbase.Stater           = (*FS)(nil)
	_ fsbase.Lister           = (*FS)(nil)
	_ fsbase.Copier           = (*FS)(nil)
	_ fsbase.RemoveAller      = (*FS)(nil)
	_ fsbase.PartLimiter      = (*FS)(nil)
	_ fsbase.Unsyncer         = (*FS)(nil)
)

// disk is one storage.
type disk struct {
	mu      sync.Mutex
	names   map[string]*file // what is visible
	durable map[string]*file // what a power loss certainly leaves
	pending []*change        // what was done since and is not synced, oldest first
	hook    atomic.Pointer[Hook]
	streams atomic.Uint64
}

// file is one committed content. Its info has no Path: files are renamed.
type file struct {
	content []byte // never changed: readers share it
	info    fsbase.Info
	synced  bool // the content, not the name; guarded by disk.mu
}

// New returns an empty file system of its own.
func New() *FS {
	return &FS{disk: &disk{names: map[string]*file{}, durable: map[string]*file{}}}
}

// WithoutSync returns a handle on the same storage whose changes a power loss
// may undo, see [FS.CrashClone].
func (f *FS) WithoutSync() fsbase.FileSystemBase {
	return &FS{disk: f.disk, unsynced: true}
}

// PartLimits are none: memory takes parts of every size.
func (f *FS) PartLimits() fsbase.PartLimits { return fsbase.PartLimits{} }

// Mkdir checks its arguments: there are no folders.
func (f *FS) Mkdir(ctx context.Context, path string) error {
	if err := fsbase.CheckCall(ctx, "mkdir", path); err != nil {
		return err
	}
	return f.do(ctx, Op{Kind: OpMkdir, Path: path}, nothing)
}

// ValidateCheckpointID accepts mem:// URLs.
func (f *FS) ValidateCheckpointID(id string) error { return opener{}.ValidateCheckpointID(id) }

// lookup returns the file of that name.
func (d *disk) lookup(path string) (*file, bool) {
	d.mu.Lock()
	defer d.mu.Unlock()
	fl, ok := d.names[path]
	return fl, ok
}

func (fl *file) infoAs(path string) fsbase.Info {
	info := fl.info
	info.Path = path
	return info
}
