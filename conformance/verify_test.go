package conformance_test

import (
	"context"
	"encoding/json"
	"errors"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/godcp/godcp/conformance"
	"github.com/godcp/godcp/conformance/internal/mutants"
	"github.com/godcp/godcp/fsbase"
)

// quick are limits for tests that are not about what checks find.
var quick = conformance.Limits{LargeSize: 64 << 10, HugeSize: 3 << 20, Rounds: 8, Keys: 20}

func TestVerifyCorrect(t *testing.T) {
	store := mutants.New()
	rep := verify(t, store)
	for _, c := range rep.Checks {
		if c.Result != conformance.Pass {
			t.Errorf("%s: %s %s", c.ID, c.Result, c.Detail)
		}
	}
	if len(rep.Checks) != len(conformance.Checks()) || !rep.Conforms() {
		t.Errorf("%d of %d checks ran, conforms: %v", len(rep.Checks), len(conformance.Checks()), rep.Conforms())
	}
	for p, o := range rep.Profiles {
		if o != conformance.Success {
			t.Errorf("the profile %s is a %s", p, o)
		}
	}
	for info := range store.List(t.Context(), "") {
		t.Errorf("Verify leaves %q", info.Path)
	}
}

// bare is a backend with no capability at all.
type bare struct{ fsbase.FileSystemBase }

func TestVerifyBare(t *testing.T) {
	rep, err := conformance.Verify(t.Context(), bare{mutants.New()}, conformance.WithLimits(quick))
	if err != nil {
		t.Fatal(err)
	}
	if len(rep.Checks) != len(conformance.Checks()) || !rep.Conforms() || len(rep.Capabilities) != 0 {
		t.Errorf("%d of %d checks, conforms: %v, capabilities: %q", len(rep.Checks), len(conformance.Checks()), rep.Conforms(), rep.Capabilities)
	}
	for i, c := range conformance.Checks() {
		want := conformance.Pass
		if len(c.Needs) > 0 {
			want = conformance.Absent
		}
		if got := rep.Checks[i]; got.ID != c.ID || got.Result != want {
			t.Errorf("%s: %s instead of %s: %s", got.ID, got.Result, want, got.Detail)
		}
	}
	want := map[conformance.Profile]conformance.Outcome{
		"core": "success", "atomic": "success", "exclusive": "absent", "swap": "absent",
		"ranged": "absent", "list": "absent", "durable": "absent",
	}
	if d := cmp.Diff(want, rep.Profiles); d != "" {
		t.Error(d)
	}
}

// TestAnyOrderAtOnce runs all checks at once and backwards on one storage: no
// check depends on another. Those that count goroutines, or make requests
// fail, must be alone.
func TestAnyOrderAtOnce(t *testing.T) {
	store := mutants.New()
	var wg sync.WaitGroup
	for _, c := range slices.Backward(conformance.Checks()) {
		if strings.HasPrefix(c.ID, "leaks/") || strings.HasPrefix(c.ID, "faults/") {
			continue
		}
		wg.Go(func() {
			rep, err := conformance.Verify(t.Context(), store, append(offers(), conformance.Only(c.ID), conformance.WithLimits(quick))...)
			if err != nil || rep.Checks[0].Result != conformance.Pass {
				t.Errorf("%s: %v %+v", c.ID, err, rep)
			}
		})
	}
	wg.Wait()
}

func named(t testing.TB, name string) mutants.Mutant {
	t.Helper()
	i := slices.IndexFunc(mutants.All(), func(m mutants.Mutant) bool { return m.Name == name })
	if i < 0 {
		t.Fatalf("no mutant is named %q", name)
	}
	return mutants.All()[i]
}

func mutant(t testing.TB, name string) mutants.Backend {
	t.Helper()
	return named(t, name).New()
}

func TestFailureTellsTheClauseAndThePath(t *testing.T) {
	rep := verify(t, mutant(t, "Close publishes"), conformance.Only("write/close-discards"))
	got := rep.Checks[0]
	if got.Result != conformance.Fail || rep.Conforms() || rep.Profiles[conformance.Atomic] != conformance.Failure {
		t.Errorf("%+v, conforms: %v, profiles: %v", got, rep.Conforms(), rep.Profiles)
	}
	for _, want := range []string{"W4 demands: Close without Commit leaves nothing", "write/close-discards/dir/fresh"} {
		if !strings.Contains(got.Detail, want) {
			t.Errorf("no %q in %q", want, got.Detail)
		}
	}
}

func TestExceptions(t *testing.T) {
	except := conformance.WithExceptions(conformance.Exception{Check: "operations/mkdir", Reason: "folders are strange here"})
	only := conformance.Only("operations/")
	rep := verify(t, mutant(t, "Mkdir of what exists is an error"), except, only)
	i := slices.IndexFunc(rep.Checks, func(c conformance.CheckResult) bool { return c.ID == "operations/mkdir" })
	if c := rep.Checks[i]; c.Result != conformance.Excepted || !strings.HasPrefix(c.Detail, "folders are strange here\nO4 demands") {
		t.Errorf("%+v", c)
	}
	if !rep.Conforms() || rep.Profiles[conformance.Core] != conformance.Partial {
		t.Errorf("conforms: %v, profiles: %v", rep.Conforms(), rep.Profiles)
	}
	rep = verify(t, mutants.New(), except, only)
	if c := rep.Checks[i]; c.Result != conformance.Pass || !strings.Contains(c.Detail, "passes without the exception") {
		t.Errorf("%+v", c)
	}
}

func TestShouldDoesNotBind(t *testing.T) {
	rep := verify(t, mutant(t, "readers tell no time"), conformance.Only("info/mod-time"))
	if rep.Checks[0].Result != conformance.Fail || !rep.Conforms() {
		t.Errorf("%+v, conforms: %v", rep.Checks[0], rep.Conforms())
	}
}

func TestVerifyRefuses(t *testing.T) {
	for what, option := range map[string]conformance.Option{
		"gives no reason": conformance.WithExceptions(conformance.Exception{Check: "names/root", Reason: " "}),
		"names no check":  conformance.WithExceptions(conformance.Exception{Check: "names/rot", Reason: "x"}),
		`"write/clos"`:    conformance.Only("names/", "write/clos"),
	} {
		if _, err := conformance.Verify(t.Context(), mutants.New(), option); err == nil || !strings.Contains(err.Error(), what) {
			t.Errorf("%q: %v", what, err)
		}
	}
	if _, err := conformance.Verify(t.Context(), nil); err == nil {
		t.Error("nil is a file system")
	}
}

func TestVerifyCancelled(t *testing.T) {
	ctx, cancel := context.WithCancel(t.Context())
	stop := func(_ context.Context, fsys fsbase.FileSystemBase) ([]string, error) { cancel(); return nil, nil }
	rep, err := conformance.Verify(ctx, mutants.New(), conformance.WithResidue(stop), conformance.Only("names/", "write/", "read/"))
	if !errors.Is(err, context.Canceled) {
		t.Errorf("error %v", err)
	}
	if n := len(rep.Checks); n == 0 || rep.Checks[n-1].ID != "write/close-again" || !rep.Conforms() {
		t.Errorf("%d checks in a report that ends where the context did: %+v", n, rep.Checks)
	}
}

// strange is a backend that hangs or panics instead of answering.
type strange struct {
	fsbase.FileSystemBase
	exists func() bool
}

func (s strange) Exists(context.Context, string) (bool, error) { return s.exists(), nil }

func TestStrangeBackends(t *testing.T) {
	release := make(chan struct{})
	defer close(release)
	for want, exists := range map[string]func() bool{
		"panic: on purpose": func() bool { panic("on purpose") },
		"did not return":    func() bool { <-release; return false },
	} {
		rep, err := conformance.Verify(t.Context(), strange{mutants.New(), exists},
			conformance.Only("operations/exists"), conformance.WithLimits(conformance.Limits{Timeout: 100 * time.Millisecond}))
		if err != nil {
			t.Fatal(err)
		}
		if c := rep.Checks[0]; c.Result != conformance.Fail || !strings.Contains(c.Detail, want) {
			t.Errorf("%+v instead of %q", c, want)
		}
	}
}

func TestReportIsJSON(t *testing.T) {
	rep := verify(t, mutant(t, "Close publishes"), conformance.Only("write/", "list/"), conformance.WithLimits(quick))
	text, err := json.Marshal(rep)
	if err != nil {
		t.Fatal(err)
	}
	var back conformance.Report
	if err := json.Unmarshal(text, &back); err != nil {
		t.Fatal(err)
	}
	if d := cmp.Diff(rep, &back); d != "" {
		t.Error(d)
	}
	for _, want := range []string{`"version":1`, `"capabilities":["ExclusiveCreator",`, `"atomic":"failure"`, `"result":"fail"`, `"clauses":["W4"]`} {
		if !strings.Contains(string(text), want) {
			t.Errorf("no %s in %s", want, text)
		}
	}
}
