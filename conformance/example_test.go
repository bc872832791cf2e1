package conformance_test

import (
	"context"
	"fmt"
	"log"
	"slices"
	"testing"

	"github.com/godcp/godcp/conformance"
	"github.com/godcp/godcp/conformance/internal/mutants"
	"github.com/godcp/godcp/fsbase"
)

// open stands for the constructor of a backend.
func open() fsbase.FileSystemBase { return bare{mutants.New()} }

func ExampleVerify() {
	rep, err := conformance.Verify(context.Background(), open(), conformance.Only("write/", "exclusive/"))
	if err != nil {
		log.Fatal(err)
	}
	fmt.Println("conforms:", rep.Conforms())
	fmt.Println("atomic:", rep.Profiles[conformance.Atomic])
	fmt.Println("exclusive:", rep.Profiles[conformance.Exclusive])
	for _, c := range rep.Checks[:2] {
		fmt.Println(c.ID, c.Clauses, c.Result)
	}
	// Output:
	// conforms: true
	// atomic: success
	// exclusive: absent
	// write/commit-publishes [W1] pass
	// write/invisible-before-commit [W1 W2] pass
}

// The one line that the tests of a backend need.
func ExampleRun() {
	_ = func(t *testing.T) {
		conformance.Run(t, conformance.Harness{
			New: func(testing.TB) fsbase.FileSystemBase { return open() },
		})
	}
}

// The suite is data: this is how a table of what it demands is made.
func ExampleChecks() {
	for _, c := range conformance.Checks() {
		if slices.Contains(c.Clauses, "C3") && c.Profile == conformance.Swap {
			fmt.Println(c.Level, c.ID)
		}
	}
	// Output:
	// MUST sizes/swap
	// MUST race/mixed-swap
	// MUST race/swap-source
	// MUST handles/swap
	// MUST handles/mixed-swap
	// MUST swap/current
	// MUST swap/stale
	// MUST swap/gone
	// MUST swap/decided-at-commit
	// MUST swap/no-version
	// MUST swap/race
	// MUST swap/counter
	// MUST swap/beside-removal
	// MUST swap/foreign
	// MUST swap/other-name
}
