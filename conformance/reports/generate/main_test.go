package main

import (
	"bytes"
	"io"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/santhosh-tekuri/jsonschema/v6"

	"github.com/godcp/godcp/conformance"
)

// TestReports holds what is committed to the suite of now. Times and places
// differ from run to run, so that is not compared.
func TestReports(t *testing.T) {
	for _, b := range backends {
		t.Run(b.name, func(t *testing.T) { inspect(t, filepath.Join("..", b.name), b) })
	}
}

// TestGenerate writes reports and holds them to the same.
func TestGenerate(t *testing.T) {
	for _, b := range backends {
		rep, err := b.report(t.Context(), conformance.Limits{LargeSize: 64 << 10, HugeSize: 1 << 20, Rounds: 8, Keys: 20})
		if err != nil {
			t.Fatal(err)
		}
		dir := filepath.Join(t.TempDir(), b.name)
		if err := write(dir, b, rep); err != nil {
			t.Fatal(err)
		}
		inspect(t, dir, b)
	}
}

func inspect(t *testing.T, dir string, b backend) {
	t.Helper()
	text, err := os.ReadFile(filepath.Join(dir, "report.json"))
	if err != nil {
		t.Fatalf("%v: go run ./conformance/reports/generate writes it", err)
	}
	keepsSchema(t, text)
	rep, err := conformance.ReadReport(bytes.NewReader(text))
	if err != nil {
		t.Fatal(err)
	}
	if !rep.Conforms() || !rep.Complete() || rep.Costs != nil || len(rep.Exceptions) > 0 {
		t.Errorf("%s; with exceptions %v, costs %v", rep.Verdict(), rep.Exceptions, rep.Costs)
	}
	isOfNow(t, b, rep)
	for _, c := range rep.Checks {
		if c.Seconds != 0 {
			t.Errorf("%s has the time of one run", c.ID)
		}
	}
	want, err := files(b, rep)
	if err != nil {
		t.Fatal(err)
	}
	for name, text := range want {
		got, err := os.ReadFile(filepath.Join(dir, name))
		if err != nil {
			t.Fatal(err)
		}
		if d := cmp.Diff(string(text), string(got)); d != "" {
			t.Errorf("%s is not made of report.json:\n%s", name, d)
		}
	}
}

// isOfNow compares a report with the suite and the backend as they are.
func isOfNow(t *testing.T, b backend, rep *conformance.Report) {
	t.Helper()
	fsys, options, err := b.open(t.TempDir())
	if err != nil {
		t.Fatal(err)
	}
	now, err := conformance.Verify(t.Context(), fsys, append(options, conformance.Only("names/concat"))...)
	if err != nil {
		t.Fatal(err)
	}
	if d := cmp.Diff(now.Suite, rep.Suite); d != "" {
		t.Errorf("the suite now (-) and that of the report (+): run go run ./conformance/reports/generate\n%s", d)
	}
	if d := cmp.Diff(now.Capabilities, rep.Capabilities); d != "" {
		t.Errorf("capabilities now (-) and in the report (+):\n%s", d)
	}
	var ids []string
	for _, c := range conformance.Checks() {
		ids = append(ids, c.ID)
	}
	var reported []string
	for _, c := range rep.Checks {
		reported = append(reported, c.ID)
	}
	if d := cmp.Diff(ids, reported); d != "" {
		t.Errorf("checks now (-) and in the report (+):\n%s", d)
	}
}

func keepsSchema(t *testing.T, text []byte) {
	t.Helper()
	schema, err := jsonschema.UnmarshalJSON(strings.NewReader(conformance.ReportSchema()))
	if err != nil {
		t.Fatal(err)
	}
	c := jsonschema.NewCompiler()
	if err := c.AddResource("report.schema.json", schema); err != nil {
		t.Fatal(err)
	}
	doc, err := jsonschema.UnmarshalJSON(bytes.NewReader(text))
	if err != nil {
		t.Fatal(err)
	}
	if err := c.MustCompile("report.schema.json").Validate(doc); err != nil {
		t.Error(err)
	}
}

// TestIndex: every folder is of a backend here, and is in the README.
func TestIndex(t *testing.T) {
	readme, err := os.ReadFile("../README.md")
	if err != nil {
		t.Fatal(err)
	}
	entries, err := os.ReadDir("..")
	if err != nil {
		t.Fatal(err)
	}
	seen := 0
	for _, e := range entries {
		if !e.IsDir() || e.Name() == "generate" {
			continue
		}
		seen++
		if !slices.ContainsFunc(backends, func(b backend) bool { return b.name == e.Name() }) {
			t.Errorf("the report %s is of no backend that is generated here", e.Name())
		}
		if !strings.Contains(string(readme), "]("+e.Name()+"/README.md)") {
			t.Errorf("README.md does not link %s", e.Name())
		}
	}
	if seen != len(backends) {
		t.Errorf("%d folders of %d backends", seen, len(backends))
	}
}

func TestRunElsewhere(t *testing.T) {
	if err := run(t.Context(), filepath.Join(t.TempDir(), "none"), io.Discard); err == nil || !strings.Contains(err.Error(), "root of the repository") {
		t.Error(err)
	}
}
