package main

import (
	"context"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"time"

	"golang.org/x/sync/errgroup"

	"github.com/godcp/godcp/bench/internal/compare"
	"github.com/godcp/godcp/dcp"
	"github.com/godcp/godcp/tensor"
)

// godcp loads into a template whose memory was touched.
func godcp(ctx context.Context, w compare.Workload) func() (time.Duration, error) {
	var state map[string]any
	return func() (time.Duration, error) {
		if state == nil {
			state = map[string]any{}
			for i := range w.N {
				data := make([]float32, w.Rows*w.Cols)
				for k := range data {
					data[k] = -1
				}
				t, err := tensor.FromSlice(data, int64(w.Rows), int64(w.Cols))
				if err != nil {
					return 0, err
				}
				state[w.Name(i)] = t
			}
		}
		start := time.Now()
		_, err := dcp.Load(ctx, w.Dir, state, dcp.LoadOptions{})
		return time.Since(start), err
	}
}

// pread reads the data files into touched memory, one goroutine per CPU: what
// the page cache or the disk gives without any format.
func pread(w compare.Workload) func() (time.Duration, error) {
	const part = 4 << 20
	var mem []byte
	return func() (time.Duration, error) {
		names, err := filepath.Glob(filepath.Join(w.Dir, "*.distcp"))
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
func fio(w compare.Workload) func() (time.Duration, error) {
	return func() (time.Duration, error) {
		names, err := filepath.Glob(filepath.Join(w.Dir, "*.distcp"))
		if err != nil || len(names) != 1 {
			return 0, errors.Join(err, fmt.Errorf("%d data files, want 1", len(names)))
		}
		return compare.Fio(compare.FioReads, "--rw=read", "--readonly", "--iodepth=8",
			"--filename="+names[0], fmt.Sprint("--size=", w.Bytes()))
	}
}

func dropCaches() error {
	if err := exec.Command("sync").Run(); err != nil {
		return err
	}
	return os.WriteFile("/proc/sys/vm/drop_caches", []byte("3"), 0)
}
