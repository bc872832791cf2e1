package conformance_test

import (
	"bytes"
	"encoding/xml"
	"strings"
	"testing"

	"github.com/godcp/godcp/conformance"
)

// junit is what readers of JUnit XML look for.
type junit struct {
	XMLName xml.Name `xml:"testsuites"`
	junitTotals
	Suites []struct {
		Name string `xml:"name,attr"`
		junitTotals
		Properties []struct {
			Name  string `xml:"name,attr"`
			Value string `xml:"value,attr"`
		} `xml:"properties>property"`
		Cases []struct {
			Name    string  `xml:"name,attr"`
			Class   string  `xml:"classname,attr"`
			Time    float64 `xml:"time,attr"`
			Skipped *struct {
				Message string `xml:"message,attr"`
			} `xml:"skipped"`
			Failure *struct {
				Message string `xml:"message,attr"`
				Text    string `xml:",chardata"`
			} `xml:"failure"`
		} `xml:"testcase"`
	} `xml:"testsuite"`
}

type junitTotals struct {
	Tests    int     `xml:"tests,attr"`
	Failures int     `xml:"failures,attr"`
	Errors   int     `xml:"errors,attr"`
	Skipped  int     `xml:"skipped,attr"`
	Time     float64 `xml:"time,attr"`
}

func readJUnit(t *testing.T, rep *conformance.Report) junit {
	t.Helper()
	var b bytes.Buffer
	if err := rep.WriteJUnit(&b); err != nil {
		t.Fatal(err)
	}
	dec := xml.NewDecoder(&b)
	dec.Strict = true
	var doc junit
	if err := dec.Decode(&doc); err != nil {
		t.Fatalf("%v\n%s", err, b.String())
	}
	return doc
}

// TestJUnit holds the document to the report: the same cases, and sums that
// are those of the cases.
func TestJUnit(t *testing.T) {
	for name, rep := range samples(t) {
		doc := readJUnit(t, rep)
		var all junitTotals
		i := 0
		for _, s := range doc.Suites {
			var sum junitTotals
			for _, c := range s.Cases {
				want := rep.Checks[i]
				i++
				if c.Name != want.ID || c.Class != "conformance."+s.Name || !strings.HasPrefix(want.ID, s.Name+"/") {
					t.Errorf("%s: case %q of class %q in suite %q instead of %s", name, c.Name, c.Class, s.Name, want.ID)
				}
				sum.Tests++
				switch {
				case want.Broken() && c.Failure != nil && c.Skipped == nil:
					sum.Failures++
					if c.Failure.Text != want.Detail || c.Failure.Message == "" {
						t.Errorf("%s: %s fails with %q instead of %q", name, c.Name, c.Failure.Text, want.Detail)
					}
				case !want.Broken() && want.Result != conformance.Pass && c.Skipped != nil && c.Failure == nil:
					sum.Skipped++
					if !strings.Contains(c.Skipped.Message, strings.Split(want.Detail, "\n")[0]) {
						t.Errorf("%s: %s is skipped with %q and not with %q", name, c.Name, c.Skipped.Message, want.Detail)
					}
				case want.Result != conformance.Pass || c.Skipped != nil || c.Failure != nil:
					t.Errorf("%s: %s is %+v instead of %s", name, c.Name, c, want.Result)
				}
			}
			if sum.Tests != s.Tests || sum.Failures != s.Failures || sum.Skipped != s.Skipped || s.Errors != 0 {
				t.Errorf("%s: suite %q sums up %+v instead of %+v", name, s.Name, s.junitTotals, sum)
			}
			if len(s.Properties) == 0 || s.Properties[0].Value != rep.Implementation.Name {
				t.Errorf("%s: properties %v", name, s.Properties)
			}
			all.Tests += sum.Tests
			all.Failures += sum.Failures
			all.Skipped += sum.Skipped
		}
		if i != len(rep.Checks) || all.Tests != doc.Tests || all.Failures != doc.Failures || all.Skipped != doc.Skipped {
			t.Errorf("%s: %d of %d checks, sums %+v instead of %+v", name, i, len(rep.Checks), doc.junitTotals, all)
		}
	}
}

func TestJUnitEscapes(t *testing.T) {
	rep := &conformance.Report{Checks: []conformance.CheckResult{{
		ID: "a/b", Clauses: []string{"W1"}, Level: conformance.Must, Result: conformance.Fail, Seconds: 1e-9,
		Detail: "<b>&\"'\x00\x1b]]>\xff\nsecond",
	}}}
	c := readJUnit(t, rep).Suites[0].Cases[0]
	if want := "<b>&\"'\uFFFD\uFFFD]]>\uFFFD"; c.Failure.Message != want || !strings.HasSuffix(c.Failure.Text, "\nsecond") {
		t.Errorf("%q", c.Failure)
	}
}
