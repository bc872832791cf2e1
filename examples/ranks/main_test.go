package main

import (
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"testing"

	"github.com/rogpeppe/go-internal/testscript"
)

func TestMain(m *testing.M) { testscript.Main(m, map[string]func(){"ranks": main}) }

func TestScripts(t *testing.T) {
	testscript.Run(t, testscript.Params{
		Dir:                 "testdata",
		RequireExplicitExec: true,
		Setup: func(env *testscript.Env) error {
			env.Setenv("GORACE", "atexit_sleep_ms=0")
			return nil
		},
	})
}

// TestTorchrun starts the ranks as PyTorch's users start theirs. Its torch is
// that of GODCP_PYTHON; GODCP_REQUIRE with "torch" in it demands one.
func TestTorchrun(t *testing.T) {
	python := os.Getenv("GODCP_PYTHON")
	if python == "" {
		if slices.Contains(strings.Split(os.Getenv("GODCP_REQUIRE"), ","), "torch") {
			t.Fatal("torch is required, and GODCP_PYTHON is not set")
		}
		t.Skip("GODCP_PYTHON is not set: no torchrun")
	}
	dir := t.TempDir()
	bin := filepath.Join(dir, "ranks")
	if out, err := exec.Command("go", "build", "-o", bin, ".").CombinedOutput(); err != nil {
		t.Fatalf("%v: %s", err, out)
	}
	cmd := exec.Command(python, "-m", "torch.distributed.run", "--nproc-per-node", "4", "--no-python",
		"--master-addr", "127.0.0.1", "--master-port", strconv.Itoa(freePair(t)), bin, filepath.Join(dir, "ck"))
	cmd.Env = append(os.Environ(), "GODCP_JOB_TOKEN=a token of this test")
	out, err := cmd.CombinedOutput()
	if err != nil {
		t.Fatalf("%v: %s", err, out)
	}
	if n := strings.Count(string(out), "saved step 1 with 6 rows"); n != 4 {
		t.Errorf("%d ranks have saved: %s", n, out)
	}
	if n := strings.Count(string(out), "loaded step 1"); n != 4 {
		t.Errorf("%d ranks have loaded: %s", n, out)
	}
}

// freePair is a port with a neighbour on which nobody listens either: torchrun
// takes the first one, the ranks take the other.
func freePair(t *testing.T) int {
	t.Helper()
	for range 100 {
		port, err := freePort(t.Context())
		if err != nil {
			t.Fatal(err)
		}
		if l, err := net.Listen("tcp", net.JoinHostPort("127.0.0.1", strconv.Itoa(port+1))); err == nil {
			l.Close()
			return port
		}
	}
	t.Fatal("no two ports are free")
	return 0
}
