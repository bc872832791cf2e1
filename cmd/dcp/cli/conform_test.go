package cli

import (
	"bufio"
	"bytes"
	"context"
	"errors"
	"io"
	"io/fs"
	"net/url"
	"os"
	"os/exec"
	"strings"

	"github.com/rogpeppe/go-internal/testscript"

	"github.com/godcp/godcp/backends/local"
	"github.com/godcp/godcp/backends/memfs"
	"github.com/godcp/godcp/fsbase"
)

// Schemes that only tests have, each with one fault: for processes whose
// script asks for them, so that other scripts see what users see.
func init() {
	if os.Getenv("TEST_SCHEMES") == "" {
		return
	}
	schemes := map[string]func(path string) (fsbase.FileSystemBase, error){
		"badmem": func(string) (fsbase.FileSystemBase, error) { return badMkdir{memfs.New()}, nil },
		"badfile": func(path string) (fsbase.FileSystemBase, error) {
			f, err := local.New(path)
			return badFolder{f}, err
		},
		"sticky": func(string) (fsbase.FileSystemBase, error) { return sticky{memfs.New()}, nil },
		"down":   func(string) (fsbase.FileSystemBase, error) { return down{memfs.New()}, nil },
	}
	for scheme, open := range schemes {
		fsbase.Register(scheme, fsbase.OpenerFunc(func(_ context.Context, u *url.URL) (fsbase.FileSystemBase, error) {
			return open(u.Path)
		}))
	}
}

var errExisting = errors.New("it is there already")

func noMkdir(path string) error { return &fs.PathError{Op: "mkdir", Path: path, Err: errExisting} }

// badMkdir cannot make a folder.
type badMkdir struct{ *memfs.FS }

func (badMkdir) Mkdir(_ context.Context, path string) error { return noMkdir(path) }

// badFolder is the same in a real folder.
type badFolder struct{ *local.FS }

func (badFolder) Mkdir(_ context.Context, path string) error { return noMkdir(path) }

// sticky does not remove what the checks of one section write.
type sticky struct{ *memfs.FS }

func (s sticky) RmFile(ctx context.Context, path string) error {
	if strings.Contains(path, "/write/") {
		return nil
	}
	return s.FS.RmFile(ctx, path)
}

// down cannot be reached.
type down struct{ *memfs.FS }

func (down) Exists(_ context.Context, path string) (bool, error) {
	return false, &fs.PathError{Op: "exists", Path: path, Err: errors.New("no route to host")}
}

// interrupt CMD…: the command is interrupted as soon as it shows progress, and
// exits with 3. Its output is found as the file interrupted.
func interrupt(ts *testscript.TestScript, neg bool, args []string) {
	if neg || len(args) == 0 {
		ts.Fatalf("usage: interrupt command...")
	}
	cmd := exec.Command(args[0], args[1:]...)
	cmd.Dir = ts.MkAbs(".")
	var out, errs bytes.Buffer
	cmd.Stdout = &out
	pipe, err := cmd.StderrPipe()
	ts.Check(err)
	ts.Check(cmd.Start())
	lines := bufio.NewReader(io.TeeReader(pipe, &errs))
	_, readErr := lines.ReadString('\n')
	ts.Check(errors.Join(readErr, cmd.Process.Signal(os.Interrupt)))
	_, err = io.Copy(io.Discard, lines)
	ts.Check(err)
	var exit *exec.ExitError
	if err := cmd.Wait(); !errors.As(err, &exit) || exit.ExitCode() != statusStorage {
		ts.Fatalf("%v\n%s%s", err, out.String(), errs.String())
	}
	ts.Check(os.WriteFile(ts.MkAbs("interrupted"), append(out.Bytes(), errs.Bytes()...), 0o666))
}
