package local

import (
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"sync"
	"sync/atomic"

	"github.com/godcp/godcp/fsbase"
)

const (
	blockSize  = 4 << 20  // of one write, and of one buffer
	inFlight   = 4        // blocks at once
	alignment  = 4096     // of memory, offset and length of a write past the page cache
	directFrom = 16 << 20 // below, the page cache is as fast, and a reader soon to come finds the bytes in it
)

// Upload reads src in blocks, several at once, and writes each with one copy:
// on Linux past the page cache, so that a large checkpoint neither displaces
// what the machine works with nor waits for it to be written back. C5.
func (f *FS) Upload(ctx context.Context, p string, src io.ReaderAt, size int64, cond fsbase.Condition) (fsbase.Info, error) {
	const op = "upload"
	if size < 0 {
		return fsbase.Info{}, pathError(op, p, classed{fs.ErrInvalid, fmt.Sprintf("a size of %d bytes", size)})
	}
	w, err := f.create(ctx, op, p, cond)
	if err != nil {
		return fsbase.Info{}, err
	}
	defer w.Close()
	if err := w.hopeless(); err != nil {
		return fsbase.Info{}, pathError(op, p, err)
	}
	if err := f.fill(ctx, w.file, src, size); err != nil {
		return fsbase.Info{}, pathError(op, p, err)
	}
	w.written = size
	return w.Commit()
}

// hopeless tells before the work what Commit would tell after it.
func (w *writeStream) hopeless() error {
	if w.cond.Version() != "" && w.old == nil {
		return fsbase.ErrPrecondition
	}
	if w.cond.Absent() {
		if _, err := w.dir.Lstat(w.base); err == nil {
			return fsbase.ErrExist()
		}
	}
	return nil
}

// fill writes size bytes of src to the empty file.
func (f *FS) fill(ctx context.Context, file *os.File, src io.ReaderAt, size int64) error {
	if size < directFrom {
		return f.copyBlocks(ctx, file, src, 0, size, false)
	}
	// A full disk shows now rather than at the end, and writes that run at
	// once need not each make the file longer.
	if err := preallocate(file, size); err != nil {
		return err
	}
	aligned := size - size%alignment
	if setDirect(file, true) != nil {
		return f.copyBlocks(ctx, file, src, 0, size, false)
	}
	err := f.copyBlocks(ctx, file, src, 0, aligned, true)
	if offErr := setDirect(file, false); offErr != nil {
		return errors.Join(err, offErr)
	}
	switch {
	case errors.Is(err, errNotDirect):
		return f.copyBlocks(ctx, file, src, 0, size, false)
	case err != nil:
		return err
	}
	return f.copyBlocks(ctx, file, src, aligned, size, false)
}

// errNotDirect: the file took the flag and refuses the writes, as some file
// systems and disks of large sectors do.
var errNotDirect = errors.New("writes past the page cache are refused")

// copyBlocks copies the bytes [from, to) of src to the same place in file.
func (f *FS) copyBlocks(ctx context.Context, file *os.File, src io.ReaderAt, from, to int64, direct bool) error {
	all, cancel := context.WithCancelCause(ctx)
	defer cancel(nil)
	var next atomic.Int64
	next.Store(from)
	var wg sync.WaitGroup
	for range min(inFlight, (to-from+blockSize-1)/blockSize) {
		wg.Go(func() {
			buf := blocks.Get().(*block)
			defer blocks.Put(buf)
			for off := next.Add(blockSize) - blockSize; off < to && all.Err() == nil; off = next.Add(blockSize) - blockSize {
				part := buf[:min(blockSize, to-off)]
				err := fsbase.ReadSource(src, part, off)
				if err == nil {
					err = f.writeBlock(file, part, off, direct)
				}
				if err != nil {
					cancel(err)
				}
			}
		})
	}
	wg.Wait()
	if err := ctx.Err(); err != nil {
		return err // the caller's cause is not for the error: E1
	}
	return context.Cause(all)
}
