//go:build unix

package cli

import (
	"bufio"
	"context"
	"errors"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/godcp/godcp/ckpterr"
)

// TestFIFO: what is no regular file is refused, not waited for.
func TestFIFO(t *testing.T) {
	for _, name := range []string{dataFile, ".metadata"} {
		dir := newCraft().write(t)
		path := filepath.Join(dir, name)
		if err := os.Remove(path); err != nil {
			t.Fatal(err)
		}
		if err := syscall.Mkfifo(path, 0o666); err != nil {
			t.Fatal(err)
		}
		for _, verb := range []string{"verify", "digest", "inspect"} {
			r := runDCP(t, verb, "--json", dir)
			if name == dataFile && verb == "inspect" {
				if r.status != 0 || !strings.Contains(r.stdout, "cannot be a file") {
					t.Errorf("inspect: %s%s", r.stdout, r.stderr)
				}
				continue
			}
			if class := r.class(t); class != string(ckpterr.UnsafePath) || r.status != 1 {
				t.Errorf("%s as a FIFO, %s: %s, status %d: %s", name, verb, class, r.status, r.stderr)
			}
		}
	}
}

// TestLinksAreHinted: a folder of links is found out, and reads with the hint.
func TestLinksAreHinted(t *testing.T) {
	blobs, err := filepath.Abs(filepath.Join(testdata, "fixtures", "hf_rank0"))
	if err != nil {
		t.Fatal(err)
	}
	files, err := filepath.Glob(filepath.Join(blobs, "*.safetensors*"))
	if err != nil || len(files) == 0 {
		t.Fatal(err, files)
	}
	dir := t.TempDir()
	for _, f := range files {
		if err := os.Symlink(f, filepath.Join(dir, filepath.Base(f))); err != nil {
			t.Fatal(err)
		}
	}
	r := runDCP(t, "ls", dir)
	_, url, ok := strings.Cut(strings.TrimSpace(r.stderr), "give ")
	if !ok || r.status != 1 {
		t.Fatalf("status %d: %s", r.status, r.stderr)
	}
	if r := runDCP(t, "verify", url); r.status != 0 {
		t.Errorf("%s%s", r.stdout, r.stderr)
	}
}

func TestPermissionDenied(t *testing.T) {
	if os.Geteuid() == 0 {
		t.Log("root may read everything: the class is tested in TestClassify")
		return
	}
	dir := newCraft().write(t)
	if err := os.Chmod(filepath.Join(dir, dataFile), 0); err != nil {
		t.Fatal(err)
	}
	if r := runDCP(t, "verify", "--json", dir); r.class(t) != classPermissionDenied || r.status != statusStorage {
		t.Errorf("%s%s", r.stdout, r.stderr)
	}
}

// slow is a checkpoint that takes a while to verify: one file of many zeros,
// stored sparse, that many entries hold.
func slow(t *testing.T) string {
	t.Helper()
	const n = 4 << 30
	c := newCraft().object(nil)
	c.item = nil
	c.storage = kv{{indexOf("w", nil), infoOf("sparse", 0, n)}}
	c.after = func(t *testing.T, dir string) {
		f, err := os.Create(filepath.Join(dir, "sparse"))
		if err != nil {
			t.Fatal(err)
		}
		defer f.Close()
		if err := f.Truncate(n); err != nil {
			t.Fatal(err)
		}
	}
	return c.write(t)
}

// TestInterrupt: a signal ends a run with class Canceled.
func TestInterrupt(t *testing.T) {
	for _, sig := range []os.Signal{os.Interrupt, syscall.SIGTERM} {
		ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
		defer cancel()
		cmd := exec.CommandContext(ctx, "dcp", "digest", "--json", "--progress", "json", slow(t))
		pipe, err := cmd.StderrPipe()
		if err != nil {
			t.Fatal(err)
		}
		if err := cmd.Start(); err != nil {
			t.Fatal(err)
		}
		var last string
		lines := bufio.NewScanner(pipe)
		for first := true; lines.Scan(); first = false {
			if last = lines.Text(); first { // it is at work
				if err := cmd.Process.Signal(sig); err != nil {
					t.Fatal(err)
				}
			}
		}
		var exit *exec.ExitError
		if err := cmd.Wait(); !errors.As(err, &exit) || exit.ExitCode() != statusStorage || !strings.Contains(last, `"class":"Canceled"`) {
			t.Errorf("%v: %v, %q", sig, err, last)
		}
	}
}

// TestClosedPipe: a reader that has seen enough is no error to speak of.
func TestClosedPipe(t *testing.T) {
	cmd := exec.CommandContext(t.Context(), "dcp", "ls", filepath.Join(testdata, "fixtures", "many_small"))
	var stderr strings.Builder
	cmd.Stderr = &stderr
	r, w, err := os.Pipe()
	if err != nil {
		t.Fatal(err)
	}
	cmd.Stdout = w
	r.Close()
	err = cmd.Run()
	w.Close()
	if stderr.Len() > 0 {
		t.Errorf("%v, stderr %q", err, stderr.String())
	}
}
