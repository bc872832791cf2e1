package s3

import (
	"context"
	"errors"
	"io/fs"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/s3"

	"github.com/godcp/godcp/fsbase"
)

// Stat is one HEAD. C7.
func (f *FS) Stat(ctx context.Context, path string) (fsbase.Info, error) {
	const op = "stat"
	key, err := f.key(ctx, op, path)
	if err != nil {
		return fsbase.Info{}, err
	}
	h, err := f.head(ctx, key, "")
	if err != nil {
		return fsbase.Info{}, pathError(op, path, err)
	}
	return h.info(path), nil
}

// Exists is one HEAD. Without permission to list, S3 answers 403 for what is
// absent, which is an error. O1.
func (f *FS) Exists(ctx context.Context, path string) (bool, error) {
	const op = "exists"
	key, err := f.key(ctx, op, path)
	if err == nil {
		_, err = f.head(ctx, key, "")
	}
	switch {
	case err == nil:
		return true, nil
	case errors.Is(err, fs.ErrNotExist):
		return false, nil
	}
	return false, pathError(op, path, err)
}

// object is what is known of one version of a key.
type object struct {
	version fsbase.Version
	size    int64
	head    *s3.HeadObjectOutput
}

func (o object) info(path string) fsbase.Info {
	return fsbase.Info{Path: path, Size: o.size, ModTime: aws.ToTime(o.head.LastModified), Version: o.version}
}

// head asks for a key, of the version pin unless that is "".
func (f *FS) head(ctx context.Context, key string, pin fsbase.Version) (object, error) {
	in := &s3.HeadObjectInput{Bucket: &f.bucket, Key: &key, IfMatch: etag(pin)}
	in.SSECustomerAlgorithm, in.SSECustomerKey, in.SSECustomerKeyMD5 = f.customerKey()
	out, err := ask(ctx, f, f.client.HeadObject, in)
	if err != nil {
		return object{}, changed(err, pin)
	}
	o := object{version: version(out.ETag), size: aws.ToInt64(out.ContentLength), head: out}
	switch {
	case out.ContentLength == nil || o.version == "":
		return object{}, errNoETag
	case pin != "" && o.version != pin:
		return object{}, fsbase.ErrChanged
	}
	return o, nil
}

// errNoETag: a store that does not tell versions apart cannot be worked with.
var errNoETag = errors.New("the answer has no ETag or no length")

// changed makes a condition of a read that failed ErrChanged.
func changed(err error, pin fsbase.Version) error {
	if pin != "" && errors.Is(err, fsbase.ErrPrecondition) {
		var a *answer
		if errors.As(err, &a) {
			return &answer{class: fsbase.ErrChanged, text: a.text, err: a.err}
		}
	}
	return err
}
