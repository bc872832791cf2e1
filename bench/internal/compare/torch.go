package compare

import (
	"bufio"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"strings"
	"time"
)

// Torch is a Python process that works on command.
type Torch struct {
	Version string
	cmd     *exec.Cmd
	in      io.WriteCloser
	out     *bufio.Reader
}

// StartTorch starts the Python that GODCP_PYTHON names on a script. That says
// "ready" and its version, then answers every line, a verb and its arguments
// between tabs, with seconds.
func StartTorch(script string) (*Torch, error) {
	python := os.Getenv("GODCP_PYTHON")
	if python == "" {
		return nil, errors.New("GODCP_PYTHON must name a Python that has torch")
	}
	t := &Torch{cmd: exec.Command(python, "-c", script)}
	t.cmd.Stderr = os.Stderr
	var err error
	if t.in, err = t.cmd.StdinPipe(); err != nil {
		return nil, err
	}
	out, err := t.cmd.StdoutPipe()
	if err != nil {
		return nil, err
	}
	t.out = bufio.NewReader(out)
	if err := t.cmd.Start(); err != nil {
		return nil, err
	}
	line, err := t.out.ReadString('\n')
	if err != nil {
		t.Stop()
		return nil, fmt.Errorf("torch did not start: %w", err)
	}
	t.Version = strings.TrimSpace(strings.TrimPrefix(line, "ready "))
	return t, nil
}

// Do gives a command for a workload in a folder and returns the time that torch
// took for it.
func (t *Torch) Do(verb, folder string, w Workload, args ...any) (time.Duration, error) {
	line := fmt.Sprintf("%s\t%s\t%d\t%d\t%d", verb, folder, w.N, w.Rows, w.Cols)
	for _, a := range args {
		line += fmt.Sprintf("\t%v", a)
	}
	if _, err := fmt.Fprintln(t.in, line); err != nil {
		return 0, err
	}
	answer, err := t.out.ReadString('\n')
	if err != nil {
		return 0, fmt.Errorf("torch stopped: %w", err)
	}
	return time.ParseDuration(strings.TrimSpace(answer) + "s")
}

// Stop ends the process.
func (t *Torch) Stop() {
	t.in.Close()
	t.cmd.Wait() //nolint:errcheck // it only waits for input
}
