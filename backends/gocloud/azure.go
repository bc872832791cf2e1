package gocloud

import (
	"errors"
	"strings"
	"unicode"

	"github.com/Azure/azure-sdk-for-go/sdk/azcore"
	azblob "github.com/Azure/azure-sdk-for-go/sdk/storage/azblob/blob"
	"github.com/Azure/azure-sdk-for-go/sdk/storage/azblob/container"
	"gocloud.dev/blob"

	"github.com/godcp/godcp/fsbase"
)

// azure is a file system of which is known that it is on Azure.
type azure struct{ *FS }

// quoted is a version as an ETag. What no ETag can be, which could not even be
// sent, becomes one that no blob has, and so does "*", which Azurite takes for
// any version also in quotes.
func quoted(v fsbase.Version) *azcore.ETag {
	if v == "*" || strings.ContainsFunc(string(v), func(r rune) bool { return r == '"' || unicode.IsControl(r) }) {
		v = "none"
	}
	etag := azcore.ETag(`"` + v + `"`)
	return &etag
}

// conditions are a condition as Azure has it.
func conditions(cond fsbase.Condition) *azblob.AccessConditions {
	m := &azblob.ModifiedAccessConditions{}
	if cond.Absent() {
		any := azcore.ETagAny
		m.IfNoneMatch = &any
	} else if cond.Version() != "" {
		m.IfMatch = quoted(cond.Version())
	}
	return &azblob.AccessConditions{ModifiedAccessConditions: m}
}

// pinned are the options of a read of one version, if it has one.
func (f *FS) pinned(info fsbase.Info) *blob.ReaderOptions {
	if f.azure == nil || info.Version == "" {
		return nil
	}
	return &blob.ReaderOptions{BeforeRead: func(as func(any) bool) error {
		var o *azblob.DownloadStreamOptions
		if as(&o) {
			o.AccessConditions = conditions(fsbase.IfVersion(info.Version))
		}
		return nil
	}}
}

// seen is what an answer tells of the object, or an error if that is not the
// one that was asked for. Other drivers tell size and time only: fetch looks
// again.
func (f *FS) seen(r *blob.Reader, want fsbase.Info) (fsbase.Info, error) {
	got := want
	got.Size = r.Size()
	if f.azure != nil {
		var answer azblob.DownloadStreamResponse
		if !r.As(&answer) || answer.ETag == nil {
			return want, errors.New("an answer without an ETag")
		}
		got.Version, got.ModTime = fsbase.Version(strings.Trim(string(*answer.ETag), `"`)), r.ModTime()
		got.Sum = sumOf(answer.BlobContentMD5)
	}
	if want.Version != "" && got.Version != want.Version || want.Size >= 0 && got.Size != want.Size {
		return want, fsbase.ErrChanged
	}
	return got, nil
}

// changed is the error of a read: a condition that does not hold means that
// the version is gone.
func (f *FS) changed(err error) error {
	if classOf(err) == fsbase.ErrPrecondition {
		return driverError{fsbase.ErrChanged, err}
	}
	return err
}

// deleteOptions are those of a removal of one version.
func deleteOptions(v fsbase.Version) *blob.DeleteOptions {
	return &blob.DeleteOptions{BeforeDelete: func(as func(any) bool) error {
		var o *azblob.DeleteOptions
		if as(&o) {
			o.AccessConditions = conditions(fsbase.IfVersion(v))
		}
		return nil
	}}
}

// copyOptions are those of a copy of a version under a condition, with a mark of
// its own.
func copyOptions(from fsbase.Version, cond fsbase.Condition, mark string) *blob.CopyOptions {
	return &blob.CopyOptions{BeforeCopy: func(as func(any) bool) error {
		var o *azblob.StartCopyFromURLOptions
		if as(&o) {
			o.SourceModifiedAccessConditions = &azblob.SourceModifiedAccessConditions{SourceIfMatch: quoted(from)}
			o.AccessConditions = conditions(cond)
			o.Metadata = map[string]*string{markKey: &mark}
		}
		return nil
	}}
}

// listedVersion is the version of a listed object.
func listedVersion(o *blob.ListObject) fsbase.Version {
	var item container.BlobItem
	if o.As(&item) && item.Properties != nil && item.Properties.ETag != nil {
		return fsbase.Version(strings.Trim(string(*item.Properties.ETag), `"`))
	}
	return ""
}
