package s3

import (
	"context"
	"crypto/rand"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/s3"

	"github.com/godcp/godcp/fsbase"
)

// Rename is one request in a directory bucket. Elsewhere S3 has none: it is a
// Copy and then a DELETE, and what comes between them leaves both names. O3.
func (f *FS) Rename(ctx context.Context, path, newPath string) error {
	const op = "rename"
	from, err := f.key(ctx, op, path)
	if err != nil {
		return err
	}
	to, err := f.writeKey(ctx, op, newPath)
	if err != nil {
		return err
	}
	if f.site.directory && from != to {
		// On any other kind of bucket this makes an empty object, and says 200.
		// The token makes a second request the same as the first.
		_, err = ask(ctx, f, lingeringly(f.client.RenameObject), &s3.RenameObjectInput{
			Bucket: &f.bucket, Key: &to, RenameSource: aws.String(escape(from)), ClientToken: aws.String(rand.Text()),
		})
		return pathError(op, path, err)
	}
	o, err := f.head(ctx, from, "")
	if err != nil || from == to {
		return pathError(op, path, err)
	}
	if _, err := f.copyTo(ctx, from, to, o, fsbase.Condition{}); err != nil {
		return pathError(op, newPath, err)
	}
	var ifMatch *string
	if f.site.aws { // many others ignore it, or refuse the request for it
		ifMatch = etag(o.version)
	}
	return pathError(op, path, changed(f.remove(ctx, from, ifMatch), o.version))
}
