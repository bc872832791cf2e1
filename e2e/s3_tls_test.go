package e2e

import (
	"context"
	"testing"

	"github.com/godcp/godcp/conformance"
	"github.com/godcp/godcp/e2e/servers"
	"github.com/godcp/godcp/fsbase"
)

// tlsChecks are what a transport, and a front that passes requests on, can
// change: names in URLs, bodies and their checksums both ways, requests that are
// refused or given up in their midst, and connections that are kept. What is left
// out asks how the server orders requests (race, history, interleaving, handles,
// model, info, operations, swap/counter), or repeats requests of a kind that is
// here in numbers (the rest of list, removeall, scenario, names/every-call, the rest of
// sizes, leaks/files): s3Plain asks the same server the same.
var tlsChecks = []string{
	"names/invalid-path", "names/root", "names/bytes", "names/distinct", "names/patterns",
	"sizes/round-trip", "sizes/large", "sizes/large-parts", "sizes/exclusive", "sizes/swap", "sizes/upload",
	"write/", "read/", "pin/", "hostile/", "upload/", "ranged/", "copy/", "cancel/", "errors/", "exclusive/",
	"swap/current", "swap/stale", "swap/gone", "swap/decided-at-commit", "swap/no-version", "swap/cancelled", "swap/race",
	"list/many", "leaks/goroutines",
}

// s3TLS puts tlsChecks to s through TLS.
func s3TLS(t *testing.T, s *servers.S3) {
	seen, transport := s.TLS(t)
	place := &s3Place{server: s, client: seen.Client(transport), prefixes: map[fsbase.FileSystemBase]string{}}
	limits := s3Limits
	limits.Rounds, limits.HugeSize = 4, -1
	defects := s3Defects[s.Name]
	rep, err := conformance.Verify(t.Context(), place.open(t, "tls"),
		conformance.Only(tlsChecks...), conformance.WithLimits(limits), conformance.WithExceptions(exceptions(defects)...),
		conformance.WithSecrets(s.SecretKey),
		conformance.WithReopen(func(_ context.Context, f fsbase.FileSystemBase) (fsbase.FileSystemBase, error) {
			return place.reopen(t, f), nil
		}),
		conformance.WithResidue(func(_ context.Context, f fsbase.FileSystemBase) ([]string, error) {
			return place.residue(t, f), nil
		}))
	if err != nil {
		t.Fatal(err)
	}
	for _, c := range rep.Checks {
		if c.Broken() {
			t.Errorf("%s: %s", c.ID, c.Detail)
		} else if c.Detail != "" {
			t.Logf("%s: %s: %s", c.ID, c.Result, c.Detail)
		}
	}
	t.Logf("%s; seed %d", rep.Verdict(), rep.Seed)
	onlyDefects(t, rep, defects)
}
