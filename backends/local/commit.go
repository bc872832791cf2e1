package local

import (
	"fmt"
	"io/fs"
	"os"
	"time"

	"github.com/godcp/godcp/fsbase"
)

// Commit publishes. Whatever fails, the temporary file goes.
func (w *writeStream) Commit() (fsbase.Info, error) {
	if w.done {
		return fsbase.Info{}, pathError("commit", w.path, fs.ErrClosed)
	}
	defer w.Close()
	if w.err != nil {
		return fsbase.Info{}, w.err
	}
	info, err := w.commit()
	return info, pathError("commit", w.path, err)
}

func (w *writeStream) commit() (fsbase.Info, error) {
	if err := w.ctx.Err(); err != nil {
		return fsbase.Info{}, err
	}
	if w.cond.Version() != "" && w.old == nil {
		return fsbase.Info{}, fsbase.ErrPrecondition
	}
	published, err := w.seal()
	if err != nil {
		return fsbase.Info{}, err
	}
	defer published.Close()
	if err := w.ctx.Err(); err != nil { // a sync may take long
		return fsbase.Info{}, err
	}
	if err := w.publish(published); err != nil {
		return fsbase.Info{}, err
	}
	// Only now: a rename changes the ctime, which is part of the version.
	fi, err := published.Stat()
	if err != nil {
		return fsbase.Info{}, unknown("looking at what was published", err)
	}
	return infoOf(w.path, fi), nil
}

// seal makes the bytes durable and closes the file. What it returns is the
// same file, open for reading: later the name may already be someone else's.
func (w *writeStream) seal() (*os.File, error) {
	fi, err := w.file.Stat()
	if err != nil {
		return nil, err
	}
	if fi.Size() != w.written {
		return nil, fmt.Errorf("the temporary file has %d bytes, %d were written", fi.Size(), w.written)
	}
	w.stamp()
	if !w.fs.unsynced {
		// Never tried again: after a failure the kernel may have marked the
		// lost pages clean, and the next fsync says all is well.
		if err := w.fs.do(stepSync, w.file.Sync); err != nil {
			return nil, err
		}
	}
	file, err := w.dir.OpenFile(w.temp, readFlags, 0)
	if err != nil {
		return nil, err
	}
	// NFS may tell only now that it could not write.
	if err := w.fs.do(stepClose, w.file.Close); err != nil {
		file.Close()
		return nil, err
	}
	return file, nil
}

// stamp sets the time of the commit to the nanosecond. The kernel would take it
// from a clock that stands still for milliseconds, and with an inode that is
// used again two commits could have one version. C4. A file system that does
// not let us keeps its own time.
func (w *writeStream) stamp() { _ = w.dir.Chtimes(w.temp, time.Time{}, time.Now()) }
