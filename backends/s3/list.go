package s3

import (
	"context"
	"errors"
	"iter"
	"net/url"
	"slices"
	"strings"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/s3"
	"github.com/aws/aws-sdk-go-v2/service/s3/types"

	"github.com/godcp/godcp/fsbase"
)

// List is one request for each 1,000 keys. Keys that are no paths of ours, such
// as the folder markers of consoles, are left out. C8.
func (f *FS) List(ctx context.Context, prefix string) iter.Seq2[fsbase.Info, error] {
	return func(yield func(fsbase.Info, error) bool) {
		for page, err := range f.pages(ctx, prefix) {
			if err != nil {
				yield(fsbase.Info{}, pathError("list", prefix, err))
				return
			}
			for _, info := range page {
				if !yield(info, nil) {
					return
				}
			}
		}
	}
}

// pages yields the streams of each answer, in byte order of their names over
// all. An error ends it.
func (f *FS) pages(ctx context.Context, prefix string) iter.Seq2[[]fsbase.Info, error] {
	return func(yield func([]fsbase.Info, error) bool) {
		if err := fsbase.CheckPrefix(ctx, "list", prefix); err != nil {
			yield(nil, err)
			return
		}
		if f.site.directory {
			all, err := f.unordered(ctx, prefix)
			yield(all, err)
			return
		}
		last := ""
		for page, err := range f.answers(ctx, f.prefix+prefix) {
			if err == nil && !ordered(last, page) {
				err = errors.New("the store does not list in byte order")
			}
			if !yield(page, err) || err != nil {
				return
			}
			if len(page) > 0 {
				last = page[len(page)-1].Path
			}
		}
	}
}

// ordered tells whether the names of a page come after last, each after the one
// before it.
func ordered(last string, page []fsbase.Info) bool {
	for _, info := range page {
		if info.Path <= last {
			return false
		}
		last = info.Path
	}
	return true
}

// unordered is for directory buckets, which list in no order and only what is
// below a folder.
func (f *FS) unordered(ctx context.Context, prefix string) ([]fsbase.Info, error) {
	folder := f.prefix + prefix[:strings.LastIndexByte(prefix, '/')+1]
	var all []fsbase.Info
	for page, err := range f.answers(ctx, folder) {
		if err != nil {
			return nil, err
		}
		all = append(all, page...)
	}
	all = slices.DeleteFunc(all, func(i fsbase.Info) bool { return !strings.HasPrefix(i.Path, prefix) })
	slices.SortFunc(all, func(a, b fsbase.Info) int { return strings.Compare(a.Path, b.Path) })
	return all, nil
}

// answers makes the requests for the keys with a prefix.
func (f *FS) answers(ctx context.Context, keyPrefix string) iter.Seq2[[]fsbase.Info, error] {
	return func(yield func([]fsbase.Info, error) bool) {
		in := &s3.ListObjectsV2Input{Bucket: &f.bucket, Prefix: &keyPrefix, EncodingType: types.EncodingTypeUrl}
		for {
			out, err := ask(ctx, f, f.client.ListObjectsV2, in)
			var page []fsbase.Info
			if err == nil {
				page, err = f.streams(out, keyPrefix)
			}
			if !yield(page, err) || err != nil || !aws.ToBool(out.IsTruncated) {
				return
			}
			in.ContinuationToken = out.NextContinuationToken
			if in.ContinuationToken == nil {
				yield(nil, errors.New("the store says that there is more, and not where"))
				return
			}
		}
	}
}

// streams are the keys of an answer that are paths below f's prefix. A key that
// was not asked for ends the list: RemoveAll would remove it.
func (f *FS) streams(out *s3.ListObjectsV2Output, keyPrefix string) ([]fsbase.Info, error) {
	page := make([]fsbase.Info, 0, len(out.Contents))
	for _, o := range out.Contents {
		key := aws.ToString(o.Key)
		if out.EncodingType == types.EncodingTypeUrl {
			var err error
			if key, err = url.QueryUnescape(key); err != nil {
				return nil, errors.New("a listed key is not encoded as the store says")
			}
		}
		if !strings.HasPrefix(key, keyPrefix) {
			return nil, errors.New("the store lists keys without the prefix that was asked for")
		}
		path := key[len(f.prefix):]
		if f.site.checkName(path) != nil || path == "." {
			continue
		}
		page = append(page, fsbase.Info{
			Path: path, Size: aws.ToInt64(o.Size), Version: version(o.ETag),
			// All that a GET or HEAD can tell, whose header has whole seconds. W12.
			ModTime: aws.ToTime(o.LastModified).Truncate(time.Second),
		})
	}
	return page, nil
}
