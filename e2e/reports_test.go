package e2e

import (
	"flag"
	"fmt"
	"path/filepath"
	"testing"

	"github.com/godcp/godcp/conformance"
	"github.com/godcp/godcp/internal/reports"
)

var reportsDir = flag.String("reports", "", "write what the suite finds below `DIR`, by the suite's own limits")

// limits are those of a test, or if a report is to be written those of the
// suite, but for streams that have to be larger.
func limits(l conformance.Limits) conformance.Limits {
	if *reportsDir == "" {
		return l
	}
	whole := conformance.Limits{}
	if l.LargeSize > 12<<20 {
		whole.LargeSize, whole.HugeSize = l.LargeSize, l.HugeSize
	}
	return whole
}

// implementation is what a report says it is about.
func implementation(backend, server string) conformance.Implementation {
	return conformance.Implementation{
		Name: fmt.Sprintf("godcp backends/%s on %s", backend, server),
		URL:  "https://github.com/godcp/godcp", Contact: "https://github.com/godcp/godcp/issues",
	}
}

// report writes a report if there is one and it is wanted.
func report(t *testing.T, name, test string, rep *conformance.Report) {
	t.Helper()
	if rep == nil || *reportsDir == "" {
		return
	}
	reports.Timeless(rep)
	if err := reports.Write(filepath.Join(*reportsDir, name), rep, fmt.Sprintf(reproduce, test)); err != nil {
		t.Error(err)
	}
}

const reproduce = `The test installs the server, starts it on 127.0.0.1, and stops it:

    git clone https://github.com/godcp/godcp && cd godcp/e2e
    go test -v -timeout 2h -run '%s' . -reports ../conformance/reports

An installed dcp runs the suite on any server:

    dcp conform URL --report report.json
`
