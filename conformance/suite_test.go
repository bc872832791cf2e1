package conformance_test

import (
	"os"
	"os/exec"
	"strings"
	"testing"

	"go.uber.org/goleak"

	"github.com/godcp/godcp/conformance"
	"github.com/godcp/godcp/conformance/internal/mutants"
	"github.com/godcp/godcp/fsbase"
)

// brokenRun, when set in the environment, names the mutant that TestRunFails
// runs the suite on, in a process of its own.
const brokenRun = "GODCP_CONFORMANCE_MUTANT"

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

func harness(open func() fsbase.FileSystemBase) conformance.Harness {
	backend := func(fsys fsbase.FileSystemBase) mutants.Backend { return fsys.(mutants.Backend) }
	return conformance.Harness{
		New:     func(testing.TB) fsbase.FileSystemBase { return open() },
		Reopen:  func(_ testing.TB, fsys fsbase.FileSystemBase) fsbase.FileSystemBase { return backend(fsys).Reopen() },
		Crash:   func(_ testing.TB, fsys fsbase.FileSystemBase) fsbase.FileSystemBase { return backend(fsys).Crash() },
		Residue: func(_ testing.TB, fsys fsbase.FileSystemBase) []string { return backend(fsys).Residue() },
		Faults:  faults,
		Secrets: []string{"hunter2"}, CheckpointID: "checkpoint",
		Limits: quick,
	}
}

// TestRun runs the suite as a third party does, on a backend that keeps the
// whole contract.
func TestRun(t *testing.T) {
	h := harness(func() fsbase.FileSystemBase { return mutants.New() })
	h.Limits = conformance.Limits{}
	conformance.Run(t, h)
}

// TestRunFails sees that Run fails the test, and the right subtests of it.
func TestRunFails(t *testing.T) {
	if name := os.Getenv(brokenRun); name != "" {
		conformance.Run(t, harness(func() fsbase.FileSystemBase { return mutant(t, name) }))
		return
	}
	cmd := exec.Command(os.Args[0], "-test.v", "-test.run=^TestRunFails$")
	cmd.Env = append(os.Environ(), brokenRun+"=Mkdir of what exists is an error")
	out, err := cmd.CombinedOutput()
	if err == nil {
		t.Fatalf("Run of a mutant passes:\n%s", out)
	}
	for _, want := range []string{
		"--- FAIL: TestRunFails/operations/mkdir",
		"O4 demands: Mkdir of what exists is fine",
		"--- PASS: TestRunFails/operations/exists",
		"core:failure", "atomic:success",
	} {
		if !strings.Contains(string(out), want) {
			t.Errorf("no %q in:\n%s", want, out)
		}
	}
}
