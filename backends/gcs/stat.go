package gcs

import (
	"context"
	"encoding/base64"
	"encoding/binary"
	"errors"
	"io/fs"
	"strconv"

	"cloud.google.com/go/storage"

	"github.com/godcp/godcp/fsbase"
)

// Stat describes the object of that name: one request.
func (f *FS) Stat(ctx context.Context, p string) (fsbase.Info, error) {
	attrs, err := f.stat(ctx, "stat", p)
	if err != nil {
		return fsbase.Info{}, err
	}
	return infoOf(p, attrs), nil
}

// Exists tells whether there is an object of that name: one request.
func (f *FS) Exists(ctx context.Context, p string) (bool, error) {
	_, err := f.stat(ctx, "exists", p)
	if errors.Is(err, fs.ErrNotExist) {
		return false, nil
	}
	return err == nil, err
}

// stat checks a path and asks for its object.
func (f *FS) stat(ctx context.Context, op, p string) (*storage.ObjectAttrs, error) {
	if err := checkRead(ctx, op, p); err != nil {
		return nil, err
	}
	attrs, err := f.attrs(ctx, p)
	return attrs, fail(ctx, op, p, err)
}

// attrs asks for an object. The error is the client's.
func (f *FS) attrs(ctx context.Context, p string) (attrs *storage.ObjectAttrs, err error) {
	err = f.call(ctx, func(ctx context.Context, _ func(int64)) (err error) {
		attrs, err = f.object(p).Attrs(ctx)
		return err
	})
	return attrs, err
}

func infoOf(p string, a *storage.ObjectAttrs) fsbase.Info {
	return fsbase.Info{Path: p, Size: a.Size, ModTime: a.Updated, Version: versionOf(a.Generation), Sum: sumOf(a.CRC32C)}
}

func sumOf(crc32c uint32) fsbase.Checksum {
	return fsbase.Checksum{
		Algorithm: "crc32c",
		Value:     base64.StdEncoding.EncodeToString(binary.BigEndian.AppendUint32(nil, crc32c)),
	}
}

func versionOf(generation int64) fsbase.Version {
	return fsbase.Version(strconv.FormatInt(generation, 10))
}

// generationOf is the generation that a version is, and false for what is none:
// no object has it.
func generationOf(v fsbase.Version) (int64, bool) {
	n, err := strconv.ParseInt(string(v), 10, 64)
	return n, err == nil && n > 0 && versionOf(n) == v
}
