package verify

import (
	"errors"
	"fmt"

	"github.com/godcp/godcp/ckpterr"
)

// Severity tells what breaks a checkpoint from what only deserves a look.
type Severity string

// The severities.
const (
	Error   Severity = "error"   // loading fails, or gives something other than was saved
	Warning Severity = "warning" // loads, but somebody should know
)

// The classes of warnings. Those of errors are the [ckpterr.Class]es. Their
// names are stable: `dcp verify --json` prints them.
const (
	UnknownClass  = "UnknownClass"  // a Python class that godcp does not know; it stays inert
	UnknownRecord = "UnknownRecord" // a storage record for an fqn or chunk that is not there
	StaleFile     = "StaleFile"     // a data file that no record names
	NoChecksum    = "NoChecksum"    // items whose bytes nothing vouches for
	RankLocal     = "RankLocal"     // the files of the set may be of different steps
	OpaquePlanner = "OpaquePlanner" // planner_data that only its own planner understands
)

// Finding is one fault or doubt.
type Finding struct {
	Severity Severity `json:"severity"`
	Class    string   `json:"class"`
	File     string   `json:"file,omitempty"` // relative to the checkpoint
	Offset   int64    `json:"offset"`         // bytes from the start of File; -1 when not known
	FQN      string   `json:"fqn,omitempty"`
	Message  string   `json:"message"`
	Hint     string   `json:"hint,omitempty"`

	err error
}

// Err is the error that the finding was made of; nil for most warnings.
func (f Finding) Err() error { return f.err }

// String is one line: severity, place, class, message. Names are escaped.
func (f Finding) String() string {
	e := ckpterr.Error{Class: ckpterr.Class(f.Class), File: f.File, Offset: f.Offset, FQN: f.FQN}
	if f.Message != "" {
		e.Err = errors.New(f.Message)
	}
	return fmt.Sprintf("%s: %s", f.Severity, e.Error())
}

// Report is what Verify found. The zero numbers of errors and warnings mean a
// sound checkpoint.
type Report struct {
	Findings []Finding `json:"findings"` // in a fixed order, at most Options.MaxFindings
	Errors   int       `json:"errors"`   // all of them, kept or not
	Warnings int       `json:"warnings"`

	Tensors int   `json:"tensors"` // entries
	Objects int   `json:"objects"`
	Items   int   `json:"items"` // stored items that were checked
	Files   int   `json:"files"` // that hold them
	Bytes   int64 `json:"bytes"` // of the items, as stored

	limit      int
	first      error
	inMetadata map[fault]bool
}

// OK tells whether no error was found.
func (r *Report) OK() bool { return r.Errors == 0 }

// FirstError is the first error that was found, or nil. It is a
// *[ckpterr.Error].
func (r *Report) FirstError() error { return r.first }

// Unopened is the report on a checkpoint that dcp.Open refused with err, an
// error with a [ckpterr.Class].
func Unopened(err error) *Report {
	r := &Report{limit: 1}
	r.fault(err)
	return r
}

func (r *Report) add(f Finding) {
	if f.Severity == Error {
		if r.Errors++; r.first == nil {
			r.first = f.err
		}
	} else {
		r.Warnings++
	}
	if len(r.Findings) < r.limit {
		r.Findings = append(r.Findings, f)
	}
}

func (r *Report) fault(err error) { r.add(findingOf(Error, err)) }

// said tells whether the metadata's faults say the same of the entry already.
func (r *Report) said(err error) bool {
	f := findingOf(Error, err)
	return r.inMetadata[fault{f.Class, f.FQN}]
}

type fault struct{ class, fqn string }

func findingOf(s Severity, err error) Finding {
	f := Finding{Severity: s, Offset: -1, Message: err.Error(), err: err}
	var e *ckpterr.Error
	if !errors.As(err, &e) {
		return f
	}
	f.Class, f.File, f.Offset, f.FQN, f.Hint = string(e.Class), e.File, e.Offset, e.FQN, e.Hint
	f.Message = ""
	if e.Err != nil {
		f.Message = e.Err.Error()
	}
	return f
}

func (r *Report) warn(class, file, fqn, format string, args ...any) {
	r.add(Finding{
		Severity: Warning, Class: class, File: file, FQN: fqn, Offset: -1,
		Message: fmt.Sprintf(format, args...),
	})
}
