package cli

import (
	"bytes"
	"context"
	"encoding/json"
	"os"
	"path/filepath"
	"testing"
	"time"

	"github.com/rogpeppe/go-internal/testscript"

	_ "github.com/godcp/godcp/backends/local"
	_ "github.com/godcp/godcp/backends/memfs"
)

// commands are the processes that tests start.
var commands = map[string]func(){"dcp": func() { os.Exit(Main()) }}

func TestMain(m *testing.M) { testscript.Main(m, commands) }

// testdata is the repository's.
const testdata = "../../../testdata"

func TestScripts(t *testing.T) {
	root, err := filepath.Abs(testdata)
	if err != nil {
		t.Fatal(err)
	}
	testscript.Run(t, testscript.Params{
		Dir:                 "testdata",
		RequireExplicitExec: true,
		RequireUniqueNames:  true,
		Setup: func(env *testscript.Env) error {
			env.Setenv("FIX", filepath.Join(root, "fixtures"))
			env.Setenv("HOSTILE", filepath.Join(root, "hostile"))
			return nil
		},
		Cmds: map[string]func(*testscript.TestScript, bool, []string){
			"status": status, "json": isJSON, "interrupt": interrupt, "saveset": saveset, "copyall": copyall,
		},
	})
}

// status N CMD…: the command exits with N.
func status(ts *testscript.TestScript, neg bool, args []string) {
	if neg || len(args) < 2 {
		ts.Fatalf("usage: status N command...")
	}
	got := "0"
	if err := ts.Exec(args[1], args[2:]...); err != nil {
		code, ok := err.(interface{ ExitCode() int })
		if !ok {
			ts.Fatalf("%v", err)
		}
		got = string('0' + rune(code.ExitCode()))
	}
	if got != args[0] {
		ts.Fatalf("exit status %s, want %s", got, args[0])
	}
}

// json FILE: it holds exactly one document.
func isJSON(ts *testscript.TestScript, neg bool, args []string) {
	text := ts.ReadFile(args[0])
	dec := json.NewDecoder(bytes.NewReader([]byte(text)))
	var v any
	if err := dec.Decode(&v); err != nil {
		ts.Fatalf("%s: %v\n%s", args[0], err, text)
	}
	if dec.More() {
		ts.Fatalf("%s holds more than one document:\n%s", args[0], text)
	}
}

// dcpResult is a run inside this process.
type dcpResult struct {
	status         int
	stdout, stderr string
}

// problemJSON is what --json prints on stderr.
type problemJSON struct {
	Error struct {
		Class, Message  string
		File, FQN, Hint *string
		Offset          *int64
	}
}

func runDCP(t *testing.T, args ...string) dcpResult {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), time.Minute) // against hanging only
	defer cancel()
	var out, errs bytes.Buffer
	n := run(ctx, args, &out, &errs)
	return dcpResult{n, out.String(), errs.String()}
}

// class is the class on stderr, or "OK".
func (r dcpResult) class(t *testing.T) string {
	t.Helper()
	if r.status == 0 {
		if r.stderr != "" {
			t.Errorf("status 0 and stderr %q", r.stderr)
		}
		return "OK"
	}
	var p problemJSON
	if err := json.Unmarshal([]byte(r.stderr), &p); err != nil {
		t.Fatalf("stderr %q: %v", r.stderr, err)
	}
	return p.Error.Class
}

func samples(t *testing.T, kind string) []string {
	t.Helper()
	dirs, err := os.ReadDir(filepath.Join(testdata, kind))
	if err != nil {
		t.Fatal(err)
	}
	var names []string
	for _, d := range dirs {
		if d.IsDir() {
			names = append(names, d.Name())
		}
	}
	if len(names) < 50 {
		t.Fatalf("only %d %s", len(names), kind)
	}
	return names
}

func readJSON(t *testing.T, path string, v any) {
	t.Helper()
	b, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	if err := json.Unmarshal(b, v); err != nil {
		t.Fatalf("%s: %v", path, err)
	}
}
