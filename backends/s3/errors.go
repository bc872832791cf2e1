package s3

import (
	"errors"
	"fmt"
	"io/fs"
	"net/url"
	"strings"

	"github.com/aws/smithy-go"
	smithyhttp "github.com/aws/smithy-go/transport/http"

	"github.com/godcp/godcp/fsbase"
)

// answer is an error of the store, or of the way there. errors.Is finds its
// class alone: what an SDK wraps has meanings of its own, as a time-out of a
// connection that is also context.DeadlineExceeded. errors.As finds all.
type answer struct {
	class error // of E1, or nil
	text  string
	err   error
}

func (a *answer) Error() string {
	if a.class == nil || strings.Contains(a.text, a.class.Error()) {
		return a.text
	}
	return a.class.Error() + ": " + a.text
}

func (a *answer) Is(target error) bool { return a.class != nil && errors.Is(a.class, target) }
func (a *answer) As(target any) bool   { return errors.As(a.err, target) }

// answerOf files err, of the operation that it names.
func answerOf(err error, class error) *answer {
	return &answer{class: class, text: describe(err), err: err}
}

// mostText is how much of what a store says goes into an error, in bytes.
const mostText = 300

// describe tells what happened without the URL of the request: operation,
// status, code, message, and the number by which the store's owner finds it.
func describe(err error) string {
	var b strings.Builder
	var op *smithy.OperationError
	if errors.As(err, &op) {
		b.WriteString(op.OperationName + ": ")
		err = op.Err
	}
	var api smithy.APIError
	var response *smithyhttp.ResponseError
	var sent *url.Error
	if s := status(err); s > 0 {
		fmt.Fprintf(&b, "%d ", s)
	}
	switch {
	case errors.As(err, &api):
		b.WriteString(clean(api.ErrorCode()))
		if m := api.ErrorMessage(); m != "" {
			b.WriteString(": " + clean(m))
		}
	case errors.As(err, &sent):
		b.WriteString(clean(sent.Err.Error()))
	case errors.As(err, &response):
		b.WriteString(clean(response.Err.Error()))
	default:
		b.WriteString(clean(err.Error()))
	}
	if region := header(err, "X-Amz-Bucket-Region"); region != "" && status(err) == 301 {
		fmt.Fprintf(&b, " (the bucket is in region=%s)", clean(region))
	}
	if id := header(err, "X-Amz-Request-Id"); id != "" {
		fmt.Fprintf(&b, " (request %s)", clean(id))
	}
	return b.String()
}

// clean makes a text of someone else's fit for a line of a log.
func clean(s string) string {
	if len(s) > mostText {
		s = strings.ToValidUTF8(s[:mostText], "") + "…"
	}
	return strings.Map(func(r rune) rune {
		if unholdable(r) {
			return ' '
		}
		return r
	}, s)
}

// code is the store's word for an error, "" when the store said nothing.
func code(err error) string {
	var api smithy.APIError
	if errors.As(err, &api) {
		return api.ErrorCode()
	}
	return ""
}

// status is the HTTP status of an error, 0 when there was no answer.
func status(err error) int {
	if r := response(err); r != nil {
		return r.StatusCode
	}
	return 0
}

func header(err error, name string) string {
	if r := response(err); r != nil {
		return r.Header.Get(name)
	}
	return ""
}

func response(err error) *smithyhttp.Response {
	var r *smithyhttp.ResponseError
	if errors.As(err, &r) && r.Response != nil && r.Response.Response != nil {
		return r.Response
	}
	return nil
}

// unknown marks err as one that came after a commit may have happened. What the
// store said about the key then says nothing about the commit.
func unknown(err error) error {
	var a *answer
	if errors.As(err, &a) && (errors.Is(a, fsbase.ErrPrecondition) || errors.Is(a, fs.ErrNotExist)) {
		err = answerOf(a.err, nil)
	}
	return fmt.Errorf("%w: %w", fsbase.ErrCommitUnknown, err)
}

// pathError is err as the *fs.PathError of a stream, unless it is one.
func pathError(op, path string, err error) error {
	if err == nil {
		return nil
	}
	if _, ok := err.(*fs.PathError); ok {
		return err
	}
	return &fs.PathError{Op: op, Path: path, Err: err}
}
