// Command generate writes the conformance reports of the backends of this
// repository, from its root:
//
//	go run ./conformance/reports/generate
//
// Times are left out, so that a report changes when what it says does.
package main

import (
	"bytes"
	"context"
	"encoding/json"
	"flag"
	"fmt"
	"io"
	"os"
	"path/filepath"

	"github.com/godcp/godcp/conformance"
)

//go:generate go run . -o ..

func main() {
	dir := flag.String("o", "conformance/reports", "the folder of the reports")
	flag.Parse()
	if err := run(context.Background(), *dir, os.Stdout); err != nil {
		fmt.Fprintln(os.Stderr, "generate:", err)
		os.Exit(1)
	}
}

func run(ctx context.Context, dir string, out io.Writer) error {
	if fi, err := os.Stat(dir); err != nil || !fi.IsDir() {
		return fmt.Errorf("%s is no folder: run this from the root of the repository", dir)
	}
	for _, b := range backends {
		rep, err := b.report(ctx, conformance.Limits{})
		if err != nil {
			return fmt.Errorf("%s: %w", b.name, err)
		}
		if err := write(filepath.Join(dir, b.name), b, rep); err != nil {
			return err
		}
		if _, err := fmt.Fprintf(out, "%s %s\n", b.name, rep.Verdict()); err != nil {
			return err
		}
	}
	return nil
}

// report runs the suite on b and takes out of the report what is another the
// next time.
func (b backend) report(ctx context.Context, limits conformance.Limits) (*conformance.Report, error) {
	scratch, err := os.MkdirTemp("", "godcp-conformance-")
	if err != nil {
		return nil, err
	}
	defer os.RemoveAll(scratch)
	fsys, options, err := b.open(scratch)
	if err != nil {
		return nil, err
	}
	rep, err := conformance.Verify(ctx, fsys, append(options,
		conformance.WithLimits(limits), conformance.WithSeed(1), conformance.InFolder("conformance"),
		conformance.WithImplementation(conformance.Implementation{
			Name: "godcp backends/" + b.name, URL: "https://github.com/godcp/godcp", Contact: "https://github.com/godcp/godcp/issues",
		}))...)
	if err != nil {
		return nil, err
	}
	for i := range rep.Checks {
		rep.Checks[i].Seconds = 0
	}
	return rep, nil
}

// write writes the files of one backend.
func write(dir string, b backend, rep *conformance.Report) error {
	if err := os.MkdirAll(dir, 0o777); err != nil {
		return err
	}
	files, err := files(b, rep)
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

// files are the report in its three forms.
func files(b backend, rep *conformance.Report) (map[string][]byte, error) {
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
	page.WriteString("\n## Reproduce\n\n" + b.reproduce)
	return map[string][]byte{"report.json": report, "badge.json": badge, "README.md": page.Bytes()}, nil
}

func indented(v any) ([]byte, error) {
	text, err := json.MarshalIndent(v, "", "  ")
	return append(text, '\n'), err
}
