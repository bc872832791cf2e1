package conformance

import (
	"context"
	"errors"
	"io/fs"

	"github.com/godcp/godcp/fsbase"
)

// wantDenied demands an error of the class of a fault that says nothing else:
// not that something is or is not there, or is another now.
func (t *trial) wantDenied(err error, what string, class error) {
	t.wantIs("E4", err, what, class)
	if claim := claimOf(err); claim != nil {
		t.errorf("E4", "%s: %v, which is %q besides", what, err, claim)
	}
}

// isDenied is wantDenied as a question, with nil for any class.
func isDenied(err, class error) bool {
	return err != nil && (class == nil || errors.Is(err, class)) && claimOf(err) == nil
}

// claimOf returns what err says that a request which was not carried out cannot
// tell: of the storage, or that the caller's context is done.
func claimOf(err error) error {
	for _, claim := range []error{fs.ErrNotExist, fs.ErrExist, fsbase.ErrPrecondition, fsbase.ErrChanged, fs.ErrInvalid, fs.ErrClosed, errors.ErrUnsupported, context.Canceled, context.DeadlineExceeded} {
		if errors.Is(err, claim) {
			return claim
		}
	}
	return nil
}
