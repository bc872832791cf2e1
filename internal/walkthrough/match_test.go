package walkthrough

import (
	"regexp"
	"slices"
	"strings"
	"testing"
)

// varies is what differs from run to run and from machine to machine.
var varies = []struct {
	form *regexp.Regexp
	as   string
}{
	{regexp.MustCompile(`\b\d+\.\d+s\b`), "0s"},
	{regexp.MustCompile(`\bgo1\.[0-9a-z.]+`), "go1"},
	{regexp.MustCompile(`\b(\w+\.go):\d+:`), "$1:0:"},
	{regexp.MustCompile(`[ \t]+`), " "},
}

// plain returns the lines of an output without what varies.
func plain(output string) []string {
	var lines []string
	for line := range strings.Lines(output) {
		line = strings.TrimRight(line, "\n")
		if strings.HasPrefix(line, "go: ") {
			continue
		}
		for _, v := range varies {
			line = v.form.ReplaceAllString(line, v.as)
		}
		lines = append(lines, line)
	}
	return lines
}

// matches tells whether an output is as the page has it.
func matches(page, output string) bool { return matchLines(plain(page), plain(output)) }

func matchLines(want, got []string) bool {
	if len(want) == 0 {
		return len(got) == 0
	}
	if want[0] == "…" {
		return slices.ContainsFunc(suffixes(got), func(rest []string) bool { return matchLines(want[1:], rest) })
	}
	return len(got) > 0 && matchLine(want[0], got[0]) && matchLines(want[1:], got[1:])
}

func suffixes(lines []string) (all [][]string) {
	for i := range len(lines) + 1 {
		all = append(all, lines[i:])
	}
	return all
}

func matchLine(want, got string) bool {
	parts := strings.Split(want, "…")
	for i, p := range parts {
		parts[i] = regexp.QuoteMeta(p)
	}
	return regexp.MustCompile("^" + strings.Join(parts, ".*") + "$").MatchString(got)
}

func TestMatches(t *testing.T) {
	for _, c := range []struct {
		page, output string
		want         bool
	}{
		{"", "", true},
		{"", "a\n", false},
		{"a\n", "", false},
		{"a\nb\n", "a\nb\n", true},
		{"a\n", "a\nb\n", false},
		{"ok  \tx\t1.2s\n", "ok  \tx\t12.345s\n", true},
		{"ok x 1.2s\n", "ok y 1.2s\n", false},
		{"dcp, go1.26.8\n", "dcp, go1.27rc1\n", true},
		{"  run.go:70: a\n", "  run.go:99: a\n", true},
		{"a\n", "go: downloading x v1\na\n", true},
		{"…\n", "", true},
		{"…\n", "a\nb\n", true},
		{"a\n…\nd\n", "a\nb\nc\nd\n", true},
		{"a\n…\nd\n", "a\nb\nc\n", false},
		{"a … c.\n", "a b b c.\n", true},
		{"a … c.\n", "a b b cx\n", false},
	} {
		if got := matches(c.page, c.output); got != c.want {
			t.Errorf("matches(%q, %q) = %v", c.page, c.output, got)
		}
	}
}
