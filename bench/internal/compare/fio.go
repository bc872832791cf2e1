package compare

import (
	"fmt"
	"os/exec"
	"strings"
	"time"
)

// Where fio's terse format has the run time of the reads and of the writes.
const (
	FioReads  = 8
	FioWrites = 49
)

// Fio runs fio with 4 MiB blocks past the page cache and returns the run time
// in the given field.
func Fio(field int, args ...string) (time.Duration, error) {
	args = append([]string{"--name=bench", "--direct=1", "--bs=4M", "--ioengine=libaio", "--minimal"}, args...)
	out, err := exec.Command("fio", args...).Output()
	if err != nil {
		return 0, fmt.Errorf("fio: %w", err)
	}
	fields := strings.Split(string(out), ";")
	if len(fields) <= field {
		return 0, fmt.Errorf("fio printed %q", out)
	}
	return time.ParseDuration(fields[field] + "ms")
}
