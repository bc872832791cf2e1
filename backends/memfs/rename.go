package memfs

import (
	"context"
	"errors"
	"io/fs"
	"iter"

	"github.com/godcp/godcp/fsbase"
)

// Rename moves a stream, atomically.
func (f *FS) Rename(ctx context.Context, path, newPath string) error {
	if err := fsbase.CheckPath("rename", path); err != nil {
		return err
	}
	if err := fsbase.CheckWrite(ctx, "rename", newPath); err != nil {
		return err
	}
	return f.change(ctx, Op{Kind: OpRename, Path: path, To: newPath}, func(names map[string]*file) (map[string]*file, error) {
		fl, ok := names[path]
		if !ok {
			return nil, fs.ErrNotExist
		}
		c := map[string]*file{path: nil}
		c[newPath] = fl // of a rename to the same name this alone is left
		return c, nil
	})
}

// RmFile removes a stream.
func (f *FS) RmFile(ctx context.Context, path string) error {
	if err := fsbase.CheckCall(ctx, "remove", path); err != nil {
		return err
	}
	return f.change(ctx, Op{Kind: OpRemove, Path: path}, func(names map[string]*file) (map[string]*file, error) {
		if _, ok := names[path]; !ok {
			return nil, fs.ErrNotExist
		}
		return map[string]*file{path: nil}, nil
	})
}

// RemoveAll removes what List yields, one after the other. What somebody else
// removes meanwhile is not yielded.
func (f *FS) RemoveAll(ctx context.Context, prefix string) iter.Seq2[string, error] {
	return func(yield func(string, error) bool) {
		infos, err := f.list(ctx, prefix)
		if err != nil {
			yield("", err)
			return
		}
		for _, info := range infos {
			err := f.RmFile(ctx, info.Path)
			switch {
			case errors.Is(err, fs.ErrNotExist):
			case err != nil:
				yield("", err)
				return
			case !yield(info.Path, nil):
				return
			}
		}
	}
}

// Copy publishes the content of src as dst. Both share the memory.
func (f *FS) Copy(ctx context.Context, src, dst string, cond fsbase.Condition) (fsbase.Info, error) {
	if err := cond.Check("copy", dst); err != nil {
		return fsbase.Info{}, err
	}
	if err := fsbase.CheckPath("copy", src); err != nil {
		return fsbase.Info{}, err
	}
	if err := fsbase.CheckWrite(ctx, "copy", dst); err != nil {
		return fsbase.Info{}, err
	}
	var fl *file
	err := f.change(ctx, Op{Kind: OpCopy, Path: src, To: dst}, func(names map[string]*file) (map[string]*file, error) {
		from, ok := names[src]
		if !ok {
			return nil, fs.ErrNotExist
		}
		fl = newFile(from.content, !f.unsynced)
		return map[string]*file{dst: fl}, holds(cond, names[dst])
	})
	if err != nil {
		return fsbase.Info{}, err
	}
	return fl.infoAs(dst), nil
}
