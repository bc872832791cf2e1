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
		err = b.judged(err)
		var u *undelivered
		if !cond.Unconditional() && errors.As(err, &u) {
			return f.whyUndelivered(ctx, key, cond, err)
		}
		return err
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

// whyUndelivered is the reason of err where it can be found out: a store that
// refuses a condition at once, and hangs up, would do so each time.
func (f *FS) whyUndelivered(ctx context.Context, key string, cond fsbase.Condition, err error) error {
	a, headErr := f.lost(ctx, key, cond, err)
	switch {
	case ctx.Err() != nil:
		return err
	case a != nil:
		return a
	case headErr != nil && status(headErr) == 0:
		return answerOf(err, nil) // the store was asked often enough
	}
	return err
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
