package conformance

import (
	"encoding/xml"
	"fmt"
	"io"
	"strconv"
	"strings"
)

// WriteJUnit writes the report as JUnit XML, for the pages that CI systems
// make of it: a suite for every section, a case for every check. A MUST check
// that failed is a failure. What is absent, what is excepted, and a SHOULD
// check that failed are skipped, each with the reason.
func (r *Report) WriteJUnit(w io.Writer) error {
	doc := junitSuites{Name: "conformance"}
	for _, c := range r.Checks {
		section, _, _ := strings.Cut(c.ID, "/")
		last := len(doc.Suites) - 1
		if last < 0 || doc.Suites[last].Name != section {
			doc.Suites = append(doc.Suites, junitSuite{Name: section, Properties: r.junitProperties()})
			last++
		}
		doc.Suites[last].add(junitCaseOf(c, section))
	}
	for _, s := range doc.Suites {
		doc.junitCount.sum(s.junitCount)
	}
	text, err := xml.MarshalIndent(doc, "", "  ")
	if err != nil {
		return fmt.Errorf("writing JUnit: %w", err)
	}
	_, err = io.WriteString(w, xml.Header+string(text)+"\n")
	return err
}

type junitSuites struct {
	XMLName xml.Name `xml:"testsuites"`
	Name    string   `xml:"name,attr"`
	junitCount
	Suites []junitSuite `xml:"testsuite"`
}

type junitSuite struct {
	Name string `xml:"name,attr"`
	junitCount
	Properties []junitProperty `xml:"properties>property"`
	Cases      []junitCase     `xml:"testcase"`
}

// junitCount is what suites are summed up with.
type junitCount struct {
	Tests    int          `xml:"tests,attr"`
	Failures int          `xml:"failures,attr"`
	Errors   int          `xml:"errors,attr"` // always 0: a check that cannot be carried out has failed
	Skipped  int          `xml:"skipped,attr"`
	Time     junitSeconds `xml:"time,attr"`
}

type junitProperty struct {
	Name  string `xml:"name,attr"`
	Value string `xml:"value,attr"`
}

type junitCase struct {
	Name    string       `xml:"name,attr"`
	Class   string       `xml:"classname,attr"`
	Time    junitSeconds `xml:"time,attr"`
	Skipped *junitSkip   `xml:"skipped"`
	Failure *junitFail   `xml:"failure"`
}

type junitSkip struct {
	Message string `xml:"message,attr"`
}

type junitFail struct {
	Message string `xml:"message,attr"`
	Type    string `xml:"type,attr"`
	Text    string `xml:",chardata"`
}

// junitSeconds is a time as xs:decimal, which has no exponent.
type junitSeconds float64

func (s junitSeconds) MarshalText() ([]byte, error) {
	return strconv.AppendFloat(nil, float64(s), 'f', 3, 64), nil
}

func (s *junitSuite) add(c junitCase) {
	s.Cases = append(s.Cases, c)
	one := junitCount{Tests: 1, Time: c.Time}
	if c.Failure != nil {
		one.Failures = 1
	}
	if c.Skipped != nil {
		one.Skipped = 1
	}
	s.sum(one)
}

func (n *junitCount) sum(m junitCount) {
	n.Tests += m.Tests
	n.Failures += m.Failures
	n.Skipped += m.Skipped
	n.Time += m.Time
}

func junitCaseOf(c CheckResult, section string) junitCase {
	j := junitCase{Name: c.ID, Class: "conformance." + section, Time: junitSeconds(c.Seconds)}
	first, _, _ := strings.Cut(c.Detail, "\n")
	switch {
	case c.Broken():
		j.Failure = &junitFail{Message: first, Type: strings.Join(c.Clauses, " "), Text: c.Detail}
	case c.Result == Fail:
		j.Skipped = &junitSkip{Message: "a SHOULD check that failed: " + c.Detail}
	case c.Result != Pass:
		j.Skipped = &junitSkip{Message: string(c.Result) + ": " + c.Detail}
	}
	return j
}

func (r *Report) junitProperties() []junitProperty {
	return []junitProperty{
		{"implementation", r.Implementation.Name},
		{"version", r.Implementation.Version},
		{"contract", strconv.Itoa(r.Suite.Contract)},
		{"suite", r.Suite.Digest},
		{"seed", strconv.FormatUint(r.Seed, 10)},
	}
}
