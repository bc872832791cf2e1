package conformance_test

import (
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/godcp/godcp/conformance"
)

func TestBadge(t *testing.T) {
	result := func(p conformance.Profile, l conformance.Level, r conformance.Result) conformance.CheckResult {
		return conformance.CheckResult{ID: "a/b", Clauses: []string{"W1"}, Level: l, Profile: p, Result: r}
	}
	report := func(profiles map[conformance.Profile]conformance.Outcome, checks ...conformance.CheckResult) conformance.Report {
		return conformance.Report{Suite: conformance.Suite{Contract: 3, Checks: 1}, Profiles: profiles, Checks: checks}
	}
	pass := result(conformance.Core, conformance.Must, conformance.Pass)
	type profiles = map[conformance.Profile]conformance.Outcome
	for name, c := range map[string]struct {
		rep            conformance.Report
		message, color string
	}{
		"all": {
			report(profiles{"swap": "success", "core": "success", "atomic": "success", "later": "success"}, pass),
			"core+atomic+swap+later", "brightgreen",
		},
		"some": {report(profiles{"core": "success", "durable": "absent"}, pass), "core", "brightgreen"},
		"excepted": {
			report(profiles{"core": "partial", "atomic": "success", "list": "partial"}, pass),
			"atomic, with exceptions: core+list", "yellow",
		},
		"only excepted": {report(profiles{"core": "partial"}, pass), "with exceptions: core", "yellow"},
		"failed": {
			report(profiles{"core": "failure", "atomic": "success"}, result("core", "MUST", "fail")),
			"does not conform", "red",
		},
		"failed and cut short": {
			report(profiles{"core": "failure"}, result("core", "MUST", "fail"), pass), "does not conform", "red",
		},
		"advice":    {report(profiles{"core": "success"}, result("core", "SHOULD", "fail")), "core", "brightgreen"},
		"cut short": {report(profiles{"core": "success"}), "not all checks ran", "lightgrey"},
		"absent":    {report(profiles{"core": "absent"}, result("core", "MUST", "absent")), "nothing to check", "lightgrey"},
	} {
		want := conformance.Badge{SchemaVersion: 1, Label: "fsbase contract v3", Message: c.message, Color: c.color}
		if d := cmp.Diff(want, c.rep.Badge()); d != "" {
			t.Errorf("%s:\n%s", name, d)
		}
	}
}
