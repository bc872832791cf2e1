package conformance

import (
	"context"
	"fmt"
	"runtime"
	"slices"
	"strings"
	"time"

	"github.com/godcp/godcp/fsbase"
)

// Limits bound the work of the suite. A zero member means its default.
type Limits struct {
	// LargeSize is the size in bytes of a large stream. It should be above
	// the size from which the backend writes or reads in parts: default 12 MiB.
	// A smaller PartLimits.MaxObject goes before it.
	LargeSize int64 `json:"large_size"`

	// HugeSize is the size in bytes of the only huge streams, which are written
	// and read in blocks: default 104 MiB, where the largest of the default part
	// sizes and buffers of SDKs end. Negative for none.
	HugeSize int64 `json:"huge_size"`

	// Rounds is how often a race is run: default 200. Each check tells which
	// faults escape how often.
	Rounds int `json:"rounds"`

	// Keys is how many streams are listed by the checks about pages of
	// listings: default 2003, just above two pages of S3 and GCS. They are
	// written four times, several at once: a server that takes 20 ms for a
	// write needs about 20 s for all of them. 1003 is still more than a page.
	Keys int `json:"keys"`

	// Timeout ends a check: default 5 minutes.
	Timeout time.Duration `json:"timeout_ns"`
}

func (l Limits) withDefaults() Limits {
	pick := func(v, d int64) int64 {
		if v > 0 {
			return v
		}
		return d
	}
	huge := int64(-1)
	if l.HugeSize >= 0 {
		huge = pick(l.HugeSize, 104<<20)
	}
	return Limits{
		LargeSize: pick(l.LargeSize, 12<<20),
		HugeSize:  huge,
		Rounds:    int(pick(int64(l.Rounds), 200)),
		Keys:      int(pick(int64(l.Keys), 2003)),
		Timeout:   time.Duration(pick(int64(l.Timeout), int64(5*time.Minute))),
	}
}

// Exception says that a backend is known to fail a check. The check runs all
// the same: an exception that is not needed any more shows as a pass.
type Exception struct {
	Check  string `json:"check"`  // an ID
	Reason string `json:"reason"` // required: it goes into the report
}

// environment is what all trials of one run share.
type environment struct {
	checks  []Check // that the suite has, whether or not they are run
	about   Implementation
	limits  Limits
	seed    uint64 // of everything random, except the folder of Verify
	faults  Faults
	except  map[string]string // check to reason
	given   []Exception
	secrets []string
	ownID   string
	reopen  func(context.Context, fsbase.FileSystemBase) (fsbase.FileSystemBase, error)
	crash   func(context.Context, fsbase.FileSystemBase) (fsbase.FileSystemBase, error)
	residue func(context.Context, fsbase.FileSystemBase) ([]string, error)

	spare    *spare
	wrapping *wrapping // when a wrapper is looked at
	hides    []Capability

	costly    bool
	requests  func() int64
	bytesRead func() int64
}

func newEnvironment(checks []Check, limits Limits, except []Exception) (*environment, error) {
	e := &environment{
		checks: checks, seed: newSeed(), limits: limits.withDefaults(), except: map[string]string{}, given: except,
		spare: &spare{},
	}
	for _, x := range except {
		if strings.TrimSpace(x.Reason) == "" {
			return nil, fmt.Errorf("conformance: the exception for %q gives no reason", x.Check)
		}
		if !slices.ContainsFunc(checks, func(c Check) bool { return c.ID == x.Check }) {
			return nil, fmt.Errorf("conformance: the exception for %q names no check", x.Check)
		}
		e.except[x.Check] = x.Reason
	}
	return e, nil
}

func (e *environment) report(fsys fsbase.FileSystemBase) *Report {
	return &Report{
		Version: ReportVersion, Suite: suiteOf(e.checks), Implementation: e.about,
		Go: runtime.Version(), OS: runtime.GOOS, Arch: runtime.GOARCH,
		Seed: e.seed, Limits: e.limits, Capabilities: capabilitiesOf(fsys),
		Checks: []CheckResult{}, Exceptions: e.given, Notes: e.notes(),
	}
}

// offers returns what the harness can do.
func (e *environment) offers() []Capability {
	var offers []Capability
	for c, offered := range map[Capability]bool{
		CanReopen: e.reopen != nil, CanCrash: e.crash != nil, CanResidue: e.residue != nil,
		CanLose: e.faults.Lose != nil, CanRefuse: e.faults.Refuse != nil,
		CanForbid: e.faults.Forbid != nil, CanTruncate: e.faults.Truncate != nil, CanTellLibrary: e.faults.Library != nil,
	} {
		if offered {
			offers = append(offers, c)
		}
	}
	return offers
}

// run puts one check to fsys, inside root, and removes what it wrote.
func (e *environment) run(ctx context.Context, c Check, fsys fsbase.FileSystemBase, root string) CheckResult {
	start := time.Now()
	res := CheckResult{ID: c.ID, Clauses: c.Clauses, Level: c.Level, Profile: c.Profile, Result: Pass}
	lacks := missing(c.Needs, append(capabilitiesOf(fsys), e.offers()...))
	if len(lacks) > 0 {
		res.Result, res.Detail = Absent, fmt.Sprintf("needs %v", lacks)
		return res
	}
	t := &trial{record: &record{check: c}, fs: fsys, root: root, env: e}
	t.carryOut(ctx)
	if res.Detail = t.verdict(); res.Detail != "" {
		res.Result = Fail
	} else if t.lacks != "" {
		res.Result, res.Detail = Absent, t.lacks
	}
	switch reason, ok := e.except[c.ID]; {
	case ok && res.Result == Fail:
		res.Result, res.Detail = Excepted, reason+"\n"+res.Detail
	case ok:
		res.Detail = "passes without the exception: " + reason
	}
	res.Seconds = time.Since(start).Seconds()
	return res
}

// carryOut runs the check in a goroutine of its own, so that a backend which
// hangs fails one check and not the suite.
func (t *trial) carryOut(ctx context.Context) {
	if t.perform(ctx) {
		t.with(context.WithoutCancel(ctx)).cleanUp()
	}
}

// perform is carryOut without the removal of what was written. It returns
// false when the check hangs.
func (t *trial) perform(ctx context.Context) (returned bool) {
	limit := t.env.limits.Timeout
	checkCtx, cancel := context.WithTimeout(ctx, limit)
	defer cancel()
	t.ctx = checkCtx
	done := make(chan struct{})
	go func() {
		defer close(done)
		defer t.guard()
		t.check.run(t)
		t.finish()
	}()
	select {
	case <-done:
		if !t.isFinished() && !t.failed() && t.lacks == "" {
			t.add("the harness ended the check")
		}
		return true
	case <-time.After(limit + min(limit, 5*time.Second)):
		t.add(fmt.Sprintf("the check did not return within %v, although its context is done", limit))
		return false
	}
}

func (r *record) finish() {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.finished = true
}

func (r *record) isFinished() bool {
	r.mu.Lock()
	defer r.mu.Unlock()
	return r.finished
}

// cleanUp removes the streams that the check may have written. What it cannot
// remove stays: whether RmFile works is the question of other checks.
func (t *trial) cleanUp() {
	ctx, cancel := context.WithTimeout(t.ctx, t.env.limits.Timeout)
	defer cancel()
	t.mu.Lock()
	names := slices.Compact(slices.Sorted(slices.Values(t.names)))
	t.mu.Unlock()
	t.each(racers, func(worker int) {
		for i := worker; i < len(names); i += racers {
			_ = t.fs.RmFile(ctx, names[i])
		}
	})
}

// largeSize is how large a large stream is on this backend.
func (t *trial) largeSize() int { return t.allowed(t.env.limits.LargeSize) }

// allowed is size, or the greatest that the backend allows.
func (t *trial) allowed(size int64) int {
	if p, ok := fsbase.As[fsbase.PartLimiter](t.fs); ok {
		if limit := p.PartLimits().MaxObject; limit > 0 {
			size = min(size, limit)
		}
	}
	return int(size)
}
