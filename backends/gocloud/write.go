package gocloud

import (
	"context"
	"crypto/rand"
	"fmt"
	"io/fs"
	"time"

	"gocloud.dev/blob"

	"github.com/godcp/godcp/fsbase"
)

const contentType = "application/octet-stream"

// CreateStream begins a write.
func (f *FS) CreateStream(ctx context.Context, p string) (fsbase.WriteStream, error) {
	if f.azure != nil {
		return azure{f}.create(ctx, p, fsbase.Condition{})
	}
	if err := f.checkWrite(ctx, "create", p); err != nil {
		return nil, err
	}
	// To end its context is how a write of gocloud.dev/blob is given up.
	inner, cancel := context.WithCancel(ctx)
	w := &writeStream{ctx: ctx, fs: f, path: p, mark: rand.Text(), cancel: cancel}
	var err error
	w.w, err = f.bucket.NewWriter(inner, p, &blob.WriterOptions{
		ContentType: contentType, Metadata: map[string]string{markKey: w.mark},
	})
	if err != nil {
		cancel()
		return nil, fail(ctx, "create", p, err)
	}
	return w, nil
}

// writeStream is one write with a driver that is not known. It is for one
// goroutine.
type writeStream struct {
	ctx     context.Context
	fs      *FS
	path    string
	mark    string
	cancel  context.CancelFunc
	w       *blob.Writer
	written int64
	err     error // of an earlier Write: W6
	done    bool
}

func (w *writeStream) Write(b []byte) (int, error) {
	if w.done {
		return 0, &fs.PathError{Op: "write", Path: w.path, Err: fs.ErrClosed}
	}
	if w.err == nil {
		w.err = fsbase.CheckWrite(w.ctx, "write", w.path)
	}
	if w.err == nil {
		_, err := w.w.Write(b)
		w.err = fail(w.ctx, "write", w.path, err)
	}
	if w.err != nil {
		return 0, w.err
	}
	w.written += int64(len(b))
	return len(b), nil
}

func (w *writeStream) Commit() (fsbase.Info, error) {
	const op = "commit"
	if w.done {
		return fsbase.Info{}, &fs.PathError{Op: op, Path: w.path, Err: fs.ErrClosed}
	}
	defer w.Close()
	if w.err != nil {
		return fsbase.Info{}, w.err
	}
	if err := fsbase.CheckWrite(w.ctx, op, w.path); err != nil {
		return fsbase.Info{}, err
	}
	w.done = true
	err := w.w.Close()
	w.cancel()
	if err != nil && refused(err) {
		return fsbase.Info{}, fail(w.ctx, op, w.path, err)
	}
	info, err := w.look(err)
	return info, fsbase.PathError(op, w.path, err)
}

// look finds the version of what was committed, which the driver does not tell,
// and whether it was, if the driver does not know that either.
func (w *writeStream) look(failed error) (fsbase.Info, error) {
	a, err := w.fs.attributes(w.ctx, w.path)
	switch {
	case err == nil && a.Metadata[markKey] == w.mark:
		return w.fs.infoOf(w.path, a), nil
	case failed != nil:
		return fsbase.Info{}, unknown(w.ctx, failed)
	case err == nil && a.Metadata[markKey] == "" && a.Size == w.written:
		return w.fs.infoOf(w.path, a), nil // the driver keeps no metadata
	case err == nil, classOf(err) == fs.ErrNotExist:
		return gone(w.path, w.written, w.mark), nil
	}
	return fsbase.Info{}, unknown(w.ctx, fmt.Errorf("committed, but its version cannot be had: %w", err))
}

// gone is the Info of what somebody has replaced already: no object has its
// version any more.
func gone(p string, size int64, mark string) fsbase.Info {
	return fsbase.Info{Path: p, Size: size, ModTime: time.Now(), Version: fsbase.Version("gone+" + mark)}
}

// unknown is err, or that of the context, after which the outcome is not known.
func unknown(ctx context.Context, err error) error {
	if ctx.Err() != nil {
		err = ctx.Err()
	}
	return driverError{fsbase.ErrCommitUnknown, err}
}

func (w *writeStream) Close() error {
	if !w.done {
		w.done = true
		w.cancel()
		_ = w.w.Close() // tells that its context is done
	}
	return nil
}
