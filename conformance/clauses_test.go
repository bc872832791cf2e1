package conformance

import (
	"go/ast"
	"go/parser"
	"go/token"
	"maps"
	"os"
	"regexp"
	"slices"
	"testing"

	"github.com/google/go-cmp/cmp"
)

// untestable are the clauses that no check can hold a backend to from outside,
// and why.
var untestable = map[string]string{}

// contractClauses returns the numbers of the clauses in fsbase's comment.
func contractClauses(t *testing.T) []string {
	t.Helper()
	text, err := os.ReadFile("../fsbase/fsbase.go")
	if err != nil {
		t.Fatal(err)
	}
	var clauses []string
	for _, m := range regexp.MustCompile(`(?m)^//\t([A-Z][0-9]+) +\S`).FindAllSubmatch(text, -1) {
		clauses = append(clauses, string(m[1]))
	}
	slices.Sort(clauses)
	if len(clauses) < 40 {
		t.Fatalf("only %d clauses found: has the comment changed its form?", len(clauses))
	}
	return clauses
}

func TestEveryClauseIsCheckedOrExcused(t *testing.T) {
	contract := contractClauses(t)
	cited := map[string]bool{}
	for _, c := range append(Checks(), WrapperChecks()...) {
		for _, clause := range c.Clauses {
			cited[clause] = true
		}
	}
	for clause := range cited {
		if untestable[clause] != "" {
			t.Errorf("%s is cited and called untestable", clause)
		}
		if demands[clause] == "" {
			t.Errorf("%s is cited and has no demand", clause)
		}
	}
	covered := append(slices.Collect(maps.Keys(cited)), slices.Collect(maps.Keys(untestable))...)
	slices.Sort(covered)
	if d := cmp.Diff(contract, covered); d != "" {
		t.Errorf("clauses of the contract (-) and of the checks (+):\n%s", d)
	}
	if d := cmp.Diff(len(cited), len(demands)); d != "" {
		t.Errorf("clauses that are cited (-) and that have a demand (+):\n%s", d)
	}
}

func TestEveryClauseHasABindingCheck(t *testing.T) {
	binding := map[string]bool{}
	for _, c := range append(Checks(), WrapperChecks()...) {
		for _, clause := range c.Clauses {
			binding[clause] = binding[clause] || c.Level == Must
		}
	}
	for clause, ok := range binding {
		if !ok {
			t.Errorf("%s is cited by SHOULD checks alone", clause)
		}
	}
}

func TestChecksAreWellFormed(t *testing.T) {
	id := regexp.MustCompile(`^[a-z]+/[a-z]+(-[a-z]+)*$`)
	profiles := Profiles()
	known := []Capability{CanReopen, CanCrash, CanResidue, CanLose, CanRefuse, CanForbid, CanTruncate, CanTellLibrary}
	for _, p := range probes {
		known = append(known, p.name)
	}
	seen := map[string]bool{}
	for _, c := range append(Checks(), WrapperChecks()...) {
		switch {
		case !id.MatchString(c.ID) || seen[c.ID]:
			t.Errorf("the ID %q is odd or taken", c.ID)
		case c.run == nil && c.sow == nil || len(c.Clauses) == 0 || len(c.Doc) < 20 || c.Doc[len(c.Doc)-1] != '.':
			t.Errorf("%s lacks something", c.ID)
		case c.Level != Must && c.Level != Should:
			t.Errorf("%s has the level %q", c.ID, c.Level)
		case !slices.Contains(profiles, c.Profile):
			t.Errorf("%s has the profile %q", c.ID, c.Profile)
		case len(missing(c.Needs, known)) > 0:
			t.Errorf("%s needs the unknown %q", c.ID, missing(c.Needs, known))
		}
		seen[c.ID] = true
	}
}

// TestEveryCapabilityIsKnown holds probes to the interfaces of fsbase.
func TestEveryCapabilityIsKnown(t *testing.T) {
	file, err := parser.ParseFile(token.NewFileSet(), "../fsbase/capability.go", nil, 0)
	if err != nil {
		t.Fatal(err)
	}
	var want []string
	ast.Inspect(file, func(n ast.Node) bool {
		spec, ok := n.(*ast.TypeSpec)
		if !ok {
			return true
		}
		if _, ok := spec.Type.(*ast.InterfaceType); ok && spec.Name.Name != "Capable" {
			want = append(want, spec.Name.Name)
		}
		return false
	})
	var got []string
	for _, p := range probes {
		got = append(got, string(p.name))
	}
	if d := cmp.Diff(want, got); d != "" {
		t.Errorf("capabilities of fsbase (-) and of the suite (+):\n%s", d)
	}
}
