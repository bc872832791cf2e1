//go:build linux

package dcp_test

import (
	"bufio"
	"context"
	"fmt"
	"math/rand/v2"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/godcp/godcp/backends/local"
	"github.com/godcp/godcp/dcp"
)

// The environment of a process that saves until it is killed, and how often
// that is done when not 200 times.
const (
	saverEnv  = "GODCP_TEST_SAVER"
	roundsEnv = "GODCP_TEST_KILLS"
)

func init() {
	if dir := os.Getenv(saverEnv); dir != "" {
		fmt.Fprintln(os.Stderr, saveForever(dir))
		os.Exit(1)
	}
}

// saveForever says which step is in dir, 0 for none, then saves the next ones,
// from two ranks with two files each, and says so when a save has returned.
func saveForever(dir string) error {
	fsys, err := local.New(dir)
	if err != nil {
		return err
	}
	step := int64(0)
	if there, err := wholeStep(context.Background(), fsys); err == nil {
		step = there
	}
	fmt.Println(step)
	for {
		step++
		o := dcp.WriterOptions{Overwrite: true, ThreadCount: 2}
		if err := saveJob(context.Background(), fsys, step, 2, dcp.SaveOptions{WriterOptions: o}); err != nil {
			return err
		}
		fmt.Println(step)
	}
}

// TestKilledSaver kills a process that saves, at random moments, in a folder
// that others were killed in before, or a fresh one: afterwards the checkpoint
// is whole, and not older than the last save that returned.
func TestKilledSaver(t *testing.T) {
	rounds := 200
	if s := os.Getenv(roundsEnv); s != "" {
		var err error
		if rounds, err = strconv.Atoi(s); err != nil {
			t.Fatal(err)
		}
	}
	root := t.TempDir()
	for round := range rounds {
		dir := filepath.Join(root, "used")
		if round%4 == 0 {
			dir = filepath.Join(root, strconv.Itoa(round))
		}
		last := killSaver(t, dir, time.Duration(rand.IntN(25_000))*time.Microsecond)
		step, err := wholeStep(t.Context(), openLocal(t, dir))
		if absent := last == 0 && isAbsent(err); err != nil && !absent {
			t.Fatalf("round %d, after step %d: %v", round, last, err)
		}
		if step < last || step > last+1 {
			t.Fatalf("round %d: step %d is there, the last one that was saved is %d", round, step, last)
		}
	}
}

// killSaver lets a process save and kills it some time after it has begun. It
// returns the last step that it knows to be there.
func killSaver(t *testing.T, dir string, after time.Duration) (last int64) {
	t.Helper()
	cmd := exec.Command(os.Args[0])
	cmd.Env = append(os.Environ(), saverEnv+"="+dir)
	var stderr strings.Builder
	cmd.Stderr = &stderr
	out, err := cmd.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	var kill *time.Timer
	lines := bufio.NewScanner(out)
	for lines.Scan() {
		if kill == nil {
			kill = time.AfterFunc(after, func() { cmd.Process.Kill() }) //nolint:errcheck // Wait tells
		}
		if last, err = strconv.ParseInt(lines.Text(), 10, 64); err != nil {
			t.Errorf("the saver says %q", lines.Text())
		}
	}
	cmd.Wait() //nolint:errcheck // it was killed
	if kill == nil || stderr.Len() > 0 {
		t.Fatalf("the saver ended by itself: %s", stderr.String())
	}
	return last
}
