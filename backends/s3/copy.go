package s3

import (
	"context"
	"errors"
	"fmt"
	"net/url"
	"strings"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/s3"
	"github.com/aws/aws-sdk-go-v2/service/s3/types"

	"github.com/godcp/godcp/fsbase"
)

// copyPart is how much of a large copy one request makes.
const copyPart = 512 << 20

// Copy copies inside the store, the version of src that is there when it
// begins. A condition on dst, and a size above 5 GiB, make it a multipart
// upload: many stores ignore conditions of CopyObject. C9.
func (f *FS) Copy(ctx context.Context, src, dst string, cond fsbase.Condition) (fsbase.Info, error) {
	const op = "copy"
	from, err := f.key(ctx, op, src)
	if err != nil {
		return fsbase.Info{}, err
	}
	to, err := f.writable(ctx, op, dst, cond)
	if err != nil {
		return fsbase.Info{}, err
	}
	o, err := f.head(ctx, from, "")
	if err != nil {
		return fsbase.Info{}, pathError(op, src, err)
	}
	info, err := f.copyTo(ctx, from, to, o, cond)
	if err != nil {
		return fsbase.Info{}, pathError(op, dst, err)
	}
	info.Path = dst
	return info, nil
}

func (f *FS) copyTo(ctx context.Context, from, to string, o object, cond fsbase.Condition) (fsbase.Info, error) {
	switch {
	case cond.Unconditional() && o.size <= maxPut:
		return f.copyObject(ctx, from, to, o)
	case o.size == 0:
		return f.put(ctx, to, strings.NewReader(""), 0, cond)
	}
	begin := func() (*multipart, error) { return f.begin(ctx, to, cond, copiedParts) }
	return inParts(ctx, begin, f.copying(from, o.version), o.size, max(copyPart, partSizeOf(o.size)))
}

// source is a key as the header of a copy has it.
func (f *FS) source(key string) *string {
	return aws.String(url.PathEscape(f.bucket) + "/" + escape(key))
}

// escape makes a key fit for a header.
func escape(key string) string {
	parts := strings.Split(key, "/")
	for i, p := range parts {
		// PathEscape leaves a plus as it is, which some stores take for a space.
		parts[i] = strings.ReplaceAll(url.PathEscape(p), "+", "%2B")
	}
	return strings.Join(parts, "/")
}

func (f *FS) copyObject(ctx context.Context, from, to string, o object) (fsbase.Info, error) {
	in := &s3.CopyObjectInput{
		Bucket: &f.bucket, Key: &to, CopySource: f.source(from), CopySourceIfMatch: etag(o.version),
		StorageClass: types.StorageClass(f.o.StorageClass),
	}
	in.ServerSideEncryption, in.SSEKMSKeyId = f.encryption()
	in.SSECustomerAlgorithm, in.SSECustomerKey, in.SSECustomerKeyMD5 = f.customerKey()
	in.CopySourceSSECustomerAlgorithm, in.CopySourceSSECustomerKey, in.CopySourceSSECustomerKeyMD5 = f.customerKey()
	var out *s3.CopyObjectOutput
	a, all := repeat(ctx, true, func() (err error) {
		out, err = f.client.CopyObject(ctx, in, f.settings)
		return err
	})
	switch {
	case a != nil && errors.Is(a, fsbase.ErrPrecondition):
		return fsbase.Info{}, changed(a, o.version)
	case a != nil:
		return fsbase.Info{}, notCommitted(a, all, fsbase.Condition{})
	case out.CopyObjectResult == nil || version(out.CopyObjectResult.ETag) == "":
		return fsbase.Info{}, unknown(errNoETag)
	}
	return fsbase.Info{Size: o.size, Version: version(out.CopyObjectResult.ETag)}, nil
}

// copying makes parts of the version pin of another object.
func (f *FS) copying(from string, pin fsbase.Version) sendPart {
	return func(ctx context.Context, m *multipart, number int, off, n int64) error {
		return m.copy(ctx, int32(number), from, pin, off, n)
	}
}

func (m *multipart) copy(ctx context.Context, number int32, from string, pin fsbase.Version, off, n int64) error {
	f := m.fs
	in := &s3.UploadPartCopyInput{
		Bucket: &f.bucket, Key: &m.key, UploadId: &m.id, PartNumber: &number,
		CopySource: f.source(from), CopySourceIfMatch: etag(pin),
		CopySourceRange: aws.String(fmt.Sprintf("bytes=%d-%d", off, off+n-1)),
	}
	in.SSECustomerAlgorithm, in.SSECustomerKey, in.SSECustomerKeyMD5 = f.customerKey()
	in.CopySourceSSECustomerAlgorithm, in.CopySourceSSECustomerKey, in.CopySourceSSECustomerKeyMD5 = f.customerKey()
	out, err := ask(ctx, f, f.client.UploadPartCopy, in)
	if err != nil {
		return changed(err, pin)
	}
	if out.CopyPartResult == nil {
		return errNoETag
	}
	return m.add(n, types.CompletedPart{
		PartNumber: &number, ETag: out.CopyPartResult.ETag, ChecksumCRC32C: out.CopyPartResult.ChecksumCRC32C,
	})
}
