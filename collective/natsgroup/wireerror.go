package natsgroup

import (
	"context"
	"errors"

	"github.com/godcp/godcp/collective"
)

// knownErrors are told apart on every rank, by their place here: the protocol's.
var knownErrors = []error{
	collective.ErrMismatch, collective.ErrClosed,
	context.Canceled, context.DeadlineExceeded,
	ErrGone, ErrSilent, ErrDisconnected, ErrTooLarge,
}

// remoteError is why a rank of another process gave up.
type remoteError struct {
	text  string
	known uint64 // bit i: knownErrors[i]
}

func (e *remoteError) Error() string { return e.text }

func (e *remoteError) Unwrap() (errs []error) {
	for i, known := range knownErrors {
		if e.known&(1<<i) != 0 {
			errs = append(errs, known)
		}
	}
	return errs
}

// withError puts an error into a message.
func (m message) withError(err error) message {
	m.text = err.Error()
	for i, known := range knownErrors {
		if errors.Is(err, known) {
			m.known |= 1 << i
		}
	}
	return m
}

func (m message) err() error { return &remoteError{m.text, m.known} }
