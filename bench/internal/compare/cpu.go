package compare

import (
	"fmt"
	"os"
	"os/exec"
	"strconv"
	"strings"
	"time"
)

// CPU is the processor time of torch's process, on Linux.
func (t *Torch) CPU() (time.Duration, error) { return processCPU(t.cmd.Process.Pid) }

// ticks are what Linux counts processor time in, per second.
const ticks = 100

func processCPU(pid int) (time.Duration, error) {
	stat, err := os.ReadFile(fmt.Sprintf("/proc/%d/stat", pid))
	if err != nil {
		return 0, err
	}
	// The name, in parentheses, may have anything in it; user and system time
	// are the 12th and 13th fields after it.
	fields := strings.Fields(string(stat[strings.LastIndexByte(string(stat), ')')+1:]))
	if len(fields) < 13 {
		return 0, fmt.Errorf("/proc/%d/stat has %d fields", pid, len(fields))
	}
	total := time.Duration(0)
	for _, f := range fields[11:13] {
		n, err := strconv.ParseInt(f, 10, 64)
		if err != nil {
			return 0, err
		}
		total += time.Duration(n) * time.Second / ticks
	}
	return total, nil
}

// Command is a program that is started for each round.
type Command struct{ cpu time.Duration }

// Run runs it once.
func (c *Command) Run(name string, args ...string) (time.Duration, error) {
	cmd := exec.Command(name, args...)
	start := time.Now()
	out, err := cmd.CombinedOutput()
	d := time.Since(start)
	if err != nil {
		return 0, fmt.Errorf("%s: %w\n%s", name, err, out)
	}
	c.cpu += cmd.ProcessState.UserTime() + cmd.ProcessState.SystemTime()
	return d, nil
}

// CPU is the processor time of all runs.
func (c *Command) CPU() (time.Duration, error) { return c.cpu, nil }
