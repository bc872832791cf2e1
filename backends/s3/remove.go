package s3

import (
	"context"
	"iter"
	"strings"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/s3"
	"github.com/aws/aws-sdk-go-v2/service/s3/types"
	"github.com/aws/smithy-go"

	"github.com/godcp/godcp/fsbase"
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
	_, err := ask(ctx, f, lingeringly(f.client.DeleteObject), &s3.DeleteObjectInput{Bucket: &f.bucket, Key: &key, IfMatch: ifMatch})
	return err
}

// RemoveAll is one request for each 1,000 names that List would list, after the
// one that lists them. C10.
func (f *FS) RemoveAll(ctx context.Context, prefix string) iter.Seq2[string, error] {
	const op = "remove all"
	return func(yield func(string, error) bool) {
		for page, err := range f.pages(ctx, prefix) {
			for err == nil && len(page) > 0 {
				n := min(len(page), 1000)
				var failed map[string]error
				failed, err = f.removeBatch(ctx, page[:n])
				if err == nil && !yieldRemoved(page[:n], failed, yield) {
					return
				}
				page = page[n:]
			}
			if err != nil {
				yield("", pathError(op, prefix, err))
				return
			}
		}
	}
}

// yieldRemoved yields the names of a batch, and at the end the first failure.
// It returns false when the sequence has ended.
func yieldRemoved(batch []fsbase.Info, failed map[string]error, yield func(string, error) bool) bool {
	for _, info := range batch {
		if failed[info.Path] == nil && !yield(info.Path, nil) {
			return false
		}
	}
	for _, info := range batch {
		if err := failed[info.Path]; err != nil {
			yield(info.Path, pathError("remove", info.Path, err))
			return false
		}
	}
	return true
}

// removeBatch removes up to 1,000 names and returns why some are still there.
func (f *FS) removeBatch(ctx context.Context, batch []fsbase.Info) (map[string]error, error) {
	ids := make([]types.ObjectIdentifier, len(batch))
	for i, info := range batch {
		ids[i].Key = aws.String(f.prefix + info.Path)
	}
	out, err := ask(ctx, f, lingeringly(f.client.DeleteObjects), &s3.DeleteObjectsInput{
		Bucket: &f.bucket, Delete: &types.Delete{Objects: ids, Quiet: aws.Bool(true)}, ChecksumAlgorithm: types.ChecksumAlgorithmCrc32c,
	})
	if err != nil {
		return nil, err
	}
	failed := map[string]error{}
	for _, e := range out.Errors {
		failed[strings.TrimPrefix(aws.ToString(e.Key), f.prefix)] = notRemoved(e)
	}
	return failed, nil
}

// notRemoved is the error of one name in a batch, filed as that of a request.
func notRemoved(e types.Error) error {
	err := &smithy.GenericAPIError{Code: aws.ToString(e.Code), Message: aws.ToString(e.Message)}
	_, _, class := judgeCode(err.Code, 0)
	return answerOf(err, class)
}
