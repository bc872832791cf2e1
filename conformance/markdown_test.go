package conformance_test

import (
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/godcp/godcp/conformance"
)

func markdown(t *testing.T, rep *conformance.Report) string {
	t.Helper()
	var b strings.Builder
	if err := rep.WriteMarkdown(&b); err != nil {
		t.Fatal(err)
	}
	return b.String()
}

func TestMarkdown(t *testing.T) {
	requests := 1.5
	rep := &conformance.Report{
		Suite:          conformance.Suite{Contract: 1, Checks: 4, Digest: "00112233445566ff"},
		Implementation: conformance.Implementation{Name: "my|store", Version: "v1", URL: "https://example.com"},
		Go:             "go1.26", OS: "linux", Arch: "amd64", Seed: 7,
		Limits:       conformance.Limits{LargeSize: 100, Rounds: 2, Keys: 3, Timeout: time.Minute},
		Capabilities: []conformance.Capability{conformance.Stater, conformance.Lister},
		Profiles:     map[conformance.Profile]conformance.Outcome{"core": "failure", "atomic": "partial", "durable": "absent"},
		Checks: []conformance.CheckResult{
			{ID: "a/fine", Clauses: []string{"W1", "W2"}, Level: "MUST", Profile: "core", Result: "pass", Seconds: 1.239},
			{ID: "a/bad", Clauses: []string{"R3"}, Level: "MUST", Profile: "core", Result: "fail", Detail: "R3 demands: x\n`</pre>`\x1b[2J"},
			{ID: "a/odd", Clauses: []string{"R3"}, Level: "MUST", Profile: "atomic", Result: "excepted", Detail: "why\nR3 demands: y"},
			{ID: "b/none", Clauses: []string{"W3"}, Level: "MUST", Profile: "durable", Result: "absent", Detail: "needs [harness: Crash]"},
		},
		Exceptions: []conformance.Exception{{Check: "a/odd", Reason: "*why*\nnot"}},
		Notes:      []string{"1. a_note", "- another"},
		Costs: &conformance.Costs{
			Operations: []conformance.OperationCost{
				{Operation: "exists", Count: 10, Seconds: 0.0001, Requests: &requests, Allocs: 2, AllocBytes: 64},
				{Operation: "remove", Count: 1},
			},
			Throughput: []conformance.Throughput{{Operation: "read", Streams: 8, StreamBytes: 4 << 20, Seconds: 1, MBPerSecond: 33.55}},
			SmallRead:  &conformance.Latency{Bytes: 4096, Count: 1000, P50: 0.001, P99: 0.0025},
			OverRead:   &conformance.OverRead{Ranges: 8, Wanted: 32768, Read: 65536},
		},
	}
	want := `# Conformance of my\|store v1

does not conform, 1 MUST check failed: of 4 checks 3 ran, 1 passed, 1 failed, 1 excepted, 1 absent.

| | |
| --- | --- |
| project | https://example.com |
| contract | v1 |
| suite | 4 checks, 00112233445566ff |
| platform | go1.26, linux/amd64 |
| seed | 7 |
| limits | large streams of 100 bytes, 2 rounds, 3 keys, 1m0s a check |
| capabilities | Stater, Lister |

## Profiles

| profile | outcome | pass | fail | excepted | absent |
| --- | --- | ---: | ---: | ---: | ---: |
| core | failure | 1 | 1 | 0 | 0 |
| atomic | partial | 0 | 0 | 1 | 0 |
| durable | absent | 0 | 0 | 0 | 1 |

## Fail

a/bad, MUST:

    R3 demands: x
    ` + "`</pre>`" + `\x1b[2J

## Excepted

a/odd, MUST:

    why
    R3 demands: y

## Absent

b/none, MUST:

    needs [harness: Crash]

## Exceptions

- a/odd: \*why\*; not

## Notes

- 1\. a\_note
- \- another

## Costs

Figures of one run on one machine; no verdict.

| operation | count | s | requests | allocs | bytes allocated |
| --- | ---: | ---: | ---: | ---: | ---: |
| exists | 10 | 0.000100 | 1.50 | 2.0 | 64 |
| remove | 1 | 0.000000 | not counted | 0.0 | 0 |

| streams | at once | bytes each | MB/s |
| --- | ---: | ---: | ---: |
| read | 8 | 4194304 | 33.5 |

ReadAt of 4096 bytes, 1000 times: half within 0.001000 s, 99 % within 0.002500 s.

For 32768 bytes in 8 ranges the storage was asked for 65536 bytes.

## Checks

| check | clauses | level | profile | result | s |
| --- | --- | --- | --- | --- | ---: |
| a/fine | W1 W2 | MUST | core | pass | 1.24 |
| a/bad | R3 | MUST | core | fail | 0.00 |
| a/odd | R3 | MUST | atomic | excepted | 0.00 |
| b/none | W3 | MUST | durable | absent | 0.00 |
`
	if d := cmp.Diff(want, markdown(t, rep)); d != "" {
		t.Error(d)
	}
	rep.Checks = rep.Checks[1:] // the only one with a time
	_, checks, _ := strings.Cut(markdown(t, rep), "## Checks\n\n")
	want = `| check | clauses | level | profile | result |
| --- | --- | --- | --- | --- |
| a/bad | R3 | MUST | core | fail |
| a/odd | R3 | MUST | atomic | excepted |
| b/none | W3 | MUST | durable | absent |
`
	if d := cmp.Diff(want, checks); d != "" {
		t.Error(d)
	}
}

// TestMarkdownTables sees that no text of a report breaks out of its row.
func TestMarkdownTables(t *testing.T) {
	for name, rep := range samples(t) {
		for line := range strings.Lines(markdown(t, rep)) {
			if !strings.HasPrefix(line, "|") {
				continue
			}
			if bars := strings.Count(strings.ReplaceAll(line, `\|`, ""), "|"); bars != 3 && bars != 5 && bars != 6 && bars != 7 {
				t.Errorf("%s: %d bars in %q", name, bars, line)
			}
		}
	}
}
