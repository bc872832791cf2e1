// Package local keeps checkpoints in a folder of the machine's file systems,
// local disks and network mounts alike.
//
// URLs are file:///abs/path, file://localhost/abs/path and bare paths. One
// query parameter is known: symlinks=follow reads through symbolic links even
// where they lead out of the folder, as the caches of Hugging Face need it, and
// refuses every write.
//
// # What holds
//
//   - No path and no symbolic link leads out of the root: every call goes
//     through [os.Root], that is, through openat relative to open folders.
//   - A commit is a temporary file in the same folder, written, synced, closed,
//     renamed, and the folder synced. After that, bytes and name survive a power
//     loss. A sync that failed is never tried again: the second one would
//     succeed without the bytes, which the kernel has already dropped.
//   - Conditional writes (CreateExclusive, CreateSwap, and Upload and Copy with
//     a condition) exclude each other, and removals, by a lock on the folder,
//     across processes and, where the mount passes locks on, across machines.
//     An unconditional write or Rename does not ask for the lock: whoever mixes
//     both on one name gets what was committed last.
//   - Only regular files are streams. A FIFO, socket or device is refused
//     without being waited for.
//
// Names beginning with ".godcp-" and ending in ".tmp" or ".lock" are ours:
// they are not listed, and refused as the names of streams.
package local

import (
	"io/fs"
	"path/filepath"
	"strings"

	"github.com/godcp/godcp/fsbase"
)

// Scheme is the scheme of this backend's URLs. Bare paths have it, too.
const Scheme = "file"

// FS is a folder. It holds no open files, and is safe for concurrent use, by
// many processes too.
type FS struct {
	root     string // absolute
	follow   bool   // reads follow symbolic links anywhere, writes are refused
	unsynced bool   // made by WithoutSync

	// around is for tests: it is called for each step of a write, to carry it
	// out, or not, and to answer.
	around func(s step, call func() error) error
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

// Option changes what New returns.
type Option func(*FS)

// FollowSymlinks makes reads follow symbolic links, out of the root as well.
// Every method that writes is then refused with fs.ErrPermission. Listings show
// links to files, and do not enter links to folders.
func FollowSymlinks() Option { return func(f *FS) { f.follow = true } }

// New returns the folder root, relative to the working folder of this moment.
// It touches no storage: the folder comes into being with the first write. A
// root that is itself a symbolic link is fine.
func New(root string, opts ...Option) (*FS, error) {
	if root == "" || strings.ContainsRune(root, 0) {
		return nil, &fs.PathError{Op: "open", Path: root, Err: fs.ErrInvalid}
	}
	abs, err := filepath.Abs(root)
	if err != nil {
		return nil, pathError("open", root, err)
	}
	f := &FS{root: abs}
	for _, o := range opts {
		o(f)
	}
	return f, nil
}

// Root returns the folder as an absolute path.
func (f *FS) Root() string { return f.root }

// WithoutSync returns the same folder without fsync: commits stay atomic for
// every reader, and may be lost by a power loss. C11.
func (f *FS) WithoutSync() fsbase.FileSystemBase {
	g := *f
	g.unsynced = true
	return &g
}

// PartLimits returns sizes that suit disks: large enough that a request is not
// dominated by its start, small enough for several in flight.
func (f *FS) PartLimits() fsbase.PartLimits {
	return fsbase.PartLimits{Read: 8 << 20, Write: blockSize, ReadsInFlight: 8}
}
