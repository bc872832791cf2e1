package conformance

import (
	"context"
	"os"
	"testing"

	"github.com/godcp/godcp/fsbase"
)

// Harness is a backend and what its author can do with it. New is required. It
// may gain fields: use their names.
type Harness struct {
	// New returns an empty file system that shares nothing with any other.
	// What must be tidied up afterwards belongs into t.Cleanup. Each check has
	// one of its own.
	New func(t testing.TB) fsbase.FileSystemBase

	// Reopen returns a second handle on the storage of fsys, as another
	// process would have it: no cache is shared that another process would not
	// share.
	Reopen func(t testing.TB, fsys fsbase.FileSystemBase) fsbase.FileSystemBase

	// Crash returns the storage of fsys as it would be found after a power
	// loss at this moment: one moment, also when a call on fsys is under way,
	// which may then fail. fsys is not used afterwards; what is returned is, and
	// may be crashed in its turn.
	Crash func(t testing.TB, fsys fsbase.FileSystemBase) fsbase.FileSystemBase

	// Residue returns the names of whatever the storage of fsys holds beside
	// its streams and their folders: temporary files, parts of uploads that
	// nobody finished.
	Residue func(t testing.TB, fsys fsbase.FileSystemBase) []string

	// Faults are what can be made to go wrong between fsys and its storage.
	Faults Faults

	// Except are the checks that the backend is known to fail.
	Except []Exception

	// Secrets are texts that no error may show: the keys and passwords that
	// New opens the storage with.
	Secrets []string

	// CheckpointID is a URL or path that the backend's ValidateCheckpointID
	// accepts, "" for not to tell.
	CheckpointID string

	// Limits bound the work.
	Limits Limits

	// Seed is that of everything random in the suite, 0 for a new one each
	// time. SeedVariable in the environment goes before it.
	Seed uint64
	// Implementation says in the report what was tested.
	Implementation Implementation

	// Requests returns how many requests the storage behind all that New
	// returned has had so far, and BytesRead how many bytes it has sent. Both
	// are for [Costs] only.
	Requests, BytesRead func() int64

	// Hides are capabilities of the backend under a wrapper that the wrapper
	// does not hand out on purpose. [RunWrapper]
	Hides []Capability
}

// costsWanted is the environment variable that makes Run measure costs.
const costsWanted = "GODCP_CONFORMANCE_COSTS"

// Run puts every check to the backend, each as a subtest named by its ID. It
// fails t when a MUST check fails, skips what is absent or excepted, and logs
// which SHOULD checks fail. With GODCP_CONFORMANCE_COSTS=1 in the environment it
// measures costs, too.
//
// The report is for publishing. It is nil if go test -run left out every check.
func Run(t *testing.T, h Harness) *Report {
	t.Helper()
	return h.run(t, Checks(), nil)
}

func (h Harness) run(t *testing.T, checks []Check, wrap func(fsbase.FileSystemBase) fsbase.FileSystemBase) *Report {
	t.Helper()
	if h.New == nil {
		t.Fatal("conformance: Harness.New is required")
	}
	env, err := newEnvironment(checks, h.Limits, h.Except)
	if err != nil {
		t.Fatal(err)
	}
	env.secrets, env.faults, env.about, env.hides = h.Secrets, h.Faults, h.Implementation, h.Hides
	env.ownID = h.CheckpointID
	env.requests, env.bytesRead = h.Requests, h.BytesRead
	if env.seed, err = runSeed(h.Seed); err != nil {
		t.Fatal(err)
	}
	var rep *Report
	open := func(t *testing.T) (*environment, fsbase.FileSystemBase) {
		fsys, bound := h.New(t), h.bind(t, env)
		if wrap != nil && fsys != nil {
			w := &wrapping{wrap: wrap}
			fsys = w.around(fsys)
			bound.wrapped(w)
		}
		if fsys == nil {
			t.Fatal("conformance: Harness.New returned nil")
		}
		return bound, fsys
	}
	with := func(t *testing.T, f func(env *environment, fsys fsbase.FileSystemBase)) {
		bound, fsys := open(t)
		if rep == nil {
			rep = env.report(fsys)
		}
		f(bound, fsys)
	}
	checks = sow(t.Context(), checks, func(Check) (*environment, fsbase.FileSystemBase, string) {
		bound, fsys := open(t)
		return bound, fsys, ""
	})
	for _, c := range checks {
		t.Run(c.ID, func(t *testing.T) {
			with(t, func(env *environment, fsys fsbase.FileSystemBase) {
				res := env.run(t.Context(), c, fsys, "")
				rep.Checks = append(rep.Checks, res)
				switch {
				case res.Broken():
					t.Errorf("%s\n%s", c.Doc, res.Detail)
				case res.Result == Absent, res.Result == Excepted:
					t.Skipf("%s (%s): %s", res.Result, c.Level, res.Detail)
				case res.Result != Pass || res.Detail != "":
					t.Logf("%s (%s): %s", res.Result, c.Level, res.Detail)
				}
			})
		})
	}
	t.Run("undeclared", func(t *testing.T) {
		with(t, func(env *environment, fsys fsbase.FileSystemBase) {
			rep.Notes = append(rep.Notes, env.undeclared(t.Context(), fsys, "undeclared")...)
		})
	})
	if os.Getenv(costsWanted) == "1" {
		t.Run("costs", func(t *testing.T) {
			with(t, func(env *environment, fsys fsbase.FileSystemBase) {
				env.measure(t.Context(), rep, fsys, "costs")
			})
		})
	}
	if rep == nil {
		return nil
	}
	rep.finish()
	for _, n := range rep.Notes {
		t.Logf("note: %s", n)
	}
	t.Log(rep.Verdict())
	t.Logf("capabilities: %v", rep.Capabilities)
	t.Logf("profiles: %v", rep.Profiles)
	t.Logf("seed: %d", rep.Seed)
	return rep
}

// bind gives env the functions of h that need t.
func (h Harness) bind(t testing.TB, env *environment) *environment {
	bound := *env
	handle := func(f func(testing.TB, fsbase.FileSystemBase) fsbase.FileSystemBase) func(context.Context, fsbase.FileSystemBase) (fsbase.FileSystemBase, error) {
		if f == nil {
			return nil
		}
		return func(_ context.Context, fsys fsbase.FileSystemBase) (fsbase.FileSystemBase, error) {
			return f(t, fsys), nil
		}
	}
	bound.reopen, bound.crash = handle(h.Reopen), handle(h.Crash)
	if h.Residue != nil {
		bound.residue = func(_ context.Context, fsys fsbase.FileSystemBase) ([]string, error) {
			return h.Residue(t, fsys), nil
		}
	}
	return &bound
}
