package memfs

import (
	"context"
	"io"
	"io/fs"
	"sync"

	"github.com/godcp/godcp/fsbase"
)

// The parts of an Upload and how many are read at once.
const (
	uploadPart    = 1 << 20
	uploadReaders = 4
)

// Upload publishes the first size bytes of src, read in parallel.
func (f *FS) Upload(ctx context.Context, path string, src io.ReaderAt, size int64, cond fsbase.Condition) (fsbase.Info, error) {
	if size < 0 {
		return fsbase.Info{}, &fs.PathError{Op: "upload", Path: path, Err: fs.ErrInvalid}
	}
	op, err := f.begin(ctx, path, cond)
	if err != nil {
		return fsbase.Info{}, err
	}
	var content []byte
	op.Kind = OpWrite
	err = f.do(ctx, op, func() (err error) {
		content, err = readParts(ctx, src, size)
		return err
	})
	if err != nil {
		return fsbase.Info{}, err
	}
	return f.publish(ctx, op, cond, content)
}

// readParts reads size bytes of src. The last one first: a source that has it
// is as large as size claims.
func readParts(ctx context.Context, src io.ReaderAt, size int64) ([]byte, error) {
	if size == 0 {
		return nil, nil
	}
	if err := fsbase.ReadSource(src, make([]byte, 1), size-1); err != nil {
		return nil, err
	}
	content := make([]byte, size)
	offsets := make(chan int64)
	errs := make([]error, uploadReaders)
	var readers sync.WaitGroup
	for i := range errs {
		readers.Go(func() {
			for off := range offsets {
				if errs[i] == nil {
					errs[i] = fsbase.ReadSource(src, content[off:min(off+uploadPart, size)], off)
				}
			}
		})
	}
	for off := int64(0); off < size && ctx.Err() == nil; off += uploadPart {
		offsets <- off
	}
	close(offsets)
	readers.Wait()
	for _, err := range append(errs, ctx.Err()) {
		if err != nil {
			return nil, err
		}
	}
	return content, nil
}
