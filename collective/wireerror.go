package collective

import (
	"context"
	"errors"
	"io/fs"
	"os"

	"github.com/godcp/godcp/ckpterr"
	"github.com/godcp/godcp/fsbase"
)

// wireError is an error on its way to other ranks.
type wireError struct {
	// Ticket is under what a keeper has the error itself; 0 where ranks are
	// processes.
	Ticket uint64

	Text  string
	Known []string // names in knownErrors that errors.Is finds
	Ckpt  *wireCkpt
}

// wireCkpt is a ckpterr.Error.
type wireCkpt struct {
	Class                  ckpterr.Class
	File, FQN, Hint, Cause string
	Offset                 int64
}

// knownErrors are told apart on every rank. The names are part of the protocol.
var knownErrors = map[string]error{
	"fs.ErrInvalid":            fs.ErrInvalid,
	"fs.ErrPermission":         fs.ErrPermission,
	"fs.ErrExist":              fs.ErrExist,
	"fs.ErrNotExist":           fs.ErrNotExist,
	"fs.ErrClosed":             fs.ErrClosed,
	"os.ErrDeadlineExceeded":   os.ErrDeadlineExceeded,
	"errors.ErrUnsupported":    errors.ErrUnsupported,
	"context.Canceled":         context.Canceled,
	"context.DeadlineExceeded": context.DeadlineExceeded,
	"fsbase.ErrPrecondition":   fsbase.ErrPrecondition,
	"fsbase.ErrChanged":        fsbase.ErrChanged,
	"fsbase.ErrThrottled":      fsbase.ErrThrottled,
	"fsbase.ErrCommitUnknown":  fsbase.ErrCommitUnknown,
}

func toWire(g Group, err error) wireError {
	w := wireError{Text: err.Error()}
	if k, ok := g.(keeper); ok {
		w.Ticket = k.keep(err)
	}
	for name, known := range knownErrors {
		if errors.Is(err, known) {
			w.Known = append(w.Known, name)
		}
	}
	var e *ckpterr.Error
	if errors.As(err, &e) {
		w.Ckpt = &wireCkpt{Class: e.Class, File: e.File, FQN: e.FQN, Hint: e.Hint, Offset: e.Offset}
		if e.Err != nil {
			w.Ckpt.Cause = e.Err.Error()
		}
	}
	return w
}

func (w wireError) fromWire(g Group) error {
	if k, ok := g.(keeper); ok {
		if err := k.kept(w.Ticket); err != nil {
			return err
		}
	}
	r := &remoteError{text: w.Text}
	for _, name := range w.Known {
		if err, ok := knownErrors[name]; ok {
			r.is = append(r.is, err)
		}
	}
	if c := w.Ckpt; c != nil {
		r.is = append(r.is, &ckpterr.Error{
			Class: c.Class, File: c.File, Offset: c.Offset, FQN: c.FQN, Hint: c.Hint, Err: errors.New(c.Cause),
		})
	}
	return r
}

// remoteError is an error of another process.
type remoteError struct {
	text string
	is   []error
}

func (e *remoteError) Error() string   { return e.text }
func (e *remoteError) Unwrap() []error { return e.is }
