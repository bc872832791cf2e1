package walkthrough

import (
	"context"
	"encoding/json"
	"errors"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/godcp/godcp/conformance"
)

const root = "../.."

// mostLines is how long the backend of the page may be.
const mostLines = 80

// commandTime ends a command that hangs.
const commandTime = 5 * time.Minute

func TestWriteABackend(t *testing.T) {
	if testing.Short() {
		t.Skip("builds a module and runs the conformance suite many times")
	}
	if runtime.GOOS == "windows" {
		t.Skip("the page is for a POSIX shell")
	}
	page, err := os.ReadFile(filepath.Join(root, "docs", "write-a-backend.md"))
	if err != nil {
		t.Fatal(err)
	}
	steps, err := parse(string(page))
	if err != nil {
		t.Fatal(err)
	}
	s := newStranger(t)
	for _, st := range steps {
		s.take(st)
	}
	s.checkBackend()
	s.checkReport()
}

// stranger is somebody who has the page, a clone and a shell.
type stranger struct {
	t   *testing.T
	env []string
	dir string // the working directory
}

func newStranger(t *testing.T) *stranger {
	t.Helper()
	clone, err := filepath.Abs(root)
	if err != nil {
		t.Fatal(err)
	}
	dir := t.TempDir()
	if err := os.Symlink(clone, filepath.Join(dir, "godcp")); err != nil {
		t.Fatal(err)
	}
	s := &stranger{t: t, env: append(os.Environ(), "GOWORK=off"), dir: clone}
	// All modules that the page can need are this repository's. Nothing else
	// is fetched.
	if out, err := s.sh("go mod download"); err != nil {
		t.Fatalf("%v\n%s", err, out)
	}
	s.env, s.dir = append(s.env, "GOPROXY=off", "GOSUMDB=off"), dir
	return s
}

// take does one step, and ends the test when it goes wrong: the rest of the
// page builds on it.
func (s *stranger) take(st step) {
	s.t.Helper()
	if st.file != "" {
		path := filepath.Join(s.dir, filepath.FromSlash(st.file))
		if err := errors.Join(os.MkdirAll(filepath.Dir(path), 0o777), os.WriteFile(path, []byte(st.text), 0o666)); err != nil {
			s.t.Fatal(err)
		}
		return
	}
	out, err := s.sh(st.text)
	var exit *exec.ExitError
	if err != nil && !errors.As(err, &exit) {
		s.t.Fatalf("line %d: $ %s: %v", st.line, st.text, err)
	}
	fails := slices.Contains(strings.Split(st.print, "\n"), "FAIL")
	if (err != nil) != fails || !matches(st.print, out) {
		s.t.Fatalf("line %d: $ %s: %v\n%s\nthe page has\n%s", st.line, st.text, err, out, st.print)
	}
}

// sh runs a command where the last one ended, and returns what it printed.
func (s *stranger) sh(command string) (string, error) {
	where := filepath.Join(s.t.TempDir(), "pwd")
	ctx, cancel := context.WithTimeout(s.t.Context(), commandTime)
	defer cancel()
	cmd := exec.CommandContext(ctx, "bash", "-c", `set -o pipefail; trap 'pwd >"$PAGE_WHERE"' EXIT; `+command)
	cmd.Dir, cmd.Env = s.dir, append(slices.Clip(s.env), "PAGE_WHERE="+where)
	out, err := cmd.CombinedOutput()
	if dir, rerr := os.ReadFile(where); rerr == nil {
		s.dir = strings.TrimSpace(string(dir))
	}
	return string(out), err
}

// checkBackend counts what an author has to write.
func (s *stranger) checkBackend() {
	text, err := os.ReadFile(filepath.Join(s.dir, "kvfs.go"))
	if err != nil {
		s.t.Fatal(err)
	}
	n := strings.Count(string(text), "\n")
	s.t.Logf("the backend has %d lines", n)
	if n > mostLines {
		s.t.Errorf("the backend has %d lines, the page promises at most %d", n, mostLines)
	}
}

// checkReport reads what dcp conform has written.
func (s *stranger) checkReport() {
	text, err := os.ReadFile(filepath.Join(s.dir, "report.json"))
	if err != nil {
		s.t.Fatal(err)
	}
	var rep conformance.Report
	if err := json.Unmarshal(text, &rep); err != nil {
		s.t.Fatal(err)
	}
	if len(rep.Checks) == 0 || !rep.Conforms() {
		s.t.Errorf("a report of %d checks, conforms: %v", len(rep.Checks), rep.Conforms())
	}
}
