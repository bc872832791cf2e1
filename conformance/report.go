package conformance

import (
	"cmp"
	"fmt"
	"maps"
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

// Report is what a run of the suite found. It marshals to JSON that
// [ReportSchema] describes; [ReadReport] reads it back.
type Report struct {
	Version        int                 `json:"version"` // ReportVersion
	Suite          Suite               `json:"suite"`
	Implementation Implementation      `json:"implementation,omitzero"`
	Go             string              `json:"go"`
	OS             string              `json:"os"`
	Arch           string              `json:"arch"`
	Seed           uint64              `json:"seed"` // with which the run can be repeated
	Limits         Limits              `json:"limits"`
	Capabilities   []Capability        `json:"capabilities"` // that the backend has
	Profiles       map[Profile]Outcome `json:"profiles"`
	Checks         []CheckResult       `json:"checks"`               // in the order of Checks
	Exceptions     []Exception         `json:"exceptions,omitempty"` // that were given, needed or not
	Notes          []string            `json:"notes,omitempty"`      // worth knowing, and no verdict
	Costs          *Costs              `json:"costs,omitempty"`      // when they were measured
}

// Implementation says whose report it is. All of it is what its author claims.
type Implementation struct {
	Name    string `json:"name,omitempty"`
	Version string `json:"version,omitempty"`
	URL     string `json:"url,omitempty"`
	Contact string `json:"contact,omitempty"`
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

// Complete reports whether every check of the suite has a result. It has not
// when a run was cut short, or was asked for some checks only.
func (r *Report) Complete() bool { return len(r.Checks) == r.Suite.Checks }

// finish orders the results and sums them up.
func (r *Report) finish() {
	place := map[string]int{}
	for i, c := range slices.Concat(Checks(), WrapperChecks()) {
		place[c.ID] = i
	}
	slices.SortFunc(r.Checks, func(a, b CheckResult) int { return cmp.Compare(place[a.ID], place[b.ID]) })
	r.Profiles = map[Profile]Outcome{}
	for _, p := range Profiles() {
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

// profiles returns the profiles that have an outcome, in the order of
// Profiles; those that only a newer suite knows are the last.
func (r *Report) profiles() []Profile {
	order := slices.Concat(Profiles(), slices.Sorted(maps.Keys(r.Profiles)))
	var known []Profile
	for _, p := range order {
		if _, ok := r.Profiles[p]; ok && !slices.Contains(known, p) {
			known = append(known, p)
		}
	}
	return known
}

// Verdict is the report in one line for people.
func (r *Report) Verdict() string {
	count := map[Result]int{}
	broken := 0
	for _, c := range r.Checks {
		count[c.Result]++
		if c.Broken() {
			broken++
		}
	}
	verdict := "conforms"
	switch {
	case broken > 0:
		verdict = fmt.Sprintf("does not conform, %d MUST %s failed", broken, plural(broken, "check"))
	case !r.Complete():
		verdict = "no MUST check failed"
	}
	line := fmt.Sprintf("%s: of %d checks %d ran, %d passed", verdict, r.Suite.Checks, len(r.Checks)-count[Absent], count[Pass])
	for _, res := range []Result{Fail, Excepted, Absent} {
		if n := count[res]; n > 0 {
			line += fmt.Sprintf(", %d %s", n, participle[res])
		}
	}
	return line
}

// participle is a result in a sentence.
var participle = map[Result]string{Fail: "failed", Excepted: "excepted", Absent: "absent"}

func plural(n int, noun string) string {
	if n == 1 {
		return noun
	}
	return noun + "s"
}
