package gcs

import (
	"context"
	"errors"
	"io"
	"io/fs"
	"net"
	"net/http"
	"regexp"
	"slices"

	"cloud.google.com/go/storage"
	"google.golang.org/api/googleapi"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/status"

	"github.com/godcp/godcp/fsbase"
)

// ErrChecksum: the bytes that came are not those that the service has the
// CRC32C of, or it has not stored those that went.
var ErrChecksum = errors.New("the bytes do not have the CRC32C of the object")

// clientError is an error of the client with the class of E1 that it does not
// have by itself. A class of nil is none.
type clientError struct {
	class error
	err   error
}

func (e clientError) Error() string {
	text := queries.ReplaceAllString(e.err.Error(), "$1")
	if e.class != nil {
		return e.class.Error() + ": " + text
	}
	return text
}

func (e clientError) Unwrap() []error {
	if e.class == nil {
		return []error{e.err}
	}
	return []error{e.class, e.err}
}

// queries finds the query of a URL in a text: that of a resumable upload is
// all that it takes to write there.
var queries = regexp.MustCompile(`(https?://[^\s"?]*)\?[^\s"]*`)

// The classes of answers, by their number in each protocol.
var (
	httpClasses = map[int]error{
		http.StatusUnauthorized:                 fs.ErrPermission,
		http.StatusForbidden:                    fs.ErrPermission,
		http.StatusNotFound:                     fs.ErrNotExist,
		http.StatusPreconditionFailed:           fsbase.ErrPrecondition,
		http.StatusRequestedRangeNotSatisfiable: io.ErrUnexpectedEOF,
		http.StatusTooManyRequests:              fsbase.ErrThrottled,
	}
	grpcClasses = map[codes.Code]error{
		codes.Unauthenticated:    fs.ErrPermission,
		codes.PermissionDenied:   fs.ErrPermission,
		codes.NotFound:           fs.ErrNotExist,
		codes.FailedPrecondition: fsbase.ErrPrecondition,
		codes.OutOfRange:         io.ErrUnexpectedEOF,
		codes.ResourceExhausted:  fsbase.ErrThrottled,
	}
)

// classOf is the class of E1 of an error of the client, or nil.
func classOf(err error) error {
	var answer *googleapi.Error
	switch {
	case errors.Is(err, storage.ErrObjectNotExist), errors.Is(err, storage.ErrBucketNotExist):
		return fs.ErrNotExist
	case errors.As(err, &answer):
		return httpClasses[answer.Code]
	}
	if s, ok := status.FromError(err); ok {
		return grpcClasses[s.Code()]
	}
	return nil
}

// answered tells whether the service has refused: nothing of the request was
// done. The errors of servers and of networks leave that open.
func answered(err error) bool {
	var answer *googleapi.Error
	if errors.As(err, &answer) {
		return answer.Code < 500 && answer.Code != http.StatusRequestTimeout
	}
	var dial *net.OpError
	if errors.As(err, &dial) && dial.Op == "dial" {
		return true // it was never sent
	}
	s, ok := status.FromError(err)
	return ok && !slices.Contains(open, s.Code())
}

// open are the codes that say nothing about whether the request was carried
// out.
var open = []codes.Code{
	codes.Canceled, codes.Unknown, codes.DeadlineExceeded, codes.Aborted, codes.Internal, codes.Unavailable, codes.DataLoss,
}

func isPrecondition(err error) bool { return classOf(err) == fsbase.ErrPrecondition }

// fail is the error of a call: err in its class, or that of the context when it
// is done, for whatever came of the request then came of that.
func fail(ctx context.Context, op, p string, err error) error {
	var classed clientError
	switch {
	case err == nil:
		return nil
	case ctx.Err() != nil:
		err = ctx.Err()
	case !errors.As(err, &classed):
		err = clientError{classOf(err), err}
	}
	return &fs.PathError{Op: op, Path: p, Err: err}
}
