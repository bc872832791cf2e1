package gocloud

import (
	"context"
	"encoding/base64"
	"errors"
	"fmt"
	"io/fs"
	"strings"

	"gocloud.dev/blob"

	"github.com/godcp/godcp/fsbase"
)

// markKey is the metadata key of the mark that tells our write from another's.
// It is part of the format: older objects have it.
const markKey = "godcp_write"

// Stat describes the object of that name: one request.
func (f *FS) Stat(ctx context.Context, p string) (fsbase.Info, error) {
	a, err := f.stat(ctx, "stat", p)
	if err != nil {
		return fsbase.Info{}, err
	}
	return f.infoOf(p, a), nil
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
func (f *FS) stat(ctx context.Context, op, p string) (*blob.Attributes, error) {
	if err := f.checkRead(ctx, op, p); err != nil {
		return nil, err
	}
	a, err := f.attributes(ctx, p)
	return a, fail(ctx, op, p, err)
}

// attributes asks for an object. The error is the driver's.
func (f *FS) attributes(ctx context.Context, p string) (a *blob.Attributes, err error) {
	err = f.guarded(ctx, func(ctx context.Context, _ func()) (err error) {
		a, err = f.bucket.Attributes(ctx, p)
		return err
	})
	return a, err
}

func (f *FS) infoOf(p string, a *blob.Attributes) fsbase.Info {
	return fsbase.Info{Path: p, Size: a.Size, ModTime: a.ModTime, Version: f.versionOf(a), Sum: sumOf(a.MD5)}
}

// versionOf is the ETag, and for drivers of which it is not known how much an
// ETag is worth, the mark of the write too.
func (f *FS) versionOf(a *blob.Attributes) fsbase.Version {
	etag := strings.Trim(a.ETag, `"`)
	if f.azure != nil {
		return fsbase.Version(etag)
	}
	if etag == "" {
		etag = fmt.Sprintf("%x-%x", a.ModTime.UnixNano(), a.Size)
	}
	return fsbase.Version(strings.TrimSuffix(etag+"+"+a.Metadata[markKey], "+"))
}

func sumOf(md5 []byte) fsbase.Checksum {
	if len(md5) == 0 {
		return fsbase.Checksum{}
	}
	return fsbase.Checksum{Algorithm: "md5", Value: base64.StdEncoding.EncodeToString(md5)}
}
