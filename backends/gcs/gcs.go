// Package gcs keeps checkpoints in buckets of Google Cloud Storage.
//
// URLs are gs://bucket and gs://bucket/folder. One query parameter is known:
// transport=grpc speaks gRPC instead of HTTP. Credentials are the application
// default ones of the machine. With STORAGE_EMULATOR_HOST (for gRPC:
// STORAGE_EMULATOR_HOST_GRPC) in the environment an emulator is asked, without
// credentials.
//
// # What holds
//
//   - A version is the object's generation. Writes under a condition carry it
//     as a precondition, so the service decides; nothing is asked first.
//   - Every write carries a random mark in the object's metadata. When a
//     precondition fails after an answer was lost, the mark tells whether the
//     object is our own. What stays unclear is fsbase.ErrCommitUnknown.
//   - A read is one version: the request carries the generation, and the answer
//     is compared with it.
//   - The CRC32C of the content is sent with every write and the service refuses
//     other bytes. A read of a whole object is compared with it, see
//     [ErrChecksum].
//   - Parts are never composed: where a retention policy holds, they could not
//     be removed. A file goes up in one request, or, from 16 MiB on, in one
//     resumable upload.
//
// # Time
//
// No call has a limit in all. A request is given up when nothing has moved for
// 45 seconds, and a call when nothing has for two minutes. Meanwhile what the
// service or the network failed to do is asked for again, by this package: the
// retries of the client that New is given are switched off, except inside a
// resumable upload, where only the client knows how to go on. There a part of
// 16 MiB has two minutes.
//
// The service takes about one update a second of one name. More are
// fsbase.ErrThrottled after waiting in vain.
package gcs

import (
	"fmt"
	"io/fs"
	"time"

	"cloud.google.com/go/storage"

	"github.com/godcp/godcp/fsbase"
)

// Scheme is the scheme of this backend's URLs.
const Scheme = "gs"

// FS is a bucket. It is flat: "a" and "a/b" may both be streams. For a folder
// of it take fsbase.Sub. It is safe for concurrent use.
type FS struct {
	fsbase.Flat
	bucket *storage.BucketHandle
	chunk  int // bytes of one part of a resumable upload
	pace   pace
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
)

const (
	chunkSize = 16 << 20 // of which a stream holds up to two
	maxObject = 5 << 40
)

// New returns the bucket of that name, which must exist. It asks nothing. The
// client, over HTTP or gRPC, stays the caller's to close, after the last use of
// the file system.
func New(client *storage.Client, bucket string) (*FS, error) {
	if client == nil || bucket == "" {
		return nil, &fs.PathError{Op: "open", Path: Scheme + "://" + bucket, Err: fmt.Errorf("a client and a bucket are needed: %w", fs.ErrInvalid)}
	}
	return &FS{
		bucket: client.Bucket(bucket).Retryer(storage.WithPolicy(storage.RetryNever)),
		chunk:  chunkSize,
		pace:   pace{stall: 45 * time.Second, patience: 2 * time.Minute},
	}, nil
}

// PartLimits are sizes at which the time of a request is small against that of
// its bytes.
func (f *FS) PartLimits() fsbase.PartLimits {
	return fsbase.PartLimits{Read: 8 << 20, Write: chunkSize, MaxObject: maxObject, ReadsInFlight: 16}
}

// ValidateCheckpointID accepts gs:// URLs of a bucket, or of a folder in one.
func (f *FS) ValidateCheckpointID(id string) error { return opener{}.ValidateCheckpointID(id) }

func (f *FS) object(p string) *storage.ObjectHandle { return f.bucket.Object(p) }
