package s3

import (
	"context"
	"errors"
	"io"
	"net/http"

	"github.com/aws/aws-sdk-go-v2/service/s3"
	"github.com/aws/aws-sdk-go-v2/service/s3/types"

	"github.com/godcp/godcp/fsbase"
)

// put publishes the first size bytes of src by one PutObject under cond.
func (f *FS) put(ctx context.Context, key string, src io.ReaderAt, size int64, cond fsbase.Condition) (fsbase.Info, error) {
	crc, err := sum(ctx, src, 0, size)
	if err != nil {
		return fsbase.Info{}, err
	}
	in := &s3.PutObjectInput{
		Bucket: &f.bucket, Key: &key, ContentLength: &size, ChecksumCRC32C: &crc,
		StorageClass: types.StorageClass(f.o.StorageClass),
	}
	in.ServerSideEncryption, in.SSEKMSKeyId = f.encryption()
	in.SSECustomerAlgorithm, in.SSECustomerKey, in.SSECustomerKeyMD5 = f.customerKey()
	in.IfNoneMatch, in.IfMatch = headers(cond)
	var out *s3.PutObjectOutput
	// Under a condition a second request could find the work of the first, and
	// take it for somebody else's: that is for fsbase.Publish to tell.
	a, all := repeat(ctx, cond.Unconditional(), func() error {
		b := newBody(src, 0, size)
		in.Body = b
		var err error
		out, err = f.client.PutObject(ctx, in, f.settings, unsigned)
		return b.ofSource(err)
	})
	if a != nil {
		return fsbase.Info{}, notCommitted(a, all, cond)
	}
	info := fsbase.Info{Size: size, Version: version(out.ETag), Sum: fsbase.Checksum{Algorithm: "crc32c", Value: crc}}
	if info.Version == "" {
		return fsbase.Info{}, unknown(errNoETag)
	}
	return info, nil
}

// headers are what says a condition in a request.
func headers(cond fsbase.Condition) (ifNoneMatch, ifMatch *string) {
	if cond.Absent() {
		any := "*"
		return &any, nil
	}
	return nil, etag(cond.Version())
}

// notCommitted is the error of a commit that did not succeed.
func notCommitted(a *answer, f fate, cond fsbase.Condition) error {
	switch {
	case f == unclear:
		return unknown(a)
	case cond.Absent() && errors.Is(a, fsbase.ErrPrecondition):
		return &answer{class: fsbase.ErrExist(), text: a.text, err: a.err}
	case cond.Version() != "" && isNoKey(a):
		return &answer{class: fsbase.ErrPrecondition, text: a.text, err: a.err}
	}
	return a
}

// isNoKey tells that it is the key that is not there.
func isNoKey(a *answer) bool {
	c := code(a.err)
	return status(a.err) == http.StatusNotFound && c != noSuchBucket && c != noSuchUpload
}
