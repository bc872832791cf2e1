package gcs

import (
	"context"
	"errors"
	"io/fs"
	"iter"
	"strings"

	"cloud.google.com/go/storage"
	"google.golang.org/api/iterator"

	"github.com/godcp/godcp/fsbase"
)

// pageSize is how many objects one request lists, the most that the service
// gives.
const pageSize = 1000

var errUnasked = errors.New("the service lists names without the prefix that was asked for")

// List makes a request for each thousand objects. Objects whose names are no
// paths, such as the "folder/" that consoles make, are left out.
func (f *FS) List(ctx context.Context, prefix string) iter.Seq2[fsbase.Info, error] {
	return func(yield func(fsbase.Info, error) bool) {
		const op = "list"
		if err := fsbase.CheckPrefix(ctx, op, prefix); err != nil {
			yield(fsbase.Info{}, err)
			return
		}
		for token, more := "", true; more; more = token != "" {
			objects, next, err := f.page(ctx, prefix, token)
			if err != nil {
				yield(fsbase.Info{}, fail(ctx, op, prefix, err))
				return
			}
			token = next
			for _, o := range objects {
				if !strings.HasPrefix(o.Name, prefix) { // RemoveAll would remove it
					yield(fsbase.Info{}, fail(ctx, op, prefix, errUnasked))
					return
				}
				if fs.ValidPath(o.Name) && !yield(infoOf(o.Name, o), nil) {
					return
				}
			}
		}
	}
}

// page asks for the objects after the page that gave token.
func (f *FS) page(ctx context.Context, prefix, token string) (objects []*storage.ObjectAttrs, next string, err error) {
	q := &storage.Query{Prefix: prefix, Projection: storage.ProjectionNoACL}
	if err := q.SetAttrSelection([]string{"Name", "Size", "Updated", "Generation", "CRC32C"}); err != nil {
		return nil, "", err
	}
	err = f.call(ctx, func(ctx context.Context, _ func(int64)) (err error) {
		objects = nil
		next, err = iterator.NewPager(f.bucket.Objects(ctx, q), pageSize, token).NextPage(&objects)
		return err
	})
	return objects, next, err
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
