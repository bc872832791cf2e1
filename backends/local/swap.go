package local

import (
	"context"
	"crypto/sha256"
	"errors"
	"io/fs"
	"os"

	"github.com/godcp/godcp/fsbase"
)

// snapshot is what a swap wants to replace. Version alone is not enough: a
// writer that changes files in place can keep it.
type snapshot struct {
	version fsbase.Version
	sum     [sha256.Size]byte
}

// snapshot reads the stream p if it has the version want, else it returns nil.
func (f *FS) snapshot(ctx context.Context, op, p string, want fsbase.Version) (*snapshot, error) {
	file, fi, err := f.openStream(ctx, op, p)
	if absent(err) {
		return nil, nil
	} else if err != nil {
		return nil, err
	}
	defer file.Close()
	if version(fi) != want {
		return nil, nil
	}
	s, err := take(ctx, file, fi)
	if errors.Is(err, fsbase.ErrChanged) {
		return nil, nil
	}
	return s, pathError(op, p, err)
}

// take hashes an open file.
func take(ctx context.Context, file *os.File, fi fs.FileInfo) (*snapshot, error) {
	h := sha256.New()
	buf := make([]byte, 1<<20)
	for off := int64(0); off < fi.Size(); off += int64(len(buf)) {
		if err := ctx.Err(); err != nil {
			return nil, err
		}
		part := buf[:min(int64(len(buf)), fi.Size()-off)]
		if err := readPinned(file, fi, part, off); err != nil {
			return nil, err
		}
		h.Write(part)
	}
	s := &snapshot{version: version(fi)}
	h.Sum(s.sum[:0])
	return s, nil
}

// compare fails with ErrPrecondition unless the target is still what the swap
// wants to replace. The caller holds the lock.
func (w *writeStream) compare() error {
	file, err := w.dir.OpenFile(w.base, readFlags, 0)
	if absent(err) {
		return fsbase.ErrPrecondition
	} else if err != nil {
		return err
	}
	defer file.Close()
	fi, err := file.Stat()
	if err != nil {
		return err
	}
	if !fi.Mode().IsRegular() || version(fi) != w.old.version {
		return fsbase.ErrPrecondition
	}
	now, err := take(w.ctx, file, fi)
	if err == nil && now.sum != w.old.sum || errors.Is(err, fsbase.ErrChanged) {
		return fsbase.ErrPrecondition
	}
	return err
}
