package main

import (
	"context"
	"errors"
	"io/fs"
	"path/filepath"
	"strings"

	"github.com/godcp/godcp/backends/local"
	"github.com/godcp/godcp/backends/memfs"
	"github.com/godcp/godcp/conformance"
	"github.com/godcp/godcp/fsbase"
)

// backend is one whose report is here.
type backend struct {
	name      string // of its package and of its folder
	reproduce string // the section of the page, which no report is without

	// open returns an empty storage, in scratch if it needs a folder, and what
	// its harness can do.
	open func(scratch string) (fsbase.FileSystemBase, []conformance.Option, error)
}

var backends = []backend{
	{
		name: "local",
		open: openLocal,
		reproduce: `On the file system that is to be tested, with TMPDIR in it:

    git clone https://github.com/godcp/godcp && cd godcp
    go test -v -run TestConformance ./backends/local
    go run ./conformance/reports/generate

An installed dcp needs no checkout:

    dcp conform /folder/to/test --report report.json
`,
	},
	{
		name: "memfs",
		open: openMemory,
		reproduce: `Anywhere:

    git clone https://github.com/godcp/godcp && cd godcp
    go test -v -run TestConformance ./backends/memfs
    go run ./conformance/reports/generate
`,
	},
}

func openLocal(scratch string) (fsbase.FileSystemBase, []conformance.Option, error) {
	root := filepath.Join(scratch, "root")
	f, err := local.New(root)
	return f, []conformance.Option{
		conformance.WithCheckpointID(root),
		conformance.WithReopen(func(context.Context, fsbase.FileSystemBase) (fsbase.FileSystemBase, error) {
			return local.New(root)
		}),
		conformance.WithResidue(func(context.Context, fsbase.FileSystemBase) ([]string, error) {
			return temporaries(root)
		}),
	}, err
}

// temporaries returns the files below root that local calls its own.
func temporaries(root string) ([]string, error) {
	var names []string
	err := filepath.WalkDir(root, func(p string, e fs.DirEntry, err error) error {
		if errors.Is(err, fs.ErrNotExist) {
			return nil
		}
		if err != nil {
			return err
		}
		if n := e.Name(); strings.HasPrefix(n, ".godcp-") && (strings.HasSuffix(n, ".tmp") || strings.HasSuffix(n, ".lock")) {
			names = append(names, p)
		}
		return nil
	})
	return names, err
}

func openMemory(string) (fsbase.FileSystemBase, []conformance.Option, error) {
	return memfs.New(), []conformance.Option{
		conformance.WithCheckpointID("mem://run7"),
		conformance.WithReopen(func(_ context.Context, fsys fsbase.FileSystemBase) (fsbase.FileSystemBase, error) {
			return fsys, nil // every handle is as good as another: there is no cache
		}),
		conformance.WithCrash(func(_ context.Context, fsys fsbase.FileSystemBase) (fsbase.FileSystemBase, error) {
			return fsys.(*memfs.FS).Crash(), nil
		}),
	}, nil
}
