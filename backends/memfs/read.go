package memfs

import (
	"context"
	"io/fs"
	"iter"
	"maps"
	"slices"
	"strings"

	"github.com/godcp/godcp/fsbase"
)

// OpenStream opens the content that is there now; it stays readable whatever
// becomes of the name.
func (f *FS) OpenStream(ctx context.Context, path string) (fsbase.ReadStream, error) {
	fl, err := f.read(ctx, OpOpen, path)
	if err != nil {
		return nil, err
	}
	r := fsbase.NewBytesReader(ctx, fl.infoAs(path), fl.content)
	return &readStream{ReadStream: r, disk: f.disk, ctx: ctx, op: Op{Kind: OpRead, Path: path, Stream: f.streams.Add(1)}}, nil
}

// read is a step that finds the file of that name.
func (f *FS) read(ctx context.Context, kind Kind, path string) (fl *file, err error) {
	if err := fsbase.CheckCall(ctx, string(kind), path); err != nil {
		return nil, err
	}
	err = f.do(ctx, Op{Kind: kind, Path: path}, func() error {
		var ok bool
		if fl, ok = f.lookup(path); !ok {
			return fs.ErrNotExist
		}
		return nil
	})
	return fl, err
}

// readStream is a reader with hooks.
type readStream struct {
	fsbase.ReadStream
	disk *disk
	ctx  context.Context
	op   Op
}

func (r *readStream) ReadAt(p []byte, off int64) (n int, err error) {
	if r.disk.hook.Load() == nil {
		return r.ReadStream.ReadAt(p, off)
	}
	hookErr := r.disk.do(r.ctx, r.op, func() error {
		n, err = r.ReadStream.ReadAt(p, off)
		return nil
	})
	if hookErr != nil {
		return 0, hookErr
	}
	return n, err
}

// ReadRanges fills every Dst from one version.
func (f *FS) ReadRanges(ctx context.Context, path string, pin fsbase.Version, ranges []fsbase.Range) (fsbase.Info, error) {
	fl, err := f.read(ctx, OpRead, path)
	if err != nil {
		return fsbase.Info{}, err
	}
	if pin != "" && pin != fl.info.Version {
		return fsbase.Info{}, &fs.PathError{Op: "read", Path: path, Err: fsbase.ErrChanged}
	}
	if err := fsbase.CheckRanges(path, fl.info.Size, ranges); err != nil {
		return fsbase.Info{}, err
	}
	for _, g := range ranges {
		copy(g.Dst, fl.content[g.Offset:])
	}
	return fl.infoAs(path), nil
}

// Stat describes the stream of that name.
func (f *FS) Stat(ctx context.Context, path string) (fsbase.Info, error) {
	fl, err := f.read(ctx, OpStat, path)
	if err != nil {
		return fsbase.Info{}, err
	}
	return fl.infoAs(path), nil
}

// Exists tells whether a stream of that name is there.
func (f *FS) Exists(ctx context.Context, path string) (bool, error) {
	if err := fsbase.CheckCall(ctx, string(OpExists), path); err != nil {
		return false, err
	}
	var ok bool
	err := f.do(ctx, Op{Kind: OpExists, Path: path}, func() error {
		_, ok = f.lookup(path)
		return nil
	})
	return ok && err == nil, err
}

// List yields what was there at one moment, when the iteration began.
func (f *FS) List(ctx context.Context, prefix string) iter.Seq2[fsbase.Info, error] {
	return func(yield func(fsbase.Info, error) bool) {
		infos, err := f.list(ctx, prefix)
		for _, info := range infos {
			if err = ctx.Err(); err != nil {
				err = fsbase.PathError("list", prefix, err)
				break
			}
			if !yield(info, nil) {
				return
			}
		}
		if err != nil {
			yield(fsbase.Info{}, err)
		}
	}
}

func (f *FS) list(ctx context.Context, prefix string) (infos []fsbase.Info, err error) {
	if err := fsbase.CheckPrefix(ctx, "list", prefix); err != nil {
		return nil, err
	}
	err = f.do(ctx, Op{Kind: OpList, Path: prefix}, func() error {
		f.mu.Lock()
		defer f.mu.Unlock()
		for _, name := range slices.Sorted(maps.Keys(f.names)) {
			if strings.HasPrefix(name, prefix) {
				infos = append(infos, f.names[name].infoAs(name))
			}
		}
		return nil
	})
	if err != nil {
		return nil, err
	}
	return infos, nil
}
