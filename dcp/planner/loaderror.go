package planner

import (
	"errors"
	"fmt"
	"strings"

	"github.com/godcp/godcp/ckpterr"
)

// Why a state dict cannot be filled from a checkpoint.
var (
	ErrMissingKey    = errors.New("missing key in checkpoint state_dict")
	ErrSizeMismatch  = errors.New("size mismatch")
	ErrDTypeMismatch = errors.New("dtype mismatch")
	ErrKindMismatch  = errors.New("a tensor on one side and an object on the other")
	ErrBadTemplate   = errors.New("template cannot be filled")
)

// Mismatch is one entry of a state dict that the checkpoint cannot fill.
type Mismatch struct {
	FQN    string
	Detail string
	Err    error // one of the errors above
}

func (m *Mismatch) Error() string {
	s := ckpterr.Escape(m.FQN) + ": " + m.Err.Error()
	if m.Detail != "" {
		s += ": " + m.Detail
	}
	return s
}

// Unwrap gives errors.Is the reason.
func (m *Mismatch) Unwrap() error { return m.Err }

// LoadError lists everything in a state dict that the checkpoint cannot fill.
// Nothing was written.
type LoadError struct {
	Mismatches []*Mismatch
}

func (e *LoadError) Error() string {
	return listed(fmt.Sprintf("checkpoint does not fit the state dict in %d places", len(e.Mismatches)), e.Mismatches)
}

// Unwrap gives errors.Is every mismatch.
func (e *LoadError) Unwrap() []error { return asErrors(e.Mismatches) }

func (e *LoadError) add(fqn string, err error, format string, args ...any) {
	e.Mismatches = append(e.Mismatches, &Mismatch{fqn, fmt.Sprintf(format, args...), err})
}

// orNil is e as an error, or nil when it lists nothing.
func (e *LoadError) orNil() error {
	if len(e.Mismatches) == 0 {
		return nil
	}
	return e
}

// shown is how many errors a text names; the rest are counted.
const shown = 10

// listed is the text of an error that holds many.
func listed[E error](head string, errs []E) string {
	var b strings.Builder
	b.WriteString(head)
	for i, err := range errs {
		if i == shown {
			fmt.Fprintf(&b, "; and %d more", len(errs)-shown)
			break
		}
		b.WriteString("; ")
		b.WriteString(err.Error())
	}
	return b.String()
}

func asErrors[E error](list []E) []error {
	errs := make([]error, len(list))
	for i, err := range list {
		errs[i] = err
	}
	return errs
}
