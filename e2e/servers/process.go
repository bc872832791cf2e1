// Package servers installs real storage servers and runs them on 127.0.0.1 for
// the time of a test.
package servers

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"
)

// Need ends a test whose server cannot be had: it skips, or fails if
// GODCP_REQUIRE has the name.
func Need(t testing.TB, name string, err error) {
	t.Helper()
	if err == nil {
		return
	}
	if slices.Contains(strings.Split(os.Getenv("GODCP_REQUIRE"), ","), name) {
		t.Fatalf("%s is required: %v", name, err)
	}
	t.Skipf("NOT TESTED, no %s: %v", name, err)
}

// Tool is a program that go install makes.
type Tool struct{ Name, Package, Version string }

// Path returns where the program is, and makes it if it is not there yet, which
// takes minutes. Programs are kept in GODCP_CACHE, as .ci/run keeps its tools.
func (tool Tool) Path(ctx context.Context) (string, error) {
	cache := os.Getenv("GODCP_CACHE")
	if cache == "" {
		user, err := os.UserCacheDir()
		if err != nil {
			return "", err
		}
		cache = filepath.Join(user, "godcp")
	}
	path := filepath.Join(cache, "bin", tool.Name+"-"+tool.Version)
	if _, err := os.Stat(path); err == nil {
		return path, nil
	}
	if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
		return "", err
	}
	bin, err := os.MkdirTemp(filepath.Dir(path), "install-")
	if err != nil {
		return "", err
	}
	defer os.RemoveAll(bin)
	cmd := exec.CommandContext(ctx, "go", "install", tool.Package+"@"+tool.Version)
	cmd.Env = append(os.Environ(), "GOBIN="+bin, "CGO_ENABLED=0", "GOFLAGS=")
	if out, err := cmd.CombinedOutput(); err != nil {
		return "", fmt.Errorf("go install %s@%s: %w\n%s", tool.Package, tool.Version, err, out)
	}
	return path, os.Rename(filepath.Join(bin, tool.Name), path)
}

// startTime is how long a server may take until it answers.
const startTime = 30 * time.Second

// Start runs cmd until the test ends, and returns when ready is nil. What the
// server printed is logged if the test fails.
func Start(t testing.TB, cmd *exec.Cmd, ready func(context.Context) error) error {
	t.Helper()
	var out output
	cmd.Stdout, cmd.Stderr = &out, &out
	if err := cmd.Start(); err != nil {
		return err
	}
	exited := make(chan struct{})
	go func() {
		defer close(exited)
		_ = cmd.Wait() // ProcessState has it
	}()
	t.Cleanup(func() {
		stop(cmd, exited)
		if t.Failed() {
			t.Logf("%s printed:\n%s", filepath.Base(cmd.Path), out.String())
		}
	})
	ctx, cancel := context.WithTimeout(t.Context(), startTime)
	defer cancel()
	for {
		err := ready(ctx)
		if err == nil {
			return nil
		}
		select {
		case <-exited:
			return fmt.Errorf("%s ended at once: %v\n%s", filepath.Base(cmd.Path), cmd.ProcessState, out.String())
		case <-ctx.Done():
			return fmt.Errorf("%s does not answer after %v: %w\n%s", filepath.Base(cmd.Path), startTime, err, out.String())
		case <-time.After(20 * time.Millisecond):
		}
	}
}

// stop ends a server, gently first, and waits for its end.
func stop(cmd *exec.Cmd, exited <-chan struct{}) {
	if err := cmd.Process.Signal(os.Interrupt); err != nil && !errors.Is(err, os.ErrProcessDone) {
		_ = cmd.Process.Kill() // no signals here
	}
	select {
	case <-exited:
	case <-time.After(5 * time.Second):
		_ = cmd.Process.Kill()
		<-exited
	}
}

// output is what a server printed.
type output struct {
	mu  sync.Mutex
	buf bytes.Buffer
}

func (o *output) Write(p []byte) (int, error) {
	o.mu.Lock()
	defer o.mu.Unlock()
	return o.buf.Write(p)
}

func (o *output) String() string {
	o.mu.Lock()
	defer o.mu.Unlock()
	return o.buf.String()
}

// Address returns an address of this machine that nobody listens at.
func Address() (string, error) {
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		return "", err
	}
	return l.Addr().String(), l.Close()
}
