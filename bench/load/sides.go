package main

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"strings"
	"time"

	_ "embed"

	"golang.org/x/sync/errgroup"

	"github.com/godcp/godcp/dcp"
	"github.com/godcp/godcp/tensor"
)

// godcp loads into a template whose memory was touched.
func godcp(ctx context.Context, w workload) func() (time.Duration, error) {
	var state map[string]any
	return func() (time.Duration, error) {
		if state == nil {
			state = map[string]any{}
			for i := range w.n {
				data := make([]float32, w.rows*w.cols)
				for k := range data {
					data[k] = -1
				}
				t, err := tensor.FromSlice(data, int64(w.rows), int64(w.cols))
				if err != nil {
					return 0, err
				}
				state[fmt.Sprintf("layer.%05d.w", i)] = t
			}
		}
		start := time.Now()
		_, err := dcp.Load(ctx, w.dir, state, dcp.LoadOptions{})
		return time.Since(start), err
	}
}

// pread reads the data files into touched memory, one goroutine per CPU: what
// the page cache or the disk gives without any format.
func pread(w workload) func() (time.Duration, error) {
	const part = 4 << 20
	var mem []byte
	return func() (time.Duration, error) {
		names, err := filepath.Glob(filepath.Join(w.dir, "*.distcp"))
		if err != nil || len(names) != 1 {
			return 0, errors.Join(err, fmt.Errorf("%d data files, want 1", len(names)))
		}
		f, err := os.Open(names[0])
		if err != nil {
			return 0, err
		}
		defer f.Close()
		info, err := f.Stat()
		if err != nil {
			return 0, err
		}
		if mem == nil {
			mem = make([]byte, info.Size())
			for i := 0; i < len(mem); i += 4096 {
				mem[i] = 1
			}
		}
		start := time.Now()
		var g errgroup.Group
		g.SetLimit(runtime.GOMAXPROCS(0))
		for off := 0; off < len(mem); off += part {
			g.Go(func() error {
				_, err := f.ReadAt(mem[off:min(off+part, len(mem))], int64(off))
				return err
			})
		}
		err = g.Wait()
		return time.Since(start), err
	}
}

// fio reads the data file with O_DIRECT: the ceiling of the disk.
func fio(w workload) func() (time.Duration, error) {
	return func() (time.Duration, error) {
		names, err := filepath.Glob(filepath.Join(w.dir, "*.distcp"))
		if err != nil || len(names) != 1 {
			return 0, errors.Join(err, fmt.Errorf("%d data files, want 1", len(names)))
		}
		cmd := exec.Command("fio", "--name=read", "--rw=read", "--readonly", "--direct=1", "--bs=4M", "--iodepth=8",
			"--ioengine=libaio", "--filename="+names[0], fmt.Sprint("--size=", w.bytes()), "--minimal")
		out, err := cmd.Output()
		if err != nil {
			return 0, fmt.Errorf("fio: %w", err)
		}
		fields := strings.Split(string(out), ";")
		if len(fields) < 9 {
			return 0, fmt.Errorf("fio printed %q", out)
		}
		return time.ParseDuration(fields[8] + "ms") // run time of the reads
	}
}

func dropCaches() error {
	if err := exec.Command("sync").Run(); err != nil {
		return err
	}
	return os.WriteFile("/proc/sys/vm/drop_caches", []byte("3"), 0)
}

//go:embed torch.py
var torchScript string

// torch is a Python process that loads on command.
type torch struct {
	version string
	cmd     *exec.Cmd
	in      io.WriteCloser
	out     *bufio.Reader
}

func startTorch(python string) (*torch, error) {
	if python == "" {
		return nil, errors.New("GODCP_PYTHON must name a Python that has torch")
	}
	t := &torch{cmd: exec.Command(python, "-c", torchScript)}
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
	t.version = strings.TrimSpace(strings.TrimPrefix(line, "ready "))
	return t, err
}

func (t *torch) do(verb string, w workload) (time.Duration, error) {
	if _, err := fmt.Fprintf(t.in, "%s\t%s\t%d\t%d\t%d\n", verb, w.dir, w.n, w.rows, w.cols); err != nil {
		return 0, err
	}
	line, err := t.out.ReadString('\n')
	if err != nil {
		return 0, fmt.Errorf("torch stopped: %w", err)
	}
	return time.ParseDuration(strings.TrimSpace(line) + "s")
}

func (t *torch) stop() {
	t.in.Close()
	t.cmd.Wait() //nolint:errcheck // it only waits for input
}
