package gcs

import (
	"context"
	"hash/crc32"

	"cloud.google.com/go/storage"

	"github.com/godcp/godcp/fsbase"
)

// OpenStream asks for the object and pins its generation: one request, and one
// for each ReadAt. A generation that was replaced is fsbase.ErrChanged, also
// where the bucket keeps old versions.
func (f *FS) OpenStream(ctx context.Context, p string) (fsbase.ReadStream, error) {
	attrs, err := f.stat(ctx, "open", p)
	if err != nil {
		return nil, err
	}
	info := infoOf(p, attrs)
	return fsbase.NewReadStream(ctx, info, func(p []byte, off int64) (int, error) {
		if err := f.fill(ctx, info, attrs, p, off); err != nil {
			return 0, fail(ctx, "read", info.Path, err)
		}
		return len(p), nil
	}), nil
}

// fill reads bytes that are there. All of an object is compared with its
// CRC32C; parts of one cannot be.
func (f *FS) fill(ctx context.Context, info fsbase.Info, attrs *storage.ObjectAttrs, p []byte, off int64) error {
	if _, err := f.fetch(ctx, info.Path, attrs.Generation, [][]byte{p}, off); err != nil {
		return err
	}
	if int64(len(p)) == info.Size && crc32.Checksum(p, castagnoli) != attrs.CRC32C {
		return ErrChecksum
	}
	return nil
}
