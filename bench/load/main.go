// Load measures how fast godcp loads a checkpoint that torch wrote, beside
// torch itself, plain pread and fio, on the same files in the same run.
//
//	GODCP_PYTHON=~/venv/bin/python go run ./bench/load [-dir DIR] [-gib 2]
//
// Each side runs in turn, A B C A B C, and the medians of all rounds are
// printed with their ratios. Destinations are in memory that was touched
// before, on every side. Cold runs drop the page cache first, which needs root.
package main

import (
	"context"
	"flag"
	"fmt"
	"os"
	"path/filepath"
	"time"

	_ "embed"

	_ "github.com/godcp/godcp/backends/local"
	"github.com/godcp/godcp/bench/internal/compare"
)

//go:embed torch.py
var torchScript string

func main() {
	dir := flag.String("dir", "", "folder for the checkpoints (default: a temporary one)")
	gib := flag.Int("gib", 2, "size of the large checkpoint, GiB")
	rounds := flag.Int("rounds", 5, "rounds; medians are printed")
	flag.Parse()
	if err := run(*dir, *gib, *rounds); err != nil {
		fmt.Fprintln(os.Stderr, "load:", err)
		os.Exit(1)
	}
}

func run(dir string, gib, rounds int) error {
	if dir == "" {
		tmp, err := os.MkdirTemp("", "godcp-bench")
		if err != nil {
			return err
		}
		defer os.RemoveAll(tmp)
		dir = tmp
	}
	py, err := compare.StartTorch(torchScript)
	if err != nil {
		return err
	}
	defer py.Stop()
	fmt.Println("torch", py.Version)

	large := compare.Workload{Dir: filepath.Join(dir, "large"), N: gib * 32, Rows: 4096, Cols: 2048} // 32 MiB a tensor
	small := compare.Workload{Dir: filepath.Join(dir, "small"), N: 20_000, Rows: 16, Cols: 16}       // 1 KiB a tensor
	for _, w := range []compare.Workload{large, small} {
		if _, err := py.Do("write", w.Dir, w); err != nil {
			return err
		}
	}
	ctx := context.Background()
	torch := func(w compare.Workload) func() (time.Duration, error) {
		return func() (time.Duration, error) { return py.Do("load", w.Dir, w) }
	}
	sides := []compare.Side{
		{Name: "godcp", Run: godcp(ctx, large)},
		{Name: "torch", Run: torch(large)},
		{Name: "pread", Run: pread(large)},
	}
	if err := compare.Sides("large, warm", large, rounds, sides); err != nil {
		return err
	}
	if err := dropCaches(); err != nil {
		fmt.Println("large, cold: skipped, the page cache cannot be dropped:", err)
	} else {
		sides = append(sides, compare.Side{Name: "fio", Run: fio(large)})
		if err := compare.Sides("large, cold", large, rounds, cold(sides)); err != nil {
			return err
		}
	}
	return compare.Sides("small, warm", small, rounds, []compare.Side{
		{Name: "godcp", Run: godcp(ctx, small)},
		{Name: "torch", Run: torch(small)},
	})
}

// cold drops the page cache before each run.
func cold(sides []compare.Side) []compare.Side {
	out := make([]compare.Side, len(sides))
	for i, s := range sides {
		out[i] = compare.Side{Name: s.Name, Run: func() (time.Duration, error) {
			if err := dropCaches(); err != nil {
				return 0, err
			}
			return s.Run()
		}}
	}
	return out
}
