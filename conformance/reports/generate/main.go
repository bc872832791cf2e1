// Command generate writes the conformance reports of the backends of this
// repository that need no server, from its root:
//
//	go run ./conformance/reports/generate
//
// Those of the others come from module e2e, which has the servers.
// Times are left out, so that a report changes when what it says does.
package main

import (
	"context"
	"flag"
	"fmt"
	"io"
	"os"
	"path/filepath"

	"github.com/godcp/godcp/conformance"
	"github.com/godcp/godcp/internal/reports"
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
		if err := reports.Write(filepath.Join(dir, b.name), rep, b.reproduce); err != nil {
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
	reports.Timeless(rep)
	return rep, nil
}
