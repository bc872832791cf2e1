// Save measures how fast godcp saves to a local disk, beside torch itself, fio
// and plain writes, in the same run.
//
//	GODCP_PYTHON=~/venv/bin/python go run ./bench/save [-dir DIR] [-gib 2]
//
// Each side runs in turn, A B C A B C, and the medians of all rounds are
// printed with their ratios. The state lies in memory that was touched before,
// on every side, and each save gets a folder that does not exist yet. Before
// it the last one is removed and the disk comes to rest, neither of which
// counts.
package main

import (
	"context"
	"flag"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"time"

	_ "embed"

	_ "github.com/godcp/godcp/backends/local"
	"github.com/godcp/godcp/bench/internal/compare"
	"github.com/godcp/godcp/dcp"
)

//go:embed torch.py
var torchScript string

func main() {
	dir := flag.String("dir", "", "folder to save in (default: a temporary one)")
	gib := flag.Int("gib", 2, "size of the large state, GiB")
	rounds := flag.Int("rounds", 5, "rounds; medians are printed")
	flag.Parse()
	if err := run(context.Background(), *dir, *gib, *rounds); err != nil {
		fmt.Fprintln(os.Stderr, "save:", err)
		os.Exit(1)
	}
}

func run(ctx context.Context, dir string, gib, rounds int) error {
	dir, err := os.MkdirTemp(dir, "godcp-bench")
	if err != nil {
		return err
	}
	defer os.RemoveAll(dir)
	py, err := compare.StartTorch(torchScript)
	if err != nil {
		return err
	}
	defer py.Stop()
	fmt.Println("torch", py.Version)

	// The small state goes first: 2 GiB of garbage would disturb its saves.
	w := compare.Workload{Dir: dir, N: 20_000, Rows: 16, Cols: 16} // 1 KiB a tensor
	b, err := newBench(ctx, py, w)
	if err != nil {
		return err
	}
	err = compare.Sides("small", w, rounds, []compare.Side{
		{Name: "godcp", Run: b.godcp(dcp.WriterOptions{})},
		{Name: "torch", Run: b.torch(1, true)},
	})
	if err != nil {
		return err
	}

	w = compare.Workload{Dir: dir, N: gib * 32, Rows: 4096, Cols: 2048} // 32 MiB a tensor
	if b, err = newBench(ctx, py, w); err != nil {
		return err
	}
	err = compare.Sides("large", w, rounds, []compare.Side{
		{Name: "godcp", Run: b.godcp(dcp.WriterOptions{})},
		{Name: "torch", Run: b.torch(1, true)},
		{Name: "fio, direct", Run: b.fio},
		{Name: "write and fsync", Run: b.buffered},
		{Name: "godcp, 2 threads", Run: b.godcp(dcp.WriterOptions{ThreadCount: 2})},
		{Name: "torch, 2 threads", Run: b.torch(2, true)},
	})
	if err != nil {
		return err
	}
	return compare.Sides("large, not synced", w, rounds, []compare.Side{
		{Name: "godcp", Run: b.godcp(dcp.WriterOptions{NoSync: true})},
		{Name: "torch", Run: b.torch(1, false)},
	})
}

// rest makes a name for the next save, and an idle disk for it.
func rest(w compare.Workload) (string, error) {
	name := filepath.Join(w.Dir, "save")
	if err := os.RemoveAll(name); err != nil {
		return "", err
	}
	if err := exec.Command("sync").Run(); err != nil {
		return "", fmt.Errorf("sync: %w", err)
	}
	time.Sleep(100 * time.Millisecond) // the disk is told what is free now
	return name, nil
}
