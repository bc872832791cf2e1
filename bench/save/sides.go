package main

import (
	"context"
	"fmt"
	"os"
	"time"

	"github.com/godcp/godcp/bench/internal/compare"
	"github.com/godcp/godcp/dcp"
	"github.com/godcp/godcp/tensor"
)

// bench is one state, in this process and in torch's.
type bench struct {
	ctx   context.Context
	py    *compare.Torch
	w     compare.Workload
	state map[string]any
	datas [][]byte // of the tensors in state
}

func newBench(ctx context.Context, py *compare.Torch, w compare.Workload) (*bench, error) {
	b := &bench{ctx: ctx, py: py, w: w, state: map[string]any{}}
	for i := range w.N {
		data := make([]float32, w.Rows*w.Cols)
		for k := range data {
			data[k] = float32(i + k)
		}
		t, err := tensor.FromSlice(data, int64(w.Rows), int64(w.Cols))
		if err != nil {
			return nil, err
		}
		mem, _ := t.Bytes() // dense, as it was just made
		b.state[w.Name(i)], b.datas = t, append(b.datas, mem)
	}
	_, err := py.Do("make", w.Dir, w)
	return b, err
}

func (b *bench) godcp(o dcp.WriterOptions) func() (time.Duration, error) {
	return func() (time.Duration, error) {
		folder, err := rest(b.w)
		if err != nil {
			return 0, err
		}
		start := time.Now()
		_, err = dcp.Save(b.ctx, folder, b.state, dcp.SaveOptions{WriterOptions: o})
		return time.Since(start), err
	}
}

func (b *bench) torch(threads int, sync bool) func() (time.Duration, error) {
	return func() (time.Duration, error) {
		folder, err := rest(b.w)
		if err != nil {
			return 0, err
		}
		return b.py.Do("save", folder, b.w, threads, sync)
	}
}

// fio writes one file with O_DIRECT, 4 blocks in flight, and one fsync: the
// ceiling of the disk. Its time does not hold the making of the file.
func (b *bench) fio() (time.Duration, error) {
	name, err := rest(b.w)
	if err != nil {
		return 0, err
	}
	return compare.Fio(compare.FioWrites, "--rw=write", "--iodepth=4", "--end_fsync=1",
		"--filename="+name, fmt.Sprint("--size=", b.w.Bytes()))
}

// buffered writes one file through the page cache, a write for each tensor, and
// syncs it: what a plain program does.
func (b *bench) buffered() (time.Duration, error) {
	name, err := rest(b.w)
	if err != nil {
		return 0, err
	}
	start := time.Now()
	f, err := os.Create(name)
	if err != nil {
		return 0, err
	}
	defer f.Close()
	for _, mem := range b.datas {
		if _, err := f.Write(mem); err != nil {
			return 0, err
		}
	}
	err = f.Sync()
	return time.Since(start), err
}
