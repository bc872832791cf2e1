package cli

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"strings"
	"testing"

	"github.com/godcp/godcp/ckpterr"
	"github.com/godcp/godcp/dcp"
	"github.com/godcp/godcp/fsbase"
)

func TestClassify(t *testing.T) {
	bad := ckpterr.At(ckpterr.New(ckpterr.BadArchive, "torn"), ckpterr.Place{File: "f", Offset: 7, FQN: "w"})
	path := func(err error) error { return &fs.PathError{Op: "open", Path: "x", Err: err} }
	for _, c := range []struct {
		err    error
		class  string
		status int
		hint   string // a part of it
	}{
		{bad, "BadArchive", 1, ""},
		{fmt.Errorf("while reading: %w", bad), "BadArchive", 1, ""},
		{ckpterr.New(ckpterr.UnsafePickle, "x"), "UnsafePickle", 1, "Python"},
		{ckpterr.New(ckpterr.NotACheckpoint, "x").WithHint("look there"), "NotACheckpoint", 1, "look there"},
		{&ckpterr.Error{Class: ckpterr.MissingFile, Err: path(fs.ErrNotExist)}, "MissingFile", 1, ""},
		{ckpterr.New(ckpterr.BadTransform, "x: %w", context.Canceled), "Canceled", 3, ""},
		{usage("do this", "wrong"), "Usage", 2, "do this"},
		{nonconformingError{[]string{"write/residue"}}, "Nonconforming", 1, ""},
		{path(fs.ErrInvalid), "Usage", 2, ""},
		{path(&fsbase.UnknownSchemeError{Scheme: "fiel", Known: []string{"file", "mem"}}), "UnknownScheme", 2, "did you mean file://?"},
		{path(&fsbase.UnknownSchemeError{Scheme: "gopher", Known: []string{"file", "mem"}}), "UnknownScheme", 2, "file, mem"},
		{path(&fsbase.UnknownParameterError{Scheme: "file", Parameter: "x", Known: []string{"symlinks"}}), "UnknownParameter", 2, "symlinks"},
		{path(&fsbase.UnknownParameterError{Scheme: "mem", Parameter: "x"}), "UnknownParameter", 2, ""},
		{path(fs.ErrNotExist), "NotFound", 3, ""},
		{fmt.Errorf("w: %w", dcp.ErrNoEntry), "NotFound", 3, ""},
		{withHint(path(fs.ErrNotExist), "there"), "NotFound", 3, "there"},
		{path(fs.ErrPermission), "PermissionDenied", 3, ""},
		{context.Canceled, "Canceled", 3, ""},
		{path(context.Canceled), "Canceled", 3, ""},
		{path(fs.ErrExist), "AlreadyExists", 3, ""},
		{path(context.DeadlineExceeded), "Unreachable", 3, ""},
		{path(fsbase.ErrChanged), "Unreachable", 3, "again"},
		{io.ErrUnexpectedEOF, "Unreachable", 3, ""},
		{errors.New("no route to host"), "Unreachable", 3, ""},
	} {
		p := classify(c.err)
		if p.Class != c.class || p.status != c.status || !strings.Contains(p.Hint, c.hint) || c.hint == "" && p.Hint != "" {
			t.Errorf("%v: %s, status %d, hint %q; want %s, %d, %q", c.err, p.Class, p.status, p.Hint, c.class, c.status, c.hint)
		}
	}
}

func TestPrintProblem(t *testing.T) {
	err := ckpterr.At(ckpterr.New(ckpterr.BadArchive, "torn\x1b[2J\nhere"), ckpterr.Place{File: "a\nb", Offset: 7, FQN: "w\x07"})
	var out bytes.Buffer
	(&app{errOut: &out}).print(classify(withHint(err, "do\nthis")))
	want := `dcp: error: a\nb at 7: w\a: BadArchive: torn\x1b[2J; here` + "\ndcp: hint: do; this\n"
	if out.String() != want {
		t.Errorf("%q, want %q", out.String(), want)
	}

	out.Reset()
	(&app{errOut: &out, json: true}).print(classify(err))
	var got map[string]map[string]any
	if err := json.Unmarshal(out.Bytes(), &got); err != nil || strings.Count(out.String(), "\n") != 1 {
		t.Fatalf("%v: %q", err, out.String())
	}
	e := got["error"]
	if e["class"] != "BadArchive" || e["message"] != "torn\x1b[2J\nhere" || e["file"] != "a\nb" || e["offset"] != 7.0 || e["fqn"] != "w\a" || e["hint"] != nil {
		t.Errorf("%v", e)
	}
}

func TestClosest(t *testing.T) {
	names := []string{"model.layers.0.wq", "model.layers.0.wk", "optimizer.lr", "step", "lr"}
	for name, want := range map[string]string{
		"model.layers.0.qw": "model.layers.0.wq", "stpe": "step", "STEP": "step", "x": "", "zzzzzz": "", "": "",
		"layers.0.wk": "model.layers.0.wk", "optimizer": "optimizer.lr", "steps": "step",
	} {
		got := closest(name, names)
		if first := strings.Join(got[:min(1, len(got))], ""); first != want {
			t.Errorf("%q: %q, want %q", name, got, want)
		}
	}
}
