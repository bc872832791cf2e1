package gcs

import (
	"os"
	"testing"
	"time"

	"go.uber.org/goleak"

	"github.com/godcp/godcp/conformance"
	"github.com/godcp/godcp/fsbase"
)

func TestMain(m *testing.M) {
	// Or the client library asks Google's address for metadata where it runs.
	os.Setenv("GCE_METADATA_HOST", "127.0.0.1:1")
	goleak.VerifyTestMain(m,
		// The client library counts for OpenCensus in one goroutine a process.
		goleak.IgnoreTopFunction("go.opencensus.io/stats/view.(*worker).start"))
}

// TestConformanceToStub runs the suite on the stub: the package keeps the
// contract if the service keeps its documentation.
func TestConformanceToStub(t *testing.T) {
	reopen := map[fsbase.FileSystemBase]*stub{}
	conformance.Run(t, conformance.Harness{
		New: func(t testing.TB) fsbase.FileSystemBase {
			s := newStub(t)
			f := s.fs(t)
			f.pace = pace{stall: time.Minute, patience: time.Minute} // the machine may be busy
			reopen[f] = s
			return f
		},
		Reopen: func(t testing.TB, fsys fsbase.FileSystemBase) fsbase.FileSystemBase {
			f := reopen[fsys].fs(t)
			reopen[f] = reopen[fsys]
			return f
		},
		Secrets: []string{"SECRET-"}, CheckpointID: "gs://bucket/run7",
		Limits: conformance.Limits{LargeSize: 1 << 20, HugeSize: 8 << 20, Rounds: 40},
	})
}
