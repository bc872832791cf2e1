// Package gocloud keeps checkpoints in Azure Blob Storage, and in whatever else
// gocloud.dev/blob has a driver for.
//
// URLs are azblob://container and azblob://container/folder; the parameters
// domain, protocol, cdn, localemu and storage_account are those of
// gocloud.dev/blob/azureblob, and so are the credentials, which come from the
// environment. Other drivers have no URLs here: open a bucket and [Wrap] it.
//
// # What holds
//
// On Azure, all of the contract: a version is the ETag, conditions of writes,
// reads, removals and copies are the service's, and the ETag of what came is
// compared with that of what was asked for.
//
// Of any other driver only what gocloud.dev/blob promises is used. It has a
// write that is visible when it is closed, and that is all: no conditional
// writes, as that of fileblob has several winners among processes, and a driver
// cannot be asked which it is. Such storage is safe against a crash and not
// against a second saver. A version is the ETag, or size and time where there
// is none, with a mark that every write of this package leaves in the metadata.
// A read looks at the version again when it has its bytes: if it is another, the
// answer is fsbase.ErrChanged. That costs a request, and it rests on the driver
// changing content and metadata together. fileblob does not, and its ETag is no
// finer than the clock of the file system: use backends/local for folders.
//
// On Azure requests of writes are made again here, for two minutes; all else is
// made again by the driver's own client, but for reads that break off, which go
// on where they were. A request in which nothing moves for a minute is given up.
package gocloud

import (
	"fmt"
	"io/fs"
	"time"

	"github.com/Azure/azure-sdk-for-go/sdk/storage/azblob/container"
	"gocloud.dev/blob"

	"github.com/godcp/godcp/fsbase"
)

// FS is a bucket. It is flat, if its driver is: "a" and "a/b" may both be
// streams. For a folder of it take fsbase.Sub. It is safe for concurrent use.
type FS struct {
	fsbase.Flat
	bucket *blob.Bucket
	azure  *container.Client // nil for another driver
	block  int64             // bytes of one block on Azure

	stall    time.Duration // how long nothing may move in a request
	patience time.Duration // how long a request of a write may fail again and again
}

var (
	_ fsbase.FileSystemBase = (*FS)(nil)
	_ fsbase.Capable        = (*FS)(nil)
	_ fsbase.Stater         = (*FS)(nil)
	_ fsbase.Lister         = (*FS)(nil)
	_ fsbase.RemoveAller    = (*FS)(nil)
	_ fsbase.PartLimiter    = (*FS)(nil)
)

// Wrap returns a bucket as a file system. The bucket stays the caller's to
// close, after the last use of the file system.
func Wrap(bucket *blob.Bucket) (*FS, error) {
	if bucket == nil {
		return nil, &fs.PathError{Op: "open", Path: ".", Err: fmt.Errorf("no bucket: %w", fs.ErrInvalid)}
	}
	f := &FS{bucket: bucket, block: blockSize, stall: time.Minute, patience: 2 * time.Minute}
	bucket.As(&f.azure)
	return f, nil
}

// AsCapability hands out conditional writes, Upload, Copy and ReadRanges on
// Azure only: other drivers cannot say which version their copy has made.
func (f *FS) AsCapability(target any) bool {
	switch t := target.(type) {
	case *fsbase.Stater:
		*t = f
	case *fsbase.Lister:
		*t = f
	case *fsbase.RemoveAller:
		*t = f
	case *fsbase.PartLimiter:
		*t = f
	case *fsbase.ExclusiveCreator:
		*t = azure{f}
		return f.azure != nil
	case *fsbase.Swapper:
		*t = azure{f}
		return f.azure != nil
	case *fsbase.RangeReader:
		*t = azure{f}
		return f.azure != nil
	case *fsbase.Uploader:
		*t = azure{f}
		return f.azure != nil
	case *fsbase.Copier:
		*t = azure{f}
		return f.azure != nil
	default:
		return false
	}
	return true
}

// PartLimits are sizes that suit remote storage. Of other drivers than Azure's
// no limit is known.
func (f *FS) PartLimits() fsbase.PartLimits {
	l := fsbase.PartLimits{Read: 8 << 20, Write: blockSize, ReadsInFlight: 16}
	if f.azure != nil {
		l.MaxObject = maxBlocks * f.block
	}
	return l
}

// ValidateCheckpointID accepts azblob:// URLs on Azure. Other drivers have no
// URLs here, so nothing is said against any.
func (f *FS) ValidateCheckpointID(id string) error {
	if f.azure != nil {
		return opener{}.ValidateCheckpointID(id)
	}
	return f.Flat.ValidateCheckpointID(id)
}
