// Package conformance proves that a backend keeps the contract of package
// fsbase.
//
// # For authors of backends
//
// One line in a test of the backend runs everything:
//
//	func TestConformance(t *testing.T) {
//		conformance.Run(t, conformance.Harness{
//			New: func(t testing.TB) fsbase.FileSystemBase { return mybackend.New(t.TempDir()) },
//		})
//	}
//
// Each check is a subtest named by its ID, so go test -run
// TestConformance/write/close-discards runs one of them. A check whose
// capability the backend lacks is reported as absent, and skipped. Reopen, Crash and
// Residue let the harness show more: two processes, a power loss, what is left
// lying about. A check that cannot pass yet goes into Except with a reason,
// which is reported; the check still runs.
//
// New should give every check storage of its own that is as real as the test
// can afford. Checks write a few streams of Limits.LargeSize and, where there
// is a Lister, some thousand small ones.
//
// # For authors of wrappers
//
// What is put around a backend, for retries, metrics, prefixes or encryption,
// has [RunWrapper]. It runs everything on the wrapped backend, and the checks of
// [WrapperChecks] beside, with a spy in the backend's place: that every
// capability is handed out or hidden on purpose, that none leads around the
// wrapper, that contexts get in and errors get out.
//
// # Publishing
//
// Run and [Verify] return a [Report]. It marshals to JSON, of which
// [ReportSchema] is the schema, and can be written as Markdown, as JUnit XML and
// as a [Badge]. conformance/reports in the repository has those of the backends
// there, and says how to add one.
//
// # Without a test
//
// [Verify] does the same with any file system that is open, such as a bucket,
// and needs no *testing.T; the command dcp conform is made of it. fsys must be
// storage to play with: see Verify for what stays behind.
//
// # What a result means
//
// A MUST check that fails is a broken clause of the contract, which the text
// of the failure names together with what was seen. A SHOULD check is advice.
// Most checks are deterministic and use one goroutine. Those that need a race
// repeat it Limits.Rounds times, and a comment at the check tells which faults
// escape that, and how often.
//
// A pass is no proof: the suite is as good as the faults that it finds. Those
// are in internal/mutants: one backend for every way to be wrong that somebody
// thought of, and each names the checks that have to fail it.
//
// # Adding a check
//
//  1. Find the clause in package fsbase's comment. A demand that is in no
//     clause has to become one first.
//  2. Add a mutant that breaks it to internal/mutants, with the ID of the new
//     check under Kills. See TestMutants fail.
//  3. Add a Check to the slice of its section: a stable ID, the clauses that
//     its failures name, the capabilities without which it means nothing. The
//     function works inside t.path alone, gets its bytes from content, says
//     errorf with the clause and goes on, or fatalf when it cannot.
//  4. Where a race is needed, let the goroutines meet (together, watch), and
//     write down what escapes.
//
// A check of wrappers is the same with a mutant among mutants.Wrappers.
//
// A new optional interface of fsbase also needs a line in probes, hidden and
// handed, a case in spy.AsCapability, a call in checkHonest, and rows in
// pathCalls and provoke.
package conformance
