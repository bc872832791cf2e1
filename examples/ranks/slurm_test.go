//go:build unix

package main

import (
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"sync"
	"testing"
)

// TestSlurmWrapper starts the ranks through the wrapper that docs/ranks.md has,
// with what Slurm sets, and a scontrol that knows this machine only.
func TestSlurmWrapper(t *testing.T) {
	page, err := os.ReadFile(filepath.Join("..", "..", "docs", "ranks.md"))
	if err != nil {
		t.Fatal(err)
	}
	_, block, found := strings.Cut(string(page), "```sh ranks.sh\n")
	script, _, closed := strings.Cut(block, "```")
	if !found || !closed {
		t.Fatal("docs/ranks.md has no ranks.sh")
	}
	dir := t.TempDir()
	for name, text := range map[string]string{
		"ranks.sh": script,
		"scontrol": "#!/bin/sh\n[ \"$*\" = 'show hostnames here' ] && echo 127.0.0.1 && echo elsewhere\n",
	} {
		if err := os.WriteFile(filepath.Join(dir, name), []byte(text), 0o700); err != nil {
			t.Fatal(err)
		}
	}
	const n = 3
	id := freeJobID(t)
	out := make([]string, n)
	var ranks sync.WaitGroup
	for rank := range n {
		cmd := exec.Command(filepath.Join(dir, "ranks.sh"), "ranks", filepath.Join(dir, "ck"))
		cmd.Env = append(
			os.Environ(), "PATH="+dir+string(os.PathListSeparator)+os.Getenv("PATH"), "GODCP_JOB_TOKEN=a token of this test",
			"SLURM_JOB_NODELIST=here", "SLURM_NTASKS="+strconv.Itoa(n), "SLURM_PROCID="+strconv.Itoa(rank),
			"SLURM_JOB_ID="+strconv.Itoa(id), "GORACE=atexit_sleep_ms=0",
		)
		ranks.Go(func() {
			b, err := cmd.CombinedOutput()
			if out[rank] = string(b); err != nil {
				t.Errorf("rank %d: %v: %s", rank, err, b)
			}
		})
	}
	ranks.Wait()
	for rank, text := range out {
		if want := "rank " + strconv.Itoa(rank) + " of 3 loaded step 1"; !strings.Contains(text, want) {
			t.Errorf("rank %d: %q", rank, text)
		}
	}
}

// freeJobID is one whose port nobody listens on.
func freeJobID(t *testing.T) int {
	t.Helper()
	for id := range 10000 {
		if l, err := net.Listen("tcp", net.JoinHostPort("127.0.0.1", strconv.Itoa(20000+id))); err == nil {
			l.Close()
			return 70000 + id
		}
	}
	t.Fatal("no port is free")
	return 0
}
