package fsbase_test

import (
	"bytes"
	"context"
	"io/fs"
	"iter"
	"maps"
	"slices"
	"strconv"
	"sync"

	"github.com/godcp/godcp/fsbase"
)

// partFS keeps streams in parts of a few bytes, and lists them in the order of
// a map, twice.
type partFS struct {
	fsbase.Flat
	size int

	mu    sync.Mutex
	next  int
	files map[string]partFile
	parts map[string][]byte // by id and number: also those that nobody sees
}

type partFile struct {
	id   string
	info fsbase.Info
}

func newPartFS(size int) *partFS {
	return &partFS{size: size, files: map[string]partFile{}, parts: map[string][]byte{}}
}

func partName(id string, n int64) string { return id + "/" + strconv.FormatInt(n, 10) }

func (f *partFS) drop(id string, n int64) {
	for i := range n {
		delete(f.parts, partName(id, i))
	}
}

func (f *partFS) count(size int64) int64 { return (size + int64(f.size) - 1) / int64(f.size) }

func (f *partFS) CreateStream(ctx context.Context, path string) (fsbase.WriteStream, error) {
	return f.create(ctx, path, false)
}

func (f *partFS) CreateExclusive(ctx context.Context, path string) (fsbase.WriteStream, error) {
	return f.create(ctx, path, true)
}

func (f *partFS) create(ctx context.Context, path string, absent bool) (fsbase.WriteStream, error) {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.next++
	id, put := strconv.Itoa(f.next), int64(0)
	return fsbase.NewPartWriter(ctx, path, fsbase.Parts{
		Size: f.size,
		Put: func(_ context.Context, n int64, part []byte) error {
			f.mu.Lock()
			defer f.mu.Unlock()
			f.parts[partName(id, n)], put = bytes.Clone(part), n+1
			return nil
		},
		Commit: func(_ context.Context, n, size int64) (fsbase.Info, error) {
			f.mu.Lock()
			defer f.mu.Unlock()
			old, ok := f.files[path]
			if ok && absent {
				return fsbase.Info{}, fsbase.ErrExist()
			}
			f.drop(old.id, f.count(old.info.Size))
			info := fsbase.Info{Path: path, Size: size, Version: fsbase.Version(id)}
			f.files[path] = partFile{id, info}
			return info, nil
		},
		Discard: func(context.Context) error {
			f.mu.Lock()
			defer f.mu.Unlock()
			f.drop(id, put)
			return nil
		},
	}), fsbase.CheckWrite(ctx, "create", path)
}

func (f *partFS) Stat(ctx context.Context, path string) (fsbase.Info, error) {
	file, err := f.find(ctx, path)
	return file.info, err
}

func (f *partFS) find(ctx context.Context, path string) (partFile, error) {
	if err := fsbase.CheckCall(ctx, "stat", path); err != nil {
		return partFile{}, err
	}
	f.mu.Lock()
	defer f.mu.Unlock()
	file, ok := f.files[path]
	if !ok {
		return partFile{}, &fs.PathError{Op: "stat", Path: path, Err: fs.ErrNotExist}
	}
	return file, nil
}

func (f *partFS) OpenStream(ctx context.Context, path string) (fsbase.ReadStream, error) {
	file, err := f.find(ctx, path)
	return fsbase.NewPartReader(ctx, file.info, f.size, func(_ context.Context, n int64) ([]byte, error) {
		f.mu.Lock()
		defer f.mu.Unlock()
		part, ok := f.parts[partName(file.id, n)]
		if !ok {
			return nil, fsbase.ErrChanged
		}
		return part, nil
	}), err
}

func (f *partFS) Exists(ctx context.Context, path string) (bool, error) {
	return fsbase.ExistsByStat(ctx, f, path)
}

func (f *partFS) Rename(ctx context.Context, path, newPath string) error {
	if err := fsbase.CheckCall(ctx, "rename", path, newPath); err != nil {
		return err
	}
	r, err := f.OpenStream(ctx, path)
	if err != nil {
		return err
	}
	defer r.Close()
	if path == newPath {
		return nil
	}
	if _, err := fsbase.Upload(ctx, f, newPath, r, r.Info().Size, fsbase.Condition{}); err != nil {
		return err
	}
	return f.RmFile(ctx, path)
}

func (f *partFS) RmFile(ctx context.Context, path string) error {
	if err := fsbase.CheckCall(ctx, "remove", path); err != nil {
		return err
	}
	f.mu.Lock()
	defer f.mu.Unlock()
	file := f.files[path]
	f.drop(file.id, f.count(file.info.Size))
	delete(f.files, path)
	return nil
}

func (f *partFS) List(ctx context.Context, prefix string) iter.Seq2[fsbase.Info, error] {
	return fsbase.ListNames(ctx, f, prefix, func() ([]string, error) {
		f.mu.Lock()
		defer f.mu.Unlock()
		return slices.AppendSeq(slices.Collect(maps.Keys(f.files)), maps.Keys(f.files)), nil
	})
}

func (f *partFS) residue() (names []string) {
	f.mu.Lock()
	defer f.mu.Unlock()
	kept := map[string]bool{}
	for _, file := range f.files {
		for i := range f.count(file.info.Size) {
			kept[partName(file.id, i)] = true
		}
	}
	for name := range f.parts {
		if !kept[name] {
			names = append(names, name)
		}
	}
	return names
}
