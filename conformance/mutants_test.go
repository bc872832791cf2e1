package conformance_test

import (
	"context"
	"errors"
	"os"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/godcp/godcp/conformance"
	"github.com/godcp/godcp/conformance/internal/mutants"
	"github.com/godcp/godcp/fsbase"
)

// offers are the options for a backend of package mutants.
func offers() []conformance.Option {
	return []conformance.Option{
		conformance.WithSecrets("hunter2"),
		conformance.WithCheckpointID("checkpoint"),
		conformance.WithReopen(func(_ context.Context, fsys fsbase.FileSystemBase) (fsbase.FileSystemBase, error) {
			return fsys.(mutants.Backend).Reopen(), nil
		}),
		conformance.WithCrash(func(_ context.Context, fsys fsbase.FileSystemBase) (fsbase.FileSystemBase, error) {
			return fsys.(mutants.Backend).Crash(), nil
		}),
		conformance.WithResidue(func(_ context.Context, fsys fsbase.FileSystemBase) ([]string, error) {
			return fsys.(mutants.Backend).Residue(), nil
		}),
		conformance.WithFaults(faults),
	}
}

// faults are those of package mutants.
var faults = conformance.Faults{
	Lose: arm(mutants.Lose), Refuse: arm(mutants.Refuse), Forbid: arm(mutants.Forbid), Truncate: arm(mutants.Truncate),
	Library: func(err error) bool { return errors.As(err, new(*mutants.StorageError)) },
}

func arm(how string) conformance.Arm {
	return func(_ context.Context, fsys fsbase.FileSystemBase, f conformance.Fault) (func() int, error) {
		return fsys.(mutants.Backend).Arm(how, string(f.On), f.Skip, f.Times)
	}
}

// verify runs the suite with everything that a backend of package mutants
// offers.
func verify(t *testing.T, b mutants.Backend, options ...conformance.Option) *conformance.Report {
	t.Helper()
	rep, err := conformance.Verify(t.Context(), b, append(offers(), options...)...)
	if err != nil {
		t.Fatal(err)
	}
	return rep
}

// mutantRuns, in the environment, is how often each mutant is run: a check that
// fails it by luck shows. The seed is another each time, and in the failure.
const mutantRuns = "GODCP_MUTANT_RUNS"

func runsOfMutants(t *testing.T) int {
	text := os.Getenv(mutantRuns)
	if text == "" {
		return 1
	}
	n, err := strconv.Atoi(text)
	if err != nil || n < 1 {
		t.Fatalf("%s=%s is no number of runs", mutantRuns, text)
	}
	return n
}

// short is for mutants that let calls wait for each other.
var short = conformance.Limits{Timeout: 10 * time.Second}

// TestMutants holds every check to what it is for: a mutant must fail each of
// the checks that it is there to fail, and every check must fail one.
func TestMutants(t *testing.T) {
	runs := runsOfMutants(t)
	killing, named := map[string]bool{}, map[string]bool{}
	for _, m := range mutants.All() {
		if named[m.Name] || len(m.Kills) == 0 {
			t.Fatalf("the mutant %q is there twice, or for nothing", m.Name)
		}
		named[m.Name] = true
		t.Run(m.Name, func(t *testing.T) {
			for run := range runs {
				rep := verify(t, m.New(), conformance.Only(m.Kills...), conformance.WithLimits(short))
				for _, c := range rep.Checks {
					killing[c.ID] = true
					if c.Result != conformance.Fail {
						t.Errorf("run %d of %d, seed %d: %s: %s %s", run+1, runs, rep.Seed, c.ID, c.Result, c.Detail)
					}
					if strings.Contains(c.Detail, "did not return") {
						t.Errorf("run %d of %d: %s is out of time, which is no finding: %s", run+1, runs, c.ID, c.Detail)
					}
					wantCited(t, c)
				}
			}
		})
	}
	for _, c := range conformance.Checks() {
		if !killing[c.ID] {
			t.Errorf("%s kills no mutant", c.ID)
		}
	}
}

// wantCited demands that a failure speaks of clauses that its check cites.
func wantCited(t *testing.T, c conformance.CheckResult) {
	t.Helper()
	for line := range strings.Lines(c.Detail) {
		if clause, _, ok := strings.Cut(line, " demands: "); ok && !slices.Contains(c.Clauses, clause) {
			t.Errorf("%s does not cite %s: %s", c.ID, clause, line)
		}
	}
}
