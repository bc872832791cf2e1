package s3

import (
	"context"
	"errors"
	"io/fs"
	"net/http"
	"strings"

	"github.com/godcp/godcp/fsbase"
)

// fate is what became of a request that failed.
type fate int

const (
	refused fate = iota // not done, and asking again changes nothing
	undone              // surely not done, and the next attempt may succeed
	unclear             // done or not
)

// Codes that say which thing is not there.
const (
	noSuchBucket = "NoSuchBucket"
	noSuchUpload = "NoSuchUpload"
)

// folderInTheWay is what a store with real folders says of a name that one has,
// and of any name when it could not make the folder, as when it was about to
// remove that with its last stream.
const folderInTheWay = "ExistingObjectIsDirectory"

// judge files the error of a request under its class and says what is known.
func judge(ctx context.Context, err error) (*answer, fate) {
	var a *answer
	if errors.As(err, &a) {
		return a, refused // judged already
	}
	var source *sourceError
	if errors.As(err, &source) { // the store refuses a body that is too short
		return &answer{class: source.err, text: source.Error(), err: source}, refused
	}
	if neverSigned(err) {
		return judgeUnsigned(ctx, err)
	}
	s := status(err)
	var short *undelivered
	lost := unclear
	if errors.As(err, &short) {
		lost = undone
	}
	if s < 300 && ctx.Err() != nil {
		return answerOf(err, ctx.Err()), lost
	}
	if c := code(err); c != "" {
		if ok, f, class := judgeCode(c, s); ok {
			return answerOf(err, class), f
		}
	}
	switch {
	case s == http.StatusTooManyRequests, s == http.StatusRequestTimeout:
		return answerOf(err, classOf(s)), undone
	case s >= 500:
		return answerOf(err, classOf(s)), unclear
	case s >= 300:
		return answerOf(err, classOf(s)), refused
	case s > 0:
		return answerOf(err, nil), unclear // a good answer that breaks off
	}
	a, f := judgeTransport(err)
	if f == unclear {
		f = lost
	}
	return a, f
}

// judgeCode knows the codes that say more than their status.
func judgeCode(code string, status int) (ok bool, f fate, class error) {
	switch {
	case isThrottle(code):
		return true, undone, fsbase.ErrThrottled
	case status == http.StatusServiceUnavailable && code == "ServiceUnavailable":
		// S3 says so instead of SlowDown; and so does a proxy that lost its
		// connection to a server which may have done the work.
		return true, unclear, fsbase.ErrThrottled
	}
	switch code {
	case "ConditionalRequestConflict", "OperationAborted":
		return true, undone, nil // another request for the key is under way
	case "RequestTimeout", "IncompleteBody", "BadDigest", "XAmzContentChecksumMismatch":
		return true, undone, nil // the body did not arrive, or not as it was
	case "RequestTimeTooSkewed":
		return true, undone, fs.ErrPermission // the client now knows the store's clock
	case "InternalError":
		return true, unclear, nil // also under status 200
	case "NotImplemented", "MethodNotAllowed":
		return true, refused, errors.ErrUnsupported
	case "ExpiredToken", "InvalidToken", "TokenRefreshRequired", "InvalidAccessKeyId":
		return true, refused, fs.ErrPermission // some stores say 400
	case "ObjectParentIsFile":
		return true, refused, fs.ErrInvalid // a store that has real folders
	case folderInTheWay:
		return true, undone, fs.ErrInvalid
	// These come under status 200, too.
	case "AccessDenied":
		return true, refused, fs.ErrPermission
	case "NoSuchKey", noSuchBucket, noSuchUpload:
		return true, refused, fs.ErrNotExist
	case "PreconditionFailed":
		return true, refused, fsbase.ErrPrecondition
	}
	return false, refused, nil
}

func isThrottle(code string) bool {
	if strings.HasPrefix(code, "SlowDown") || strings.HasPrefix(code, "Throttl") {
		return true
	}
	switch code {
	case "TooManyRequests", "TooManyRequestsException", "RequestLimitExceeded", "RequestThrottled", "BandwidthLimitExceeded":
		return true
	}
	return false
}

// classOf is the class of an answer of which only the status is known.
func classOf(status int) error {
	switch status {
	case http.StatusUnauthorized, http.StatusForbidden, http.StatusProxyAuthRequired:
		return fs.ErrPermission
	case http.StatusNotFound:
		return fs.ErrNotExist
	case http.StatusPreconditionFailed:
		return fsbase.ErrPrecondition
	case http.StatusNotImplemented, http.StatusMethodNotAllowed:
		return errors.ErrUnsupported
	case http.StatusTooManyRequests, http.StatusServiceUnavailable:
		return fsbase.ErrThrottled
	}
	if status >= 300 && status < 500 && status != http.StatusConflict {
		return fs.ErrInvalid
	}
	return nil
}
