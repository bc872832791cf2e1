package local

import (
	"context"
	"fmt"
	"io"

	"github.com/godcp/godcp/fsbase"
)

// copyChunk is how many bytes are copied between two looks at the context.
const copyChunk = 64 << 20

// Copy copies one version of src, in the kernel where the system can. C9.
func (f *FS) Copy(ctx context.Context, src, dst string, cond fsbase.Condition) (fsbase.Info, error) {
	const op = "copy"
	if err := f.checkWrite(ctx, op, src); err != nil {
		return fsbase.Info{}, err
	}
	if err := f.checkWrite(ctx, op, dst); err != nil {
		return fsbase.Info{}, err
	}
	file, fi, err := f.openStream(ctx, op, src)
	if err != nil {
		return fsbase.Info{}, err
	}
	defer file.Close()
	w, err := f.create(ctx, op, dst, cond)
	if err != nil {
		return fsbase.Info{}, err
	}
	defer w.Close()
	if err := w.hopeless(); err != nil {
		return fsbase.Info{}, pathError(op, dst, err)
	}
	for w.written < fi.Size() {
		if err := ctx.Err(); err != nil {
			return fsbase.Info{}, pathError(op, src, err)
		}
		n, err := io.CopyN(w.file, file, min(copyChunk, fi.Size()-w.written))
		w.written += n
		if err == io.EOF {
			return fsbase.Info{}, pathError(op, src, fsbase.ErrChanged)
		} else if err != nil {
			return fsbase.Info{}, pathError(op, src, fmt.Errorf("to %q: %w", dst, classify(err)))
		}
	}
	if now, err := file.Stat(); err != nil {
		return fsbase.Info{}, pathError(op, src, err)
	} else if changedInPlace(fi, now) {
		return fsbase.Info{}, pathError(op, src, fsbase.ErrChanged)
	}
	return w.Commit()
}
