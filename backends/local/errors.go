package local

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"syscall"

	"github.com/godcp/godcp/fsbase"
)

// classed is an error of a class of E1 with a text of its own.
type classed struct {
	class error
	text  string
}

func (e classed) Error() string { return e.text }
func (e classed) Unwrap() error { return e.class }

// sysError is an error of the system with the class of E1 that it does not
// have by itself.
type sysError struct {
	class error
	err   error
}

func (e sysError) Error() string   { return e.err.Error() }
func (e sysError) Unwrap() []error { return []error{e.class, e.err} }

// classes are the errors of the system that errors.Is of package syscall does
// not file where E1 wants them.
var classes = map[syscall.Errno]error{
	syscall.ENOTDIR:      fs.ErrNotExist, // below a stream there is nothing
	syscall.ENAMETOOLONG: fs.ErrInvalid,
	syscall.EILSEQ:       fs.ErrInvalid,
	syscall.ELOOP:        fs.ErrInvalid,
	syscall.EINVAL:       fs.ErrInvalid,
	syscall.EISDIR:       fs.ErrInvalid,
	syscall.EROFS:        fs.ErrPermission,
}

// pathError returns err as an *fs.PathError of the stream p, in a class of E1,
// without the names that package os put around it: those are of temporary
// files and folders that the caller has not heard of.
func pathError(op, p string, err error) error {
	if err == nil {
		return nil
	}
	return &fs.PathError{Op: op, Path: p, Err: classify(err)}
}

func classify(err error) error {
	if err == nil {
		return nil
	}
	switch e := err.(type) {
	case *fs.PathError:
		return classify(e.Err)
	case *os.LinkError:
		return classify(e.Err)
	case *os.SyscallError:
		return classify(e.Err)
	case syscall.Errno:
		if class, ok := classes[e]; ok {
			return sysError{class, e}
		}
		return e
	}
	// Package os does not export the error of a symbolic link that leads out
	// of an os.Root.
	if err.Error() == "path escapes from parent" {
		return sysError{fs.ErrInvalid, err}
	}
	return err
}

// unknown marks err as one that came after the write may have been published.
func unknown(what string, err error) error {
	return fmt.Errorf("%s: %w: %w", what, fsbase.ErrCommitUnknown, classify(err))
}

// absent tells whether err, of the system, says that nothing is there.
func absent(err error) bool { return errors.Is(classify(err), fs.ErrNotExist) }
