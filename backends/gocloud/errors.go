package gocloud

import (
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"net"
	"net/http"
	"os"
	"regexp"
	"time"

	"github.com/Azure/azure-sdk-for-go/sdk/azcore"
	"github.com/Azure/azure-sdk-for-go/sdk/storage/azblob/bloberror"
	"gocloud.dev/gcerrors"

	"github.com/godcp/godcp/fsbase"
)

// driverError is an error of a driver with the class of E1 that it does not
// have by itself, or none.
type driverError struct {
	class error
	err   error
}

// Error is short where the driver's own text is a whole answer, and has no
// query of a URL in it: a signature may be one.
func (e driverError) Error() string {
	var answer *azcore.ResponseError
	text := e.err.Error()
	if errors.As(e.err, &answer) {
		text = fmt.Sprintf("answer %d %s", answer.StatusCode, answer.ErrorCode)
	}
	text = queries.ReplaceAllString(text, "$1")
	if e.class != nil {
		return e.class.Error() + ": " + text
	}
	return text
}

func (e driverError) Unwrap() []error {
	if e.class == nil {
		return []error{e.err}
	}
	return []error{e.class, e.err}
}

var queries = regexp.MustCompile(`(https?://[^\s"?]*)\?[^\s"]*`)

// statuses are the classes of Azure's answers. A condition of a write that does
// not hold is 412, or 409 of a name that is taken.
var statuses = map[int]error{
	http.StatusUnauthorized:                 fs.ErrPermission,
	http.StatusForbidden:                    fs.ErrPermission,
	http.StatusNotFound:                     fs.ErrNotExist,
	http.StatusPreconditionFailed:           fsbase.ErrPrecondition,
	http.StatusRequestedRangeNotSatisfiable: io.ErrUnexpectedEOF,
	http.StatusTooManyRequests:              fsbase.ErrThrottled,
}

// codes are the classes of what gocloud.dev/blob tells of any driver.
var codes = map[gcerrors.ErrorCode]error{
	gcerrors.NotFound:           fs.ErrNotExist,
	gcerrors.PermissionDenied:   fs.ErrPermission,
	gcerrors.FailedPrecondition: fsbase.ErrPrecondition,
	gcerrors.InvalidArgument:    fs.ErrInvalid,
	gcerrors.Unimplemented:      errors.ErrUnsupported,
	gcerrors.ResourceExhausted:  fsbase.ErrThrottled,
}

// classOf is the class of E1 of an error of a driver, or nil.
func classOf(err error) error {
	var answer *azcore.ResponseError
	if errors.As(err, &answer) {
		switch bloberror.Code(answer.ErrorCode) {
		case bloberror.BlobAlreadyExists:
			return fsbase.ErrPrecondition
		case bloberror.ServerBusy:
			return fsbase.ErrThrottled
		case bloberror.CannotVerifyCopySource:
			if answer.StatusCode == http.StatusNotFound {
				return fs.ErrNotExist
			}
		}
		return statuses[answer.StatusCode]
	}
	return codes[gcerrors.Code(err)]
}

// refused tells whether the storage has said no: nothing was written.
func refused(err error) bool {
	var answer *azcore.ResponseError
	if errors.As(err, &answer) {
		return answer.StatusCode < 500 && answer.StatusCode != http.StatusRequestTimeout ||
			bloberror.HasCode(err, bloberror.ServerBusy)
	}
	var dial *net.OpError
	return classOf(err) != nil || errors.As(err, &dial) && dial.Op == "dial"
}

// fail is the error of a call: err in its class, or that of the context when
// it is done.
func fail(ctx context.Context, op, p string, err error) error {
	var classed driverError
	switch {
	case err == nil:
		return nil
	case ctx.Err() != nil:
		err = ctx.Err()
	case errors.Is(err, io.EOF):
		err = driverError{io.ErrUnexpectedEOF, noEnd{err}}
	case !errors.As(err, &classed):
		err = driverError{classOf(err), err}
	}
	return &fs.PathError{Op: op, Path: p, Err: err}
}

// noEnd is an error with io.EOF in it, which callers would take for the end of
// the stream.
type noEnd struct{ err error }

func (e noEnd) Error() string      { return e.err.Error() }
func (e noEnd) As(target any) bool { return errors.As(e.err, target) }

// errStalled is what becomes of a request in which nothing moves.
var errStalled = fmt.Errorf("neither an answer nor a byte for too long: %w", os.ErrDeadlineExceeded)

// guarded runs f and ends its context when alive was not called for so long.
// alive may be called from anywhere.
func (f *FS) guarded(ctx context.Context, call func(ctx context.Context, alive func()) error) error {
	ctx, cancel := context.WithCancelCause(ctx)
	defer cancel(nil)
	timer := time.AfterFunc(f.stall, func() { cancel(errStalled) })
	defer timer.Stop()
	err := call(ctx, func() { timer.Reset(f.stall) })
	if err != nil && context.Cause(ctx) == errStalled {
		return errStalled // err is that of a context which the caller does not know
	}
	return err
}
