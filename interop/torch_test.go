package interop

import (
	"bytes"
	"context"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
)

// fewest is how many checkpoints the oldest torch writes; fewer means that
// make.py lost some.
const fewest = 70

// TestTorch reads what torch saves: digests, verification, and resharding of
// what four ranks saved.
func TestTorch(t *testing.T) {
	python := pythonWithTorch(t)
	command := buildCommand(t)
	root := makeCheckpoints(t, python)
	names := checkpoints(t, root)
	if len(names) < fewest {
		t.Errorf("make.py wrote %d checkpoints, want at least %d", len(names), fewest)
	}
	t.Logf("%d checkpoints", len(names))
	for _, name := range names {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			folder := filepath.Join(root, name, "ckpt")
			want, err := os.ReadFile(filepath.Join(root, name, "digests.txt"))
			if err != nil {
				t.Fatal(err)
			}
			got := run(t, command, "digest", folder)
			if diff := cmp.Diff(strings.Split(string(want), "\n"), strings.Split(got, "\n")); diff != "" {
				t.Errorf("digests (-torch +godcp):\n%s", diff)
			}
			run(t, command, "verify", folder)
			if strings.HasPrefix(name, "r4-") {
				testReshard(t, folder, parseDigests(t, string(want)))
			}
		})
	}
}

// pythonWithTorch is the Python to test with. No Python is no pass: it is a
// skip that can be read, and a failure where torch was promised.
func pythonWithTorch(t *testing.T) string {
	t.Helper()
	python := os.Getenv("GODCP_PYTHON")
	if python != "" {
		return python
	}
	if slices.Contains(strings.Split(os.Getenv("GODCP_REQUIRE"), ","), "torch") {
		t.Fatal("GODCP_REQUIRE has torch, but GODCP_PYTHON names no Python that has it")
	}
	t.Skip("NOT TESTED against torch: set GODCP_PYTHON to a Python that has it, see interop/venv.sh")
	return ""
}

// buildCommand builds cmd/dcp, so that what is tested is what users run.
func buildCommand(t *testing.T) string {
	t.Helper()
	path := filepath.Join(t.TempDir(), "dcp")
	run(t, "go", "build", "-o", path, "../cmd/dcp")
	return path
}

// makeCheckpoints lets torch write checkpoints into a new folder.
func makeCheckpoints(t *testing.T, python string) string {
	t.Helper()
	seed := os.Getenv("GODCP_SEED")
	if seed == "" {
		seed = strconv.FormatInt(time.Now().UnixNano()%1_000_000, 10)
	}
	t.Logf("GODCP_SEED=%s repeats this run", seed)
	root := filepath.Join(t.TempDir(), "checkpoints")
	t.Logf("make.py: %s", run(t, python, "-B", filepath.Join("torch", "make.py"), root, seed))
	return root
}

// checkpoints lists what make.py wrote, by name.
func checkpoints(t *testing.T, root string) []string {
	t.Helper()
	entries, err := os.ReadDir(root)
	if err != nil {
		t.Fatal(err)
	}
	var names []string
	for _, e := range entries {
		if e.IsDir() {
			names = append(names, e.Name())
		}
	}
	return names
}

// run runs a command that must succeed and returns what it printed.
func run(t *testing.T, name string, args ...string) string {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), 8*time.Minute)
	defer cancel()
	cmd := exec.CommandContext(ctx, name, args...)
	var out, errs bytes.Buffer
	cmd.Stdout, cmd.Stderr = &out, &errs
	if err := cmd.Run(); err != nil {
		t.Fatalf("%s %q: %v\n%s\n%s", filepath.Base(name), args, err, tail(out.String()), tail(errs.String()))
	}
	return out.String()
}

// tail is the end of an output, where the reason is.
func tail(s string) string {
	const most = 4000
	if len(s) > most {
		return "…" + s[len(s)-most:]
	}
	return s
}

// parseDigests maps fqns to hex digests.
func parseDigests(t *testing.T, text string) map[string]string {
	t.Helper()
	sums := map[string]string{}
	for line := range strings.Lines(text) {
		sum, fqn, ok := strings.Cut(strings.TrimSuffix(line, "\n"), "  ")
		if !ok || strings.HasPrefix(sum, `\`) {
			t.Fatal(fmt.Errorf("no plain digest line: %q", line))
		}
		sums[fqn] = sum
	}
	return sums
}
