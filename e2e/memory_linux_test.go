package e2e

import (
	"fmt"
	"os"
	"os/exec"
	"slices"
	"strconv"
	"strings"
	"testing"

	"github.com/godcp/godcp/e2e/servers"
)

// TestS3Memory saves tensors that are made when they are asked for, and loads
// them, each in a process of its own that has no memory limit: beyond the state
// it takes less than 400 MiB. GODCP_GIB is how large the checkpoint is, 1 if
// nobody says.
func TestS3Memory(t *testing.T) {
	const beyond = 400 << 20
	n := (1 << 30) / syntheticBytes
	if text := os.Getenv("GODCP_GIB"); text != "" {
		gib, err := strconv.Atoi(text)
		must(t, err)
		n *= gib
	}
	s := servers.VersityGW(t)
	s.Environment(t)
	url := s.URL("large", "&conditional=on")
	for _, c := range []struct {
		verb  string
		state int64 // bytes that the process has itself
	}{{"save", 0}, {"load", int64(n) * syntheticBytes}} {
		peak := peakOf(t, fmt.Sprintf("%s %d %s", c.verb, n, url))
		t.Logf("%s of %d MiB: %d MiB beyond the state", c.verb, n*syntheticBytes>>20, (peak-c.state)>>20)
		if peak-c.state > beyond {
			t.Errorf("%s took %d MiB beyond the state, limit %d", c.verb, (peak-c.state)>>20, beyond>>20)
		}
	}
}

// peakOf is the most memory, in bytes, that a process with this command had.
func peakOf(t *testing.T, command string) int64 {
	t.Helper()
	self, err := os.Executable()
	must(t, err)
	cmd := exec.CommandContext(t.Context(), self)
	cmd.Env = slices.DeleteFunc(os.Environ(), func(v string) bool {
		return strings.HasPrefix(v, "GOMEMLIMIT=") || strings.HasPrefix(v, "GOGC=")
	})
	cmd.Env = append(cmd.Env, childVariable+"="+command)
	var errs strings.Builder
	cmd.Stderr = &errs
	out, err := cmd.Output()
	if err != nil {
		t.Fatalf("%s: %v\n%s", command, err, errs.String())
	}
	kib, err := strconv.ParseInt(strings.TrimSpace(string(out)), 10, 64)
	must(t, err)
	return kib << 10
}
