package fsbase

import (
	"errors"
	"io"
	"io/fs"
	"path"
	"time"
)

// file is an open stream as io/fs has it.
type file struct {
	*io.SectionReader
	stream ReadStream
	info   entry
}

func (f *file) Stat() (fs.FileInfo, error) { return f.info, nil }
func (f *file) Close() error               { return f.stream.Close() }

// folder is an open folder. It is listed with the first ReadDir.
type folder struct {
	dir    *dirFS
	name   string
	read   bool
	rest   []fs.DirEntry
	closed bool
}

func (f *folder) Stat() (fs.FileInfo, error) { return folderEntry(f.name), nil }

func (f *folder) Read([]byte) (int, error) {
	return 0, &fs.PathError{Op: "read", Path: f.name, Err: errFolder}
}

func (f *folder) Close() error {
	f.closed = true
	return nil
}

func (f *folder) ReadDir(n int) ([]fs.DirEntry, error) {
	if f.closed {
		return nil, &fs.PathError{Op: "readdir", Path: f.name, Err: fs.ErrClosed}
	}
	if !f.read {
		entries, err := f.dir.ReadDir(f.name)
		if err != nil {
			return nil, err
		}
		f.rest, f.read = entries, true
	}
	if n <= 0 {
		n = len(f.rest)
	} else if len(f.rest) == 0 {
		return nil, io.EOF
	}
	n = min(n, len(f.rest))
	next := f.rest[:n:n]
	f.rest = f.rest[n:]
	return next, nil
}

var (
	errFolder    = errors.New("is a folder")
	errNotFolder = errors.New("not a folder")
)

// entry is the FileInfo and DirEntry of a stream or a folder.
type entry struct {
	name string
	info *Info // nil for a folder
}

func fileInfo(name string, info Info) entry { return entry{path.Base(name), &info} }
func folderEntry(name string) entry         { return entry{path.Base(name), nil} }

func (e entry) Name() string               { return e.name }
func (e entry) IsDir() bool                { return e.info == nil }
func (e entry) Type() fs.FileMode          { return e.Mode().Type() }
func (e entry) Info() (fs.FileInfo, error) { return e, nil }
func (e entry) String() string             { return fs.FormatFileInfo(e) }

func (e entry) Mode() fs.FileMode {
	if e.IsDir() {
		return fs.ModeDir | 0o555
	}
	return 0o444
}

func (e entry) Size() int64 {
	if e.IsDir() {
		return 0
	}
	return e.info.Size
}

func (e entry) ModTime() time.Time {
	if e.IsDir() {
		return time.Time{}
	}
	return e.info.ModTime
}

func (e entry) Sys() any {
	if e.IsDir() {
		return nil
	}
	return *e.info
}
