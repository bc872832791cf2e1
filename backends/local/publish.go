package local

import (
	"errors"
	"io/fs"
	"os"
	"syscall"

	"github.com/godcp/godcp/fsbase"
)

// publish gives the sealed temporary file its name, under the stream's
// condition, and makes the name durable.
func (w *writeStream) publish(sealed *os.File) error {
	if w.cond.Unconditional() {
		if err := w.rename(sealed); err != nil {
			return err
		}
		return w.syncName()
	}
	unlock, err := w.fs.lock(w.ctx, w.dir, w.base)
	switch {
	case err == nil:
		defer unlock()
	case w.cond.Absent() && errors.Is(err, errors.ErrUnsupported):
		// That needs no lock. The lock is there for swaps, and where it cannot
		// be had no swap is made.
	default:
		return err
	}
	if w.cond.Absent() {
		err = w.exclude(sealed)
	} else if err = w.compare(); err == nil {
		err = w.rename(sealed)
	}
	if err != nil {
		return err
	}
	// Under the lock: whoever sees this version next builds on a durable one.
	return w.syncName()
}

// syncName makes the published name durable. When that fails, the name is
// visible and may yet be lost: the outcome is unknown.
func (w *writeStream) syncName() error {
	if err := w.fs.syncFolder(w.dir, "."); err != nil {
		return unknown("published, but syncing the folder failed", err)
	}
	return nil
}

// rename replaces the target.
func (w *writeStream) rename(sealed *os.File) error {
	err := w.fs.do(stepRename, func() error { return w.dir.Rename(w.temp, w.base) })
	if err != nil {
		return w.moved(sealed, err)
	}
	return nil
}

// moved is what became of a rename that failed with err: NFS may have carried
// it out. When neither name is that of the file, somebody has replaced it since,
// or has taken the temporary name away: nobody knows.
func (w *writeStream) moved(sealed *os.File, err error) error {
	if w.landed(sealed) {
		return nil
	}
	if _, terr := w.dir.Lstat(w.temp); absent(terr) {
		return unknown("renaming the temporary file", err)
	}
	return err
}

// exclude gives the temporary file its name only if nobody has it, and takes
// the temporary name away. It never replaces: where no way is there, it
// refuses.
//
// A rename comes first. A link has two names for a moment, and losing one
// changes the ctime, which is part of the version: whoever looked in between
// would have seen a version that nobody committed.
func (w *writeStream) exclude(sealed *os.File) error {
	err := w.fs.do(stepExclude, func() error { return renameExclusive(w.dir, w.temp, w.base) })
	if err != nil {
		err = w.moved(sealed, err)
	}
	switch {
	case err == nil:
		return nil
	case errors.Is(err, fsbase.ErrCommitUnknown):
		return err
	case errors.Is(err, fs.ErrExist):
		return fsbase.ErrExist()
	case errors.Is(err, syscall.EINVAL), errors.Is(err, errors.ErrUnsupported): // NFS, for one
		return w.link(sealed)
	}
	return err
}

func (w *writeStream) link(sealed *os.File) error {
	err := w.fs.do(stepLink, func() error { return w.dir.Link(w.temp, w.base) })
	if err != nil && w.landed(sealed) { // NFS: done, the first answer got lost
		err = nil
	}
	switch {
	case err == nil:
		// Explicitly: rename over another name of the same file does nothing.
		// The name that stays when this fails is no stream.
		_ = w.dir.Remove(w.temp)
		return nil
	case errors.Is(err, fs.ErrExist):
		return fsbase.ErrExist()
	case cannotLink(err):
		return classed{errors.ErrUnsupported, "this file system can neither link nor rename without replacing"}
	case errors.Is(err, syscall.EIO): // done, perhaps, and replaced since
		return unknown("linking the name", err)
	}
	return err
}

// cannotLink tells whether the file system has no hard links.
func cannotLink(err error) bool {
	return errors.Is(err, syscall.EPERM) || errors.Is(err, syscall.EMLINK) ||
		errors.Is(err, errors.ErrUnsupported)
}

// landed tells whether the target is the sealed file, whatever the call that
// should have made it so has answered.
func (w *writeStream) landed(sealed *os.File) bool {
	ours, err := sealed.Stat()
	if err != nil {
		return false
	}
	there, err := w.dir.Lstat(w.base)
	return err == nil && os.SameFile(ours, there)
}
