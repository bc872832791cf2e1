package collective

import (
	"fmt"
	"maps"
	"slices"
	"strings"
)

// StepError is the failure of a step: torch's CheckpointException. Every rank
// gets the same.
//
// Within one process (see [InProcess]) the failures are the errors themselves.
// From another process comes their text, and errors.Is finds what this package
// knows in them: the errors of io/fs, fsbase and context, and *ckpterr.Error
// with its place.
type StepError struct {
	Step     string
	Failures map[int]error // by rank
}

// shown is how many ranks the text names; the rest are counted.
const shown = 10

func (e *StepError) Error() string {
	ranks := e.ranks()
	var b strings.Builder
	fmt.Fprintf(&b, "step %q failed on %d ranks", e.Step, len(ranks))
	for i, r := range ranks {
		if i == shown {
			fmt.Fprintf(&b, "; and %d more", len(ranks)-shown)
			break
		}
		fmt.Fprintf(&b, "; rank %d: %v", r, e.Failures[r])
	}
	return b.String()
}

// Unwrap gives errors.Is the failures of all ranks.
func (e *StepError) Unwrap() []error {
	var errs []error
	for _, r := range e.ranks() {
		errs = append(errs, e.Failures[r])
	}
	return errs
}

func (e *StepError) ranks() []int { return slices.Sorted(maps.Keys(e.Failures)) }
