package conformance

import (
	"cmp"
	"slices"
)

// ReportVersion is the version of [Report]'s JSON. It grows when a member
// changes its meaning or goes away, not when one is added.
const ReportVersion = 1

// Result is how a check ended.
type Result string

// The results.
const (
	Pass     Result = "pass"
	Fail     Result = "fail"
	Absent   Result = "absent"   // the backend or the harness lacks what the check needs
	Excepted Result = "excepted" // it failed, and the harness gives a reason
)

// Outcome is how a profile ended.
type Outcome string

// The outcomes.
const (
	Success Outcome = "success" // every MUST check that ran passed
	Partial Outcome = "partial" // as Success, but some MUST checks are excepted
	Failure Outcome = "failure" // a MUST check failed
	NotRun  Outcome = "absent"  // no MUST check ran
)

// Report is what a run of the suite found. It marshals to JSON.
type Report struct {
	Version      int                 `json:"version"` // ReportVersion
	Go           string              `json:"go"`
	OS           string              `json:"os"`
	Arch         string              `json:"arch"`
	Seed         uint64              `json:"seed"` // of everything random in the run
	Limits       Limits              `json:"limits"`
	Capabilities []Capability        `json:"capabilities"` // that the backend has
	Profiles     map[Profile]Outcome `json:"profiles"`
	Checks       []CheckResult       `json:"checks"` // in the order of Checks
}

// CheckResult is the result of one check.
type CheckResult struct {
	ID      string   `json:"id"`
	Clauses []string `json:"clauses"`
	Level   Level    `json:"level"`
	Profile Profile  `json:"profile"`
	Result  Result   `json:"result"`
	Detail  string   `json:"detail,omitempty"` // what was seen, what is absent, or the reason
	Seconds float64  `json:"seconds"`
}

// Broken reports whether the result is one that a conforming backend must not
// have.
func (r CheckResult) Broken() bool { return r.Level == Must && r.Result == Fail }

// Conforms reports whether no MUST check failed.
func (r *Report) Conforms() bool { return !slices.ContainsFunc(r.Checks, CheckResult.Broken) }

// finish orders the results and sums them up.
func (r *Report) finish() {
	place := map[string]int{}
	for i, c := range Checks() {
		place[c.ID] = i
	}
	slices.SortFunc(r.Checks, func(a, b CheckResult) int { return cmp.Compare(place[a.ID], place[b.ID]) })
	r.Profiles = map[Profile]Outcome{}
	for _, p := range []Profile{Core, Atomic, Exclusive, Swap, Ranged, List, Durable} {
		r.Profiles[p] = r.outcome(p)
	}
}

func (r *Report) outcome(p Profile) Outcome {
	count := map[Result]int{}
	for _, c := range r.Checks {
		if c.Profile == p && c.Level == Must {
			count[c.Result]++
		}
	}
	switch {
	case count[Fail] > 0:
		return Failure
	case count[Excepted] > 0:
		return Partial
	case count[Pass] > 0:
		return Success
	}
	return NotRun
}
