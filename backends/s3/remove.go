package s3

import (
	"context"
	"iter"

	"github.com/aws/aws-sdk-go-v2/service/s3"
)

// RmFile is one DELETE. Of an absent name it is nil. O2.
func (f *FS) RmFile(ctx context.Context, path string) error {
	const op = "remove"
	key, err := f.key(ctx, op, path)
	if err != nil {
		return err
	}
	return pathError(op, path, f.remove(ctx, key, nil))
}

// remove removes a key; with an ETag, only the version that has it.
func (f *FS) remove(ctx context.Context, key string, ifMatch *string) error {
	_, err := ask(ctx, f, f.client.DeleteObject, &s3.DeleteObjectInput{Bucket: &f.bucket, Key: &key, IfMatch: ifMatch})
	return err
}

// RemoveAll is one DELETE for each name, after the request that lists 1,000 of
// them. One DeleteObjects for all of a page would have removed what a consumer
// that stops has not been told. C10.
func (f *FS) RemoveAll(ctx context.Context, prefix string) iter.Seq2[string, error] {
	const op = "remove all"
	return func(yield func(string, error) bool) {
		for page, err := range f.pages(ctx, prefix) {
			if err != nil {
				yield("", pathError(op, prefix, err))
				return
			}
			for _, info := range page {
				err := f.remove(ctx, f.prefix+info.Path, nil)
				if !yield(info.Path, pathError("remove", info.Path, err)) || err != nil {
					return
				}
			}
		}
	}
}
