package lint

import (
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"
)

var testName = regexp.MustCompile(`\b(Test|Fuzz)[A-Z]\w*`)

// TestSeedMap holds docs/seed-map.md to what it is: no cell is empty, every row
// names a test or the suite, and the tests that it names are there.
func TestSeedMap(t *testing.T) {
	text, err := os.ReadFile(filepath.Join(root, "docs", "seed-map.md"))
	if err != nil {
		t.Fatal(err)
	}
	there := allTests(t)
	rows := 0
	for line := range strings.Lines(string(text)) {
		line = strings.TrimSpace(line)
		if !strings.HasPrefix(line, "|") || strings.HasPrefix(line, "| ---") || strings.HasPrefix(line, "| torch |") {
			continue
		}
		rows++
		cells := strings.Split(strings.Trim(line, "| "), " | ")
		if len(cells) != 4 || slices.ContainsFunc(cells, func(c string) bool { return strings.TrimSpace(c) == "" }) {
			t.Errorf("a row without four filled cells: %s", line)
			continue
		}
		names := testName.FindAllString(cells[2], -1)
		if len(names) == 0 && !strings.Contains(cells[2], "`conformance`") {
			t.Errorf("no test is named: %s", line)
		}
		for _, name := range names {
			if !there[name] {
				t.Errorf("there is no %s: %s", name, line)
			}
		}
	}
	if rows < 30 {
		t.Errorf("%d rows", rows)
	}
}

var testFunc = regexp.MustCompile(`(?m)^func ((?:Test|Fuzz)\w+)\(`)

// allTests are the names of all tests in the module.
func allTests(t *testing.T) map[string]bool {
	t.Helper()
	names := map[string]bool{}
	for path, text := range sources(t) {
		if !strings.HasSuffix(path, "_test.go") {
			continue
		}
		for _, m := range testFunc.FindAllStringSubmatch(text, -1) {
			names[m[1]] = true
		}
	}
	return names
}
