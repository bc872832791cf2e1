package planner

import (
	"errors"
	"fmt"

	"github.com/godcp/godcp/ckpterr"
)

// Why a state dict cannot be saved. Chunks that do not tile their tensor are
// told by the classes ckpterr.ChunkBounds, ChunkOverlap and ChunkGap.
var (
	ErrBadValue      = errors.New("value cannot be saved")
	ErrBadItem       = errors.New("write item contradicts itself")
	ErrDuplicateItem = errors.New("planned twice on one rank")
	ErrRanksDisagree = errors.New("ranks disagree")
)

// PlanProblem is one name that cannot be saved.
type PlanProblem struct {
	FQN    string
	Detail string
	Err    error // one of the errors above, a ckpterr.Class, or what a storage writer finds
}

func (p *PlanProblem) Error() string {
	s := ckpterr.Escape(p.FQN) + ": " + p.Err.Error()
	if p.Detail != "" {
		s += ": " + p.Detail
	}
	return s
}

// Unwrap gives errors.Is the reason.
func (p *PlanProblem) Unwrap() error { return p.Err }

// PlanError lists everything in a plan that would make a bad checkpoint.
// Nothing was written.
type PlanError struct {
	Problems []*PlanProblem
}

func (e *PlanError) Error() string {
	return listed(fmt.Sprintf("state dict cannot be saved, %d problems", len(e.Problems)), e.Problems)
}

// Unwrap gives errors.Is every problem.
func (e *PlanError) Unwrap() []error { return asErrors(e.Problems) }

func (e *PlanError) add(fqn string, err error, format string, args ...any) {
	e.Problems = append(e.Problems, &PlanProblem{fqn, fmt.Sprintf(format, args...), err})
}

// orNil is e as an error, or nil when it lists nothing.
func (e *PlanError) orNil() error {
	if len(e.Problems) == 0 {
		return nil
	}
	return e
}
