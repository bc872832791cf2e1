package gocloud

import (
	"context"
	"errors"
	"io"
	"io/fs"
	"iter"
	"slices"
	"strings"

	"gocloud.dev/blob"

	"github.com/godcp/godcp/fsbase"
)

// List makes a request for each page of the driver and, on other drivers than
// Azure's, which do not tell versions, one for each object that is taken.
// Objects whose names are no paths are left out.
//
// All names are collected before the first is yielded, because drivers list in
// the order of what they make of names, or of folders.
func (f *FS) List(ctx context.Context, prefix string) iter.Seq2[fsbase.Info, error] {
	return func(yield func(fsbase.Info, error) bool) {
		const op = "list"
		if err := fsbase.CheckPrefix(ctx, op, prefix); err != nil {
			yield(fsbase.Info{}, err)
			return
		}
		objects, err := f.collect(ctx, prefix)
		if err != nil {
			yield(fsbase.Info{}, fail(ctx, op, prefix, err))
			return
		}
		for _, o := range objects {
			info, err := f.listed(ctx, o)
			if err == nil {
				err = ctx.Err()
			}
			switch {
			case err != nil:
				yield(fsbase.Info{}, fail(ctx, op, prefix, err))
				return
			case info.Path != "" && !yield(info, nil):
				return
			}
		}
	}
}

// collect returns the objects with a prefix in the order of their names.
func (f *FS) collect(ctx context.Context, prefix string) (all []*blob.ListObject, err error) {
	objects := f.bucket.List(&blob.ListOptions{Prefix: prefix})
	for {
		var o *blob.ListObject
		err := f.guarded(ctx, func(ctx context.Context, _ func()) (err error) {
			o, err = objects.Next(ctx)
			return err
		})
		if err == io.EOF { // itself, and not an error that a driver has of one
			break
		} else if err != nil {
			return nil, err
		}
		if fs.ValidPath(o.Key) && strings.HasPrefix(o.Key, prefix) {
			all = append(all, o)
		}
	}
	slices.SortFunc(all, func(a, b *blob.ListObject) int { return strings.Compare(a.Key, b.Key) })
	return all, nil
}

// listed is the Info of a listed object, without a path if it is gone.
func (f *FS) listed(ctx context.Context, o *blob.ListObject) (fsbase.Info, error) {
	if f.azure != nil {
		return fsbase.Info{Path: o.Key, Size: o.Size, ModTime: o.ModTime, Version: listedVersion(o), Sum: sumOf(o.MD5)}, nil
	}
	a, err := f.attributes(ctx, o.Key)
	if classOf(err) == fs.ErrNotExist {
		return fsbase.Info{}, nil
	} else if err != nil {
		return fsbase.Info{}, err
	}
	return f.infoOf(o.Key, a), nil
}

// RemoveAll removes what List yields, one after the other. What somebody else
// removes meanwhile is not yielded.
func (f *FS) RemoveAll(ctx context.Context, prefix string) iter.Seq2[string, error] {
	return func(yield func(string, error) bool) {
		for info, err := range f.List(ctx, prefix) {
			if err == nil {
				err = f.RmFile(ctx, info.Path)
			}
			switch {
			case errors.Is(err, fs.ErrNotExist) && info.Path != "":
			case err != nil:
				yield("", err)
				return
			case !yield(info.Path, nil):
				return
			}
		}
	}
}
