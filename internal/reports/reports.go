// Package reports writes conformance reports as conformance/reports has them.
package reports

import (
	"bytes"
	"encoding/json"
	"os"
	"path/filepath"

	"github.com/godcp/godcp/conformance"
)

// Timeless takes out of a report what is another the next time.
func Timeless(rep *conformance.Report) {
	for i := range rep.Checks {
		rep.Checks[i].Seconds = 0
	}
}

// Write writes the files of one report into dir, which it makes. The last section
// of the page is reproduce: how a stranger makes the report again.
func Write(dir string, rep *conformance.Report, reproduce string) error {
	if err := os.MkdirAll(dir, 0o777); err != nil {
		return err
	}
	files, err := Files(rep, reproduce)
	if err != nil {
		return err
	}
	for name, text := range files {
		if err := os.WriteFile(filepath.Join(dir, name), text, 0o666); err != nil {
			return err
		}
	}
	return nil
}

// Files are a report in its three forms, by name.
func Files(rep *conformance.Report, reproduce string) (map[string][]byte, error) {
	report, err := indented(rep)
	if err != nil {
		return nil, err
	}
	badge, err := indented(rep.Badge())
	if err != nil {
		return nil, err
	}
	var page bytes.Buffer
	if err := rep.WriteMarkdown(&page); err != nil {
		return nil, err
	}
	page.WriteString("\n" + Reproduce + reproduce)
	return map[string][]byte{"report.json": report, "badge.json": badge, "README.md": page.Bytes()}, nil
}

// Reproduce begins the section of that name.
const Reproduce = "## Reproduce\n\n"

func indented(v any) ([]byte, error) {
	text, err := json.MarshalIndent(v, "", "  ")
	return append(text, '\n'), err
}
