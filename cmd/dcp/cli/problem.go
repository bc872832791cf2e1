package cli

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"strconv"
	"strings"

	"github.com/godcp/godcp/ckpterr"
	"github.com/godcp/godcp/fsbase"
)

// The classes beside those of ckpterr.
const (
	classUsage            = "Usage"
	classUnknownScheme    = "UnknownScheme"
	classUnknownParameter = "UnknownParameter"
	classNotFound         = "NotFound"
	classPermissionDenied = "PermissionDenied"
	classUnreachable      = "Unreachable"
	classCanceled         = "Canceled"
	classAlreadyExists    = "AlreadyExists"
	classNonconforming    = "Nonconforming"
)

// The exit statuses.
const (
	statusBad     = 1 // the checkpoint, or the storage by dcp conform
	statusUsage   = 2
	statusStorage = 3
)

// problem is an error as users see it.
type problem struct {
	Class   string
	Message string // without place
	File    string
	Offset  int64 // -1 when not known
	FQN     string
	Hint    string

	line   string // with class and place
	status int
}

// usageError is a mistake in how dcp was called.
type usageError struct{ error }

func (e usageError) Unwrap() error { return e.error }

func usage(hint, format string, args ...any) error {
	return withHint(usageError{fmt.Errorf(format, args...)}, hint)
}

// hinted adds what the user could do.
type hinted struct {
	error
	hint string
}

func (e hinted) Unwrap() error { return e.error }

func withHint(err error, hint string) error { return hinted{err, hint} }

// classify finds the class, the exit status and the hint of an error.
func classify(err error) problem {
	p := problem{Message: err.Error(), line: err.Error(), Offset: -1, status: statusStorage}
	var h hinted
	if errors.As(err, &h) {
		p.Hint = h.hint
	}
	var bad *ckpterr.Error
	var scheme *fsbase.UnknownSchemeError
	var parameter *fsbase.UnknownParameterError
	var broken nonconformingError
	switch {
	case errors.Is(err, context.Canceled):
		p.Class = classCanceled
	case errors.As(err, &bad):
		p.damage(bad)
	case errors.As(err, &broken):
		p.Class, p.status = classNonconforming, statusBad
	case errors.As(err, &usageError{}):
		p.Class, p.status = classUsage, statusUsage
	case errors.As(err, &scheme):
		p.Class, p.status = classUnknownScheme, statusUsage
		p.suggest("the schemes there are: "+strings.Join(scheme.Known, ", "), closest(scheme.Scheme, scheme.Known), "://")
	case errors.As(err, &parameter):
		p.Class, p.status = classUnknownParameter, statusUsage
		if len(parameter.Known) > 0 {
			p.suggest("the parameters there are: "+strings.Join(parameter.Known, ", "), closest(parameter.Parameter, parameter.Known), "")
		}
	case errors.Is(err, fs.ErrNotExist):
		p.Class = classNotFound
	case errors.Is(err, fs.ErrPermission):
		p.Class = classPermissionDenied
	case errors.Is(err, fs.ErrExist):
		p.Class = classAlreadyExists
	case errors.Is(err, fs.ErrInvalid):
		p.Class, p.status = classUsage, statusUsage
	default:
		p.Class = classUnreachable
		if errors.Is(err, fsbase.ErrChanged) {
			p.Hint = "somebody saved over it meanwhile; run dcp again"
		}
	}
	return p
}

// damage fills in what a bad checkpoint's error says.
func (p *problem) damage(e *ckpterr.Error) {
	p.Class, p.status = string(e.Class), statusBad
	p.File, p.Offset, p.FQN = e.File, e.Offset, e.FQN
	p.Message = string(e.Class)
	if e.Err != nil {
		p.Message = e.Err.Error()
	}
	if p.Hint == "" {
		p.Hint = e.Hint
	}
	if e.Class == ckpterr.UnsafePickle && p.Hint == "" {
		p.Hint = "Python would run code from this file: do not load it there"
	}
}

// suggest sets a hint: the closest names if there are any, else all of them.
func (p *problem) suggest(all string, near []string, suffix string) {
	p.Hint = all
	if len(near) > 0 {
		p.Hint = "did you mean " + near[0] + suffix + "?"
	}
}

// print writes the problem to stderr: lines for people, or one JSON object.
func (a *app) print(p problem) {
	if a.json {
		b, _ := json.Marshal(p) // strings and numbers always encode
		fmt.Fprintf(a.errOut, "%s\n", b)
		return
	}
	fmt.Fprintf(a.errOut, "dcp: error: %s\n", oneLine(p.line))
	if p.Hint != "" {
		fmt.Fprintf(a.errOut, "dcp: hint: %s\n", oneLine(p.Hint))
	}
}

// MarshalJSON is {"error": {…}}; what is not known is null.
func (p problem) MarshalJSON() ([]byte, error) {
	type fields struct {
		Class   string `json:"class"`
		Message text   `json:"message"`
		File    *text  `json:"file"`
		Offset  *int64 `json:"offset"`
		FQN     *text  `json:"fqn"`
		Hint    *text  `json:"hint"`
	}
	f := fields{Class: p.Class, Message: text(p.Message), File: known(p.File), FQN: known(p.FQN), Hint: known(p.Hint)}
	if p.Offset >= 0 {
		f.Offset = &p.Offset
	}
	return json.Marshal(map[string]fields{"error": f})
}

func known(s string) *text {
	if s == "" {
		return nil
	}
	t := text(s)
	return &t
}

// oneLine escapes what would break a line or speak to the terminal. Escapes
// that are there already stay as they are.
func oneLine(s string) string {
	var b strings.Builder
	for i, part := range strings.Split(s, "\n") {
		if i > 0 {
			b.WriteString("; ")
		}
		for _, r := range part {
			if strconv.IsGraphic(r) {
				b.WriteRune(r)
			} else {
				q := strconv.QuoteRuneToGraphic(r)
				b.WriteString(q[1 : len(q)-1])
			}
		}
	}
	return b.String()
}
