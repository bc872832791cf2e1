package conformance

import (
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"regexp"
	"slices"
)

// MaxReport is the size in bytes of the largest report that [ReadReport] reads.
const MaxReport = 16 << 20

// ErrBadReport is what [ReadReport] says of anything that is not a report that
// this package could have written.
var ErrBadReport = errors.New("not a conformance report")

// ReportVersionError is a report of a version that this package cannot read.
type ReportVersionError struct{ Version int }

func (e *ReportVersionError) Error() string {
	return fmt.Sprintf("a conformance report of version %d, and only %d can be read", e.Version, ReportVersion)
}

// Is makes the error ErrBadReport.
func (e *ReportVersionError) Is(target error) bool { return target == ErrBadReport }

// ReadReport reads one report and nothing behind it. Reports come from
// strangers, so it is strict: another version is a [*ReportVersionError], and
// what is too large, is no report, or says of a profile what its own checks do
// not say is [ErrBadReport]. Members that it does not know are left out: a
// newer suite may have added them.
//
// That a report is well formed does not make it true. Who doubts one runs the
// suite.
func ReadReport(r io.Reader) (*Report, error) {
	text, err := io.ReadAll(io.LimitReader(r, MaxReport+1))
	if err != nil {
		return nil, fmt.Errorf("reading a conformance report: %w", err)
	}
	if len(text) > MaxReport {
		return nil, fmt.Errorf("%w: more than %d bytes", ErrBadReport, MaxReport)
	}
	var head struct {
		Version *int `json:"version"`
	}
	if err := json.Unmarshal(text, &head); err != nil {
		return nil, fmt.Errorf("%w: %w", ErrBadReport, err)
	}
	switch {
	case head.Version == nil:
		return nil, fmt.Errorf("%w: it has no version", ErrBadReport)
	case *head.Version != ReportVersion:
		return nil, &ReportVersionError{Version: *head.Version}
	}
	rep := &Report{}
	if err := json.Unmarshal(text, rep); err != nil {
		return nil, fmt.Errorf("%w: %w", ErrBadReport, err)
	}
	if err := rep.validate(); err != nil {
		return nil, fmt.Errorf("%w: %w", ErrBadReport, err)
	}
	return rep, nil
}

var (
	checkID = regexp.MustCompile(`^[a-z]+/[a-z0-9]+(-[a-z0-9]+)*$`)
	clause  = regexp.MustCompile(`^[A-Z][0-9]+$`)
)

// validate says what a report has that this package would not have written.
func (r *Report) validate() error {
	seen := map[string]bool{}
	for _, c := range r.Checks {
		switch {
		case !checkID.MatchString(c.ID):
			return fmt.Errorf("a check has the ID %q", c.ID)
		case seen[c.ID]:
			return fmt.Errorf("%s has two results", c.ID)
		case c.Level != Must && c.Level != Should:
			return fmt.Errorf("%s has the level %q", c.ID, c.Level)
		case !slices.Contains([]Result{Pass, Fail, Absent, Excepted}, c.Result):
			return fmt.Errorf("%s has the result %q", c.ID, c.Result)
		case len(c.Clauses) == 0 || slices.ContainsFunc(c.Clauses, func(s string) bool { return !clause.MatchString(s) }):
			return fmt.Errorf("%s has the clauses %q", c.ID, c.Clauses)
		case c.Result == Excepted && !slices.ContainsFunc(r.Exceptions, func(x Exception) bool { return x.Check == c.ID }):
			return fmt.Errorf("%s is excepted, and no exception says why", c.ID)
		case r.Profiles[c.Profile] == "":
			return fmt.Errorf("the profile %q of %s has no outcome", c.Profile, c.ID)
		}
		seen[c.ID] = true
	}
	for p, said := range r.Profiles {
		if is := r.outcome(p); is != said {
			return fmt.Errorf("it calls the profile %q a %q, and its checks make it %q", p, said, is)
		}
	}
	if len(r.Checks) > r.Suite.Checks {
		return fmt.Errorf("%d results of %d checks", len(r.Checks), r.Suite.Checks)
	}
	return nil
}
