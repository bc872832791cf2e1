package conformance_test

import (
	"encoding/json"
	"errors"
	"io"
	"strings"
	"testing"

	"github.com/godcp/godcp/conformance"
	"github.com/godcp/godcp/conformance/internal/mutants"
)

func TestReadReportRefuses(t *testing.T) {
	text, err := json.Marshal(verify(t, mutants.New(), conformance.WithLimits(quick), conformance.Only("write/"), conformance.WithSeed(7),
		conformance.WithExceptions(conformance.Exception{Check: "write/buffer", Reason: "x"})))
	if err != nil {
		t.Fatal(err)
	}
	good := string(text)
	if _, err := conformance.ReadReport(strings.NewReader(good + "\n")); err != nil {
		t.Fatal(err)
	}
	change := func(from, to string) string {
		if !strings.Contains(good, from) {
			t.Fatalf("no %s in %s", from, good)
		}
		return strings.Replace(good, from, to, 1)
	}
	for name, c := range map[string]struct{ text, says string }{
		"empty":             {"", "JSON"},
		"another":           {`{"schemaVersion": 1}`, "no version"},
		"list":              {"[]", "array"},
		"two":               {good + good, "after top-level value"},
		"cut":               {good[:len(good)/2], "JSON"},
		"type":              {change(`"seed":7`, `"seed":"7"`), "seed"},
		"unknown result":    {change(`"result":"pass"`, `"result":"passed"`), `"passed"`},
		"unknown level":     {change(`"level":"MUST"`, `"level":"MAY"`), `"MAY"`},
		"odd ID":            {change(`"id":"write/close-again"`, `"id":"<b>"`), "ID"},
		"twice":             {change(`"id":"write/close-again"`, `"id":"write/buffer"`), "two results"},
		"no clause":         {change(`"clauses":["W10"]`, `"clauses":null`), "clauses"},
		"flattered profile": {change(`"result":"pass"`, `"result":"fail"`), "profile"},
		"unsaid profile":    {change(`"core":"success"`, `"exclusive":"absent"`), "no outcome"},
		"too many":          {change(`"checks":`, `"checks":1,"was":`), "results of 1 checks"},
	} {
		_, err := conformance.ReadReport(strings.NewReader(c.text))
		if !errors.Is(err, conformance.ErrBadReport) || !strings.Contains(err.Error(), c.says) {
			t.Errorf("%s: %v", name, err)
		}
	}
}

func TestReadReportWithoutTheException(t *testing.T) {
	rep := verify(t, mutant(t, "Mkdir of what exists is an error"), conformance.WithLimits(quick), conformance.Only("operations/"),
		conformance.WithExceptions(conformance.Exception{Check: "operations/mkdir", Reason: "x"}))
	rep.Exceptions = nil
	text, err := json.Marshal(rep)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := conformance.ReadReport(strings.NewReader(string(text))); !errors.Is(err, conformance.ErrBadReport) {
		t.Error(err)
	}
}

func TestReadReportOfAnotherVersion(t *testing.T) {
	_, err := conformance.ReadReport(strings.NewReader(`{"version": 2, "checks": "in another form"}`))
	var version *conformance.ReportVersionError
	if !errors.As(err, &version) || version.Version != 2 || !errors.Is(err, conformance.ErrBadReport) {
		t.Error(err)
	}
}

// endless is a report that never ends.
type endless struct{ read int64 }

func (e *endless) Read(p []byte) (int, error) {
	for i := range p {
		p[i] = ' '
	}
	e.read += int64(len(p))
	return len(p), nil
}

func TestReadReportIsBounded(t *testing.T) {
	var e endless
	if _, err := conformance.ReadReport(&e); !errors.Is(err, conformance.ErrBadReport) {
		t.Error(err)
	}
	if e.read > 2*conformance.MaxReport {
		t.Errorf("%d bytes were read", e.read)
	}
	if _, err := conformance.ReadReport(io.MultiReader(strings.NewReader("{"), broken{})); !errors.Is(err, io.ErrClosedPipe) || errors.Is(err, conformance.ErrBadReport) {
		t.Errorf("a reader that fails is a bad report: %v", err)
	}
}

type broken struct{}

func (broken) Read([]byte) (int, error) { return 0, io.ErrClosedPipe }

// FuzzReadReport: whatever it accepts can be written in every form and read
// again.
func FuzzReadReport(f *testing.F) {
	f.Add(`{"version":1,"suite":{"contract":1,"checks":9,"digest":""},"profiles":{"core":"failure"},"checks":[` +
		`{"id":"a/b","clauses":["W1"],"level":"MUST","profile":"core","result":"fail","detail":"a|b\n<c>\u0007","seconds":1e300}]}`)
	f.Add(`{"version":1,"profiles":{"new":"absent"},"costs":{}}`)
	f.Fuzz(func(t *testing.T, text string) {
		rep, err := conformance.ReadReport(strings.NewReader(text))
		if err != nil {
			return
		}
		rep.Badge()
		if err := rep.WriteMarkdown(io.Discard); err != nil {
			t.Error(err)
		}
		if err := rep.WriteJUnit(io.Discard); err != nil {
			t.Error(err)
		}
		again, err := json.Marshal(rep)
		if err != nil {
			t.Fatal(err)
		}
		if _, err := conformance.ReadReport(strings.NewReader(string(again))); err != nil {
			t.Errorf("%v: %s", err, again)
		}
	})
}
