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
	"github.com/godcp/godcp/internal/reports"
)

// TestReports holds what is committed to the suite of now. Times and places
// differ from run to run, so that is not compared.
func TestReports(t *testing.T) {
	for _, b := range backends {
		t.Run(b.name, func(t *testing.T) {
			rep := inspect(t, filepath.Join("..", b.name))
			isOfNow(t, b, rep)
		})
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
		if err := reports.Write(dir, rep, b.reproduce); err != nil {
			t.Fatal(err)
		}
		isOfNow(t, b, inspect(t, dir))
	}
}

// ofServers are the reports that module e2e writes.
var ofServers = []string{"gcs-fake-gcs-server", "gocloud-azurite", "s3-minio", "s3-versitygw"}

// TestReportsOfServers looks at what module e2e has written: whole, of a suite
// that may be an earlier one.
func TestReportsOfServers(t *testing.T) {
	for _, name := range ofServers {
		t.Run(name, func(t *testing.T) { inspect(t, filepath.Join("..", name)) })
	}
}

// inspect reads the report in dir and looks at all that holds for any of ours.
func inspect(t *testing.T, dir string) *conformance.Report {
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
	if !rep.Conforms() || !rep.Complete() || rep.Costs != nil {
		t.Errorf("%s; with costs %v", rep.Verdict(), rep.Costs)
	}
	for _, c := range rep.Checks {
		if c.Seconds != 0 {
			t.Errorf("%s has the time of one run", c.ID)
		}
	}
	page, err := os.ReadFile(filepath.Join(dir, "README.md"))
	if err != nil {
		t.Fatal(err)
	}
	_, reproduce, _ := strings.Cut(string(page), reports.Reproduce)
	if strings.TrimSpace(reproduce) == "" {
		t.Error("nothing says how to reproduce it")
	}
	want, err := reports.Files(rep, reproduce)
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
	return rep
}

// isOfNow compares a report with the suite and the backend as they are.
func isOfNow(t *testing.T, b backend, rep *conformance.Report) {
	t.Helper()
	fsys, options, err := b.open(t.TempDir())
	if err != nil {
		t.Fatal(err)
	}
	if len(rep.Exceptions) > 0 {
		t.Errorf("exceptions: %v", rep.Exceptions)
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
	names := slices.Clone(ofServers)
	for _, b := range backends {
		names = append(names, b.name)
	}
	seen := 0
	for _, e := range entries {
		if !e.IsDir() || e.Name() == "generate" {
			continue
		}
		seen++
		if !slices.Contains(names, e.Name()) {
			t.Errorf("the report %s is of no backend here", e.Name())
		}
		if !strings.Contains(string(readme), "]("+e.Name()+"/README.md)") {
			t.Errorf("README.md does not link %s", e.Name())
		}
	}
	if seen != len(names) {
		t.Errorf("%d folders of %d backends", seen, len(names))
	}
}

func TestRunElsewhere(t *testing.T) {
	if err := run(t.Context(), filepath.Join(t.TempDir(), "none"), io.Discard); err == nil || !strings.Contains(err.Error(), "root of the repository") {
		t.Error(err)
	}
}
