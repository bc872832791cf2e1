package conformance

import (
	"context"
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
	// loss at this moment. fsys is not used afterwards; what is returned is, and
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

	// Limits bound the work.
	Limits Limits

	// Seed is that of everything random in the suite, 0 for a new one each
	// time. SeedVariable in the environment goes before it.
	Seed uint64
}

// Run puts every check to the backend, each as a subtest named by its ID. It
// fails t when a MUST check fails, and logs what is absent, what is excepted
// and which SHOULD checks fail.
func Run(t *testing.T, h Harness) {
	t.Helper()
	if h.New == nil {
		t.Fatal("conformance: Harness.New is required")
	}
	env, err := newEnvironment(h.Limits, h.Except)
	if err != nil {
		t.Fatal(err)
	}
	env.secrets, env.faults = h.Secrets, h.Faults
	if env.seed, err = runSeed(h.Seed); err != nil {
		t.Fatal(err)
	}
	var rep *Report
	for _, c := range Checks() {
		t.Run(c.ID, func(t *testing.T) {
			fsys := h.New(t)
			if fsys == nil {
				t.Fatal("conformance: Harness.New returned nil")
			}
			if rep == nil {
				rep = env.report(fsys)
			}
			res := h.bind(t, env).run(t.Context(), c, fsys, "")
			rep.Checks = append(rep.Checks, res)
			switch {
			case res.Broken():
				t.Errorf("%s\n%s", c.Doc, res.Detail)
			case res.Result != Pass || res.Detail != "":
				t.Logf("%s (%s): %s", res.Result, c.Level, res.Detail)
			}
		})
	}
	if rep == nil {
		return
	}
	rep.finish()
	t.Logf("capabilities: %v", rep.Capabilities)
	t.Logf("profiles: %v", rep.Profiles)
	t.Logf("seed: %d", rep.Seed)
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
