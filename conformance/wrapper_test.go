package conformance_test

import (
	"context"
	"os"
	"os/exec"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/godcp/godcp/conformance"
	"github.com/godcp/godcp/conformance/internal/mutants"
	"github.com/godcp/godcp/fsbase"
)

// inside are the options for the backend that wrappers of tests are around.
func inside() []conformance.Option { return append(offers(), conformance.WithLimits(quick)) }

func capabilities(names []string) []conformance.Capability {
	all := make([]conformance.Capability, len(names))
	for i, n := range names {
		all[i] = conformance.Capability(n)
	}
	return all
}

func sub(inner fsbase.FileSystemBase) fsbase.FileSystemBase {
	s, err := fsbase.Sub(inner, "a/b")
	if err != nil {
		panic(err)
	}
	return s
}

// TestCorrectWrappers runs all of the suite on wrappers that have no fault.
func TestCorrectWrappers(t *testing.T) {
	for _, c := range []struct {
		name  string
		wrap  func(fsbase.FileSystemBase) fsbase.FileSystemBase
		hides []string
	}{
		{"Sub", sub, nil},
		{"Sub of Sub", func(inner fsbase.FileSystemBase) fsbase.FileSystemBase { return sub(sub(inner)) }, nil},
		{"prefix", mutants.Prefixed, nil},
		{"bytes", mutants.Scrambled, mutants.ScrambledHides()},
		{"contents by hash", mutants.Addressed, mutants.AddressedHides()},
	} {
		t.Run(c.name, func(t *testing.T) {
			store := mutants.New()
			rep, err := conformance.VerifyWrapper(t.Context(), store, c.wrap, append(inside(), conformance.WithHidden(capabilities(c.hides)...))...)
			if err != nil {
				t.Fatal(err)
			}
			lacks := 0
			for _, r := range rep.Checks {
				switch r.Result {
				case conformance.Pass:
				case conformance.Absent:
					lacks++
				default:
					t.Errorf("%s: %s %s", r.ID, r.Result, r.Detail)
				}
			}
			if lacks > 0 && len(c.hides) == 0 {
				t.Errorf("%d checks are absent", lacks)
			}
			if !rep.Complete() || !rep.Conforms() || len(rep.Notes) != min(len(c.hides), 1) {
				t.Errorf("complete: %v, conforms: %v, notes: %q", rep.Complete(), rep.Conforms(), rep.Notes)
			}
			for info := range store.List(t.Context(), "") {
				if strings.HasPrefix(info.Path, "blobs/") {
					continue // nobody knows which name has it, too
				}
				t.Errorf("VerifyWrapper leaves %q", info.Path)
			}
		})
	}
}

// TestWrapperMutants is TestMutants for wrappers.
func TestWrapperMutants(t *testing.T) {
	runs := runsOfMutants(t)
	killing := map[string]bool{}
	for _, m := range mutants.Wrappers() {
		t.Run(m.Name, func(t *testing.T) {
			for run := range runs {
				rep, err := conformance.VerifyWrapper(t.Context(), mutants.New(), m.Wrap,
					append(inside(), conformance.Only(m.Kills...), conformance.WithHidden(capabilities(m.Hides)...))...)
				if err != nil {
					t.Fatal(err)
				}
				for _, c := range rep.Checks {
					killing[c.ID] = true
					if c.Result != conformance.Fail {
						t.Errorf("run %d of %d, seed %d: %s: %s %s", run+1, runs, rep.Seed, c.ID, c.Result, c.Detail)
					}
					if strings.Contains(c.Detail, "panic") {
						t.Errorf("%s: killed by a panic: %s", c.ID, c.Detail)
					}
					wantCited(t, c)
				}
			}
		})
	}
	for _, c := range conformance.WrapperChecks() {
		if !killing[c.ID] {
			t.Errorf("%s kills no mutant", c.ID)
		}
	}
}

// TestRunWrapper runs the suite on a wrapper as its author does.
func TestRunWrapper(t *testing.T) {
	h := harness(func() fsbase.FileSystemBase { return mutants.New() })
	rep := conformance.RunWrapper(t, h, sub)
	if !rep.Complete() || len(rep.Checks) != len(conformance.Checks())+len(conformance.WrapperChecks()) {
		t.Errorf("%d of %d checks", len(rep.Checks), rep.Suite.Checks)
	}
}

// TestRunWrapperFails is TestRunFails for wrappers.
func TestRunWrapperFails(t *testing.T) {
	if name := os.Getenv(brokenRun); name != "" {
		all := mutants.Wrappers()
		i := slices.IndexFunc(all, func(m mutants.Wrapper) bool { return m.Name == name })
		conformance.RunWrapper(t, harness(func() fsbase.FileSystemBase { return mutants.New() }), all[i].Wrap)
		return
	}
	cmd := exec.Command(os.Args[0], "-test.v", "-test.run=^TestRunWrapperFails$/^wrapper$")
	cmd.Env = append(os.Environ(), brokenRun+"=List begins with the folder and no slash")
	out, err := cmd.CombinedOutput()
	if err == nil {
		t.Fatalf("RunWrapper of a mutant passes:\n%s", out)
	}
	for _, want := range []string{
		"--- FAIL: TestRunWrapperFails/wrapper/escape",
		"C10 demands: RemoveAll removes",
		"N1 demands: ",
		"--- PASS: TestRunWrapperFails/wrapper/contexts",
	} {
		if !strings.Contains(string(out), want) {
			t.Errorf("no %q in:\n%s", want, out)
		}
	}
}

// incomparable is a wrapper that == panics on.
type incomparable struct {
	fsbase.FileSystemBase
	_ []func()
}

func TestWrapperThatCannotBeCompared(t *testing.T) {
	wrap := func(inner fsbase.FileSystemBase) fsbase.FileSystemBase { return incomparable{FileSystemBase: inner} }
	rep, err := conformance.VerifyWrapper(t.Context(), bare{mutants.New()}, wrap,
		conformance.WithReopen(func(_ context.Context, fsys fsbase.FileSystemBase) (fsbase.FileSystemBase, error) {
			return bare{fsys.(bare).FileSystemBase.(mutants.Backend).Reopen()}, nil
		}),
		conformance.WithLimits(quick), conformance.Only("handles/", "wrapper/"))
	if err != nil {
		t.Fatal(err)
	}
	for _, c := range rep.Checks {
		if c.Result != conformance.Pass && c.Result != conformance.Absent {
			t.Errorf("%s: %s", c.ID, c.Detail)
		}
	}
}

func TestVerifyWrapperRefuses(t *testing.T) {
	for what, c := range map[string]struct {
		inner fsbase.FileSystemBase
		wrap  func(fsbase.FileSystemBase) fsbase.FileSystemBase
	}{
		"no backend": {nil, sub},
		"no wrapper": {mutants.New(), func(fsbase.FileSystemBase) fsbase.FileSystemBase { return nil }},
	} {
		if rep, err := conformance.VerifyWrapper(t.Context(), c.inner, c.wrap); err == nil {
			t.Errorf("%s: %+v", what, rep)
		}
	}
}

func TestWrapperChecksAreTheCallers(t *testing.T) {
	conformance.WrapperChecks()[0].ID = "changed"
	if d := cmp.Diff("wrapper/hands-out", conformance.WrapperChecks()[0].ID); d != "" {
		t.Error(d)
	}
}
