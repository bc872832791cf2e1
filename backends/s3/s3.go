// Package s3 keeps checkpoints in S3 and in stores that speak its protocol.
//
// URLs are s3://bucket/prefix?region=…&endpoint=…; docs/backends.md has the
// parameters, the permissions that are needed and the requests that each call
// costs. Credentials come from the chain that all AWS tools share: environment,
// profile, container, machine. No URL has a secret in it, and a key of the
// customer's own (SSE-C) is given to [New] only.
//
// # What holds
//
//   - A commit is one PutObject, or one CompleteMultipartUpload after parts
//     that went up in parallel. Streams whose name ends in ".metadata" are one
//     PutObject whatever their size. What fails is aborted.
//   - Conditions travel in the commit itself, so the store decides, in one
//     region. A store that ignores them, or keeps them only when nobody races,
//     has no [fsbase.ExclusiveCreator] and no [fsbase.Swapper]: see
//     [Conditional].
//   - Every upload carries a CRC-32C that the store compares with what arrived.
//   - A reader is pinned by If-Match to the ETag that it opened.
//   - This package alone repeats requests, whatever the client is set to: what
//     is surely not done, or may be done twice, with growing pauses. A commit
//     without an answer is fsbase.ErrCommitUnknown, which [fsbase.Publish]
//     settles.
//   - No request has a time limit as a whole. One that moves no byte for a
//     minute has failed.
//
// Names with control characters are refused: lists could not hold them.
package s3

import (
	"fmt"
	"io/fs"
	"strings"
	"time"

	"github.com/aws/aws-sdk-go-v2/service/s3"
	"golang.org/x/sync/semaphore"

	"github.com/godcp/godcp/fsbase"
)

// Scheme is the scheme of this backend's URLs.
const Scheme = "s3"

// FS is what lies below a prefix of a bucket. It is safe for concurrent use.
type FS struct {
	fsbase.Flat
	client *s3.Client
	bucket string
	prefix string // of all keys: "", or a path and a slash
	o      Options
	site   site
	memory *semaphore.Weighted // bytes of streams' parts that are under way
	stall  time.Duration       // without a byte, after which a request has failed
}

// Options are what New may be told. The zero Options are the bucket's own
// settings.
type Options struct {
	SSE                 string // how the store encrypts: "AES256", "aws:kms", "aws:kms:dsse"
	KMSKeyID            string // with aws:kms
	SSECustomerKey      []byte // SSE-C: 32 bytes, sent with every request that needs them
	StorageClass        string
	ExpectedBucketOwner string // account: another's bucket is refused
	RequestPayer        bool   // the requester pays
	Conditional         Conditional
}

var (
	_ fsbase.FileSystemBase   = (*FS)(nil)
	_ fsbase.Capable          = (*FS)(nil)
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

// New returns what lies below prefix, a clean path or "", of a bucket or access
// point. It makes no request. The client's retries are not used: those of this
// package are.
func New(client *s3.Client, bucket, prefix string, o Options) (*FS, error) {
	at := Scheme + "://" + bucket + "/" + prefix
	refuse := func(format string, args ...any) (*FS, error) {
		return nil, &fs.PathError{Op: "open", Path: at, Err: invalid(format, args...)}
	}
	if client == nil {
		return refuse("no client")
	}
	f := &FS{client: client, bucket: bucket, o: o, stall: time.Minute, site: siteOf(client.Options(), bucket)}
	if bucket == "" {
		return refuse("no bucket")
	}
	if prefix != "" {
		if err := f.site.checkName(prefix); err != nil {
			return nil, &fs.PathError{Op: "open", Path: at, Err: fmt.Errorf("the prefix is not a clean path of keys: %w", err)}
		}
		f.prefix = prefix + "/"
	}
	if err := o.check(); err != nil {
		return nil, &fs.PathError{Op: "open", Path: at, Err: err}
	}
	if f.o.Conditional == ConditionalDefault {
		f.o.Conditional = f.site.conditional()
	}
	f.memory = semaphore.NewWeighted(int64(f.site.parallel()) * partSize)
	return f, nil
}

func (o Options) check() error {
	switch {
	case o.KMSKeyID != "" && !strings.HasPrefix(o.SSE, "aws:kms"):
		return invalid("a KMS key without aws:kms encryption")
	case o.SSECustomerKey != nil && len(o.SSECustomerKey) != 32:
		return invalid("a customer's key is 32 bytes, not %d", len(o.SSECustomerKey))
	case o.SSECustomerKey != nil && o.SSE != "":
		return invalid("a customer's key, and encryption by the store")
	case o.Conditional < ConditionalDefault || o.Conditional > ConditionalProbe:
		return invalid("Conditional %d", o.Conditional)
	}
	return nil
}

// invalid is an fs.ErrInvalid that says what is.
func invalid(format string, args ...any) error {
	return fmt.Errorf("%s: %w", fmt.Sprintf(format, args...), fs.ErrInvalid)
}

// PartLimits returns sizes that suit the store: a few requests at once to a
// server on this machine, many to one far away.
func (f *FS) PartLimits() fsbase.PartLimits {
	return fsbase.PartLimits{
		Read: partSize, Write: partSize, MaxObject: maxObject, ReadsInFlight: 2 * f.site.parallel(), Remote: true,
	}
}
