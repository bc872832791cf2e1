package conformance_test

import (
	"bytes"
	"encoding/json"
	"maps"
	"reflect"
	"slices"
	"strings"
	"sync"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/santhosh-tekuri/jsonschema/v6"

	"github.com/godcp/godcp/conformance"
	"github.com/godcp/godcp/conformance/internal/mutants"
)

// schema compiles the published schema.
func schema(t *testing.T) *jsonschema.Schema {
	t.Helper()
	doc, err := jsonschema.UnmarshalJSON(strings.NewReader(conformance.ReportSchema()))
	if err != nil {
		t.Fatal(err)
	}
	c := jsonschema.NewCompiler()
	if err := c.AddResource("report.schema.json", doc); err != nil {
		t.Fatal(err)
	}
	s, err := c.Compile("report.schema.json")
	if err != nil {
		t.Fatal(err)
	}
	return s
}

func validate(t *testing.T, s *jsonschema.Schema, text []byte) error {
	t.Helper()
	doc, err := jsonschema.UnmarshalJSON(bytes.NewReader(text))
	if err != nil {
		t.Fatal(err)
	}
	return s.Validate(doc)
}

// samples are reports of every kind: of what is correct, bare, broken,
// excepted, wrapped, cut short, and with costs.
func samples(t *testing.T) map[string]*conformance.Report {
	t.Helper()
	sampled.Do(func() { sampled.reports = sample(t) })
	if sampled.reports == nil {
		t.Fatal("the samples could not be made")
	}
	return sampled.reports
}

// sampled are made once: nobody changes them.
var sampled struct {
	sync.Once
	reports map[string]*conformance.Report
}

func sample(t *testing.T) map[string]*conformance.Report {
	limits := conformance.WithLimits(quick)
	about := conformance.WithImplementation(conformance.Implementation{
		Name: "store", Version: "v1.2.3", URL: "https://example.com/store", Contact: "someone@example.com",
	})
	except := conformance.WithExceptions(conformance.Exception{Check: "operations/mkdir", Reason: "folders are strange here"})
	var none int64
	wrapped, err := conformance.VerifyWrapper(t.Context(), mutants.New(), mutants.Scrambled, limits,
		conformance.WithHidden(capabilities(mutants.ScrambledHides())...))
	if err != nil {
		t.Fatal(err)
	}
	plain, err := conformance.Verify(t.Context(), bare{mutants.New()}, limits)
	if err != nil {
		t.Fatal(err)
	}
	return map[string]*conformance.Report{
		"correct":  verify(t, mutants.New(), limits, about, conformance.WithSeed(1<<64-1)),
		"bare":     plain,
		"broken":   verify(t, mutant(t, "Close publishes"), limits),
		"excepted": verify(t, mutant(t, "Mkdir of what exists is an error"), limits, except),
		"advice":   verify(t, mutant(t, "readers tell no time"), limits),
		"wrapped":  wrapped,
		"partial":  verify(t, mutants.New(), limits, conformance.Only("write/")),
		"costs": verify(t, mutants.New(), limits, conformance.Only("write/"), conformance.WithCosts(),
			conformance.WithRequests(func() int64 { none++; return none }), conformance.WithBytesRead(func() int64 { return none })),
	}
}

func TestReportsKeepTheSchema(t *testing.T) {
	s := schema(t)
	for name, rep := range samples(t) {
		text, err := json.Marshal(rep)
		if err != nil {
			t.Fatal(err)
		}
		if err := validate(t, s, text); err != nil {
			t.Errorf("%s: %v", name, err)
		}
		back, err := conformance.ReadReport(bytes.NewReader(text))
		if err != nil {
			t.Errorf("%s: %v", name, err)
			continue
		}
		if d := cmp.Diff(rep, back); d != "" {
			t.Errorf("%s changes on its way through JSON:\n%s", name, d)
		}
	}
}

// TestSchemaRefuses sees that the schema says something: each change of a
// good report is one that it does not allow.
func TestSchemaRefuses(t *testing.T) {
	s := schema(t)
	text, err := json.Marshal(verify(t, mutants.New(), conformance.WithLimits(quick), conformance.Only("write/"), conformance.WithSeed(7)))
	if err != nil {
		t.Fatal(err)
	}
	for from, to := range map[string]string{
		`"version":1`:                  `"version":2`,
		`"seed":7`:                     `"seed":-7`,
		`"result":"pass"`:              `"result":"passed"`,
		`"level":"MUST"`:               `"level":"MAY"`,
		`"id":"write/close-again"`:     `"id":"close-again"`,
		`"atomic":"success"`:           `"atomic":"yes"`,
		`"clauses":["W10"]`:            `"clauses":[]`,
		`"os":`:                        `"system":`,
		`"capabilities":["ExclusiveCr`: `"capabilities":["Stater","Stater","Cr`,
	} {
		changed := bytes.Replace(text, []byte(from), []byte(to), 1)
		if bytes.Equal(changed, text) {
			t.Errorf("no %s in %s", from, text)
		} else if validate(t, s, changed) == nil {
			t.Errorf("%s instead of %s is allowed", to, from)
		}
	}
}

// TestSchemaNamesEveryMember compares the members of the Go types with the
// properties of the schema, which allows others.
func TestSchemaNamesEveryMember(t *testing.T) {
	var doc map[string]any
	if err := json.Unmarshal([]byte(conformance.ReportSchema()), &doc); err != nil {
		t.Fatal(err)
	}
	compareMembers(t, doc, "report", doc, reflect.TypeFor[conformance.Report]())
}

func compareMembers(t *testing.T, doc map[string]any, at string, s map[string]any, typ reflect.Type) {
	t.Helper()
	if ref, ok := s["$ref"].(string); ok {
		s = doc["$defs"].(map[string]any)[strings.TrimPrefix(ref, "#/$defs/")].(map[string]any)
	}
	switch typ.Kind() {
	case reflect.Pointer:
		compareMembers(t, doc, at, s, typ.Elem())
	case reflect.Slice:
		compareMembers(t, doc, at+"[]", s["items"].(map[string]any), typ.Elem())
	case reflect.Struct:
		properties := s["properties"].(map[string]any)
		members := map[string]reflect.Type{}
		var required []string
		for i := range typ.NumField() {
			name, options, _ := strings.Cut(typ.Field(i).Tag.Get("json"), ",")
			members[name] = typ.Field(i).Type
			if options == "" {
				required = append(required, name)
			}
		}
		if d := cmp.Diff(slices.Sorted(maps.Keys(members)), slices.Sorted(maps.Keys(properties))); d != "" {
			t.Errorf("%s: members of the type (-) and of the schema (+):\n%s", at, d)
			return
		}
		slices.Sort(required)
		var demanded []string
		for _, name := range asSlice(s["required"]) {
			demanded = append(demanded, name.(string))
		}
		slices.Sort(demanded)
		if d := cmp.Diff(required, demanded); d != "" {
			t.Errorf("%s: members that are always written (-) and that are required (+):\n%s", at, d)
		}
		for name, m := range members {
			compareMembers(t, doc, at+"."+name, properties[name].(map[string]any), m)
		}
	}
}

func asSlice(v any) []any {
	s, _ := v.([]any)
	return s
}
