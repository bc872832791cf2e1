package conformance_test

import (
	"os"
	"os/exec"
	"strings"
	"testing"

	"github.com/godcp/godcp/conformance"
	"github.com/godcp/godcp/conformance/internal/mutants"
	"github.com/godcp/godcp/fsbase"
)

// FuzzModel runs programs on a backend that keeps the contract, or, for
// TestFuzzFails, on a mutant.
func FuzzModel(f *testing.F) {
	open := func() fsbase.FileSystemBase { return mutants.New() }
	if name := os.Getenv(brokenRun); name != "" {
		m := named(f, name)
		open = func() fsbase.FileSystemBase { return m.New() }
	}
	conformance.Fuzz(f, harness(open))
}

func TestFuzzFails(t *testing.T) {
	cmd := exec.Command(os.Args[0], "-test.run=^FuzzModel$")
	cmd.Env = append(os.Environ(), brokenRun+"=conditions are ignored")
	out, err := cmd.CombinedOutput()
	if err == nil {
		t.Fatalf("Fuzz of a mutant passes:\n%s", out)
	}
	for _, want := range []string{"after the calls\n", " demands: "} {
		if !strings.Contains(string(out), want) {
			t.Errorf("no %q in:\n%s", want, out)
		}
	}
}
