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
	"slices"
	"time"

	_ "github.com/godcp/godcp/backends/local"
)

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
	py, err := startTorch(os.Getenv("GODCP_PYTHON"))
	if err != nil {
		return err
	}
	defer py.stop()
	fmt.Println("torch", py.version)

	large := workload{"large", filepath.Join(dir, "large"), gib * 32, 4096, 2048} // 32 MiB a tensor
	small := workload{"small", filepath.Join(dir, "small"), 20_000, 16, 16}       // 1 KiB a tensor
	for _, w := range []workload{large, small} {
		if _, err := py.do("write", w); err != nil {
			return err
		}
	}
	ctx := context.Background()
	for _, cold := range []bool{false, true} {
		sides := []side{
			{"godcp", godcp(ctx, large)},
			{"torch", func() (time.Duration, error) { return py.do("load", large) }},
			{"pread", pread(large)},
		}
		if cold {
			sides = append(sides, side{"fio", fio(large)})
		}
		if err := compare(large, sides, rounds, cold); err != nil {
			return err
		}
	}
	return compare(small, []side{
		{"godcp", godcp(ctx, small)},
		{"torch", func() (time.Duration, error) { return py.do("load", small) }},
	}, rounds, false)
}

// workload is one checkpoint of n float32 tensors.
type workload struct {
	name       string
	dir        string
	n          int
	rows, cols int
}

func (w workload) bytes() int64 { return int64(w.n) * int64(w.rows) * int64(w.cols) * 4 }

// side is one program that loads a workload and says how long that took.
type side struct {
	name string
	run  func() (time.Duration, error)
}

// compare runs the sides in turn and prints medians and ratios to the first.
func compare(w workload, sides []side, rounds int, cold bool) error {
	times := make([][]time.Duration, len(sides))
	for round := range rounds + 1 {
		for i, s := range sides {
			if cold {
				if err := dropCaches(); err != nil {
					fmt.Printf("%s cold: skipped, the page cache cannot be dropped: %v\n", w.name, err)
					return nil
				}
			}
			d, err := s.run()
			if err != nil {
				return fmt.Errorf("%s: %w", s.name, err)
			}
			if round > 0 { // the first warms up
				times[i] = append(times[i], d)
			}
		}
	}
	temperature := "warm"
	if cold {
		temperature = "cold"
	}
	fmt.Printf("\n%s, %s: %d tensors of %d KiB, medians of %d\n", w.name, temperature, w.n, w.rows*w.cols*4>>10, rounds)
	first := median(times[0])
	for i, s := range sides {
		m := median(times[i])
		fmt.Printf("  %-6s %7.3f s (%.3f … %.3f)  %6.2f GiB/s  %5.2f × the time of %s\n", s.name, m.Seconds(),
			slices.Min(times[i]).Seconds(), slices.Max(times[i]).Seconds(),
			float64(w.bytes())/(1<<30)/m.Seconds(), m.Seconds()/first.Seconds(), sides[0].name)
	}
	return nil
}

func median(ds []time.Duration) time.Duration {
	s := slices.Sorted(slices.Values(ds))
	return s[len(s)/2]
}
