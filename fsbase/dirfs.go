package fsbase

import (
	"context"
	"errors"
	"io"
	"io/fs"
	"slices"
	"strings"
)

// DirFS shows fsys as an [io/fs.FS], to walk it, serve it or glob in it. Every
// call runs under ctx. Folders are what names of streams have before a slash:
// they need [Lister], and where a stream has the name of a folder the stream is
// shown.
//
// The FS has ReadDir, Stat and ReadFile; its files have ReadAt and Seek, and
// the [Info] as Sys of their FileInfo.
func DirFS(ctx context.Context, fsys FileSystemBase) fs.FS {
	return &dirFS{ctx: ctx, fsys: fsys}
}

type dirFS struct {
	ctx  context.Context
	fsys FileSystemBase
}

var (
	_ fs.ReadDirFS  = (*dirFS)(nil)
	_ fs.StatFS     = (*dirFS)(nil)
	_ fs.ReadFileFS = (*dirFS)(nil)
)

func (d *dirFS) Open(name string) (fs.File, error) {
	if err := CheckCall(d.ctx, "open", name); err != nil {
		return nil, err
	}
	r, err := d.fsys.OpenStream(d.ctx, name)
	if err == nil {
		info := r.Info()
		return &file{SectionReader: io.NewSectionReader(r, 0, info.Size), stream: r, info: fileInfo(name, info)}, nil
	}
	if !errors.Is(err, fs.ErrNotExist) {
		return nil, err
	}
	if err := d.folder("open", name); err != nil {
		return nil, err
	}
	return &folder{dir: d, name: name}, nil
}

func (d *dirFS) Stat(name string) (fs.FileInfo, error) {
	info, err := Stat(d.ctx, d.fsys, name)
	if err == nil {
		return fileInfo(name, info), nil
	}
	if !errors.Is(err, fs.ErrNotExist) {
		return nil, err
	}
	if err := d.folder("stat", name); err != nil {
		return nil, err
	}
	return folderEntry(name), nil
}

func (d *dirFS) ReadFile(name string) ([]byte, error) {
	f, err := d.Open(name)
	if err != nil {
		return nil, err
	}
	defer f.Close()
	return io.ReadAll(f)
}

// folder says whether name is one.
func (d *dirFS) folder(op, name string) error {
	if name == "." {
		return nil
	}
	for _, err := range List(d.ctx, d.fsys, name+"/") {
		if errors.Is(err, errors.ErrUnsupported) {
			break
		}
		return err
	}
	return &fs.PathError{Op: op, Path: name, Err: fs.ErrNotExist}
}

func (d *dirFS) ReadDir(name string) ([]fs.DirEntry, error) {
	if err := CheckCall(d.ctx, "readdir", name); err != nil {
		return nil, err
	}
	prefix := name + "/"
	if name == "." {
		prefix = ""
	}
	entries := map[string]entry{}
	for info, err := range List(d.ctx, d.fsys, prefix) {
		if err != nil {
			return nil, err
		}
		first, _, below := strings.Cut(info.Path[len(prefix):], "/")
		if !below {
			entries[first] = fileInfo(first, info)
		} else if _, ok := entries[first]; !ok {
			entries[first] = folderEntry(first)
		}
	}
	if len(entries) == 0 && name != "." {
		err := fs.ErrNotExist
		if ok, _ := d.fsys.Exists(d.ctx, name); ok {
			err = errNotFolder
		}
		return nil, &fs.PathError{Op: "readdir", Path: name, Err: err}
	}
	list := make([]fs.DirEntry, 0, len(entries))
	for _, e := range entries {
		list = append(list, e)
	}
	slices.SortFunc(list, func(a, b fs.DirEntry) int { return strings.Compare(a.Name(), b.Name()) })
	return list, nil
}
