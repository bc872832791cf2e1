package fsbase

import (
	"errors"
	"io/fs"
)

// The errors that io/fs has no name for. E1.
var (
	// ErrPrecondition: the condition of a write did not hold. A lost
	// create-if-absent is this and fs.ErrExist.
	ErrPrecondition = errors.New("precondition failed")

	// ErrChanged: the version that was pinned is not there any more.
	ErrChanged = errors.New("changed since it was opened")

	// ErrThrottled: the storage asks to slow down.
	ErrThrottled = errors.New("throttled by the storage")

	// ErrCommitUnknown: the write may or may not have happened. E3.
	ErrCommitUnknown = errors.New("outcome of the commit is unknown")
)

// PathError wraps err with the operation and the path, unless it is nil or
// already such an error.
func PathError(op, path string, err error) error {
	if err == nil {
		return nil
	}
	var pe *fs.PathError
	if errors.As(err, &pe) {
		return err
	}
	return &fs.PathError{Op: op, Path: path, Err: err}
}

// errExists is what a lost create-if-absent is: both sentinels at once.
type errExists struct{}

func (errExists) Error() string { return fs.ErrExist.Error() }

func (errExists) Is(target error) bool {
	return target == fs.ErrExist || target == ErrPrecondition
}

// ErrExist returns the error of a lost create-if-absent: errors.Is finds both
// ErrPrecondition and fs.ErrExist in it. C2.
func ErrExist() error { return errExists{} }

// CheckPath is the check of clause N1: fs.ErrInvalid in an *fs.PathError for
// a path that is not fs.ValidPath.
func CheckPath(op, path string) error {
	if !fs.ValidPath(path) {
		return &fs.PathError{Op: op, Path: path, Err: fs.ErrInvalid}
	}
	return nil
}
