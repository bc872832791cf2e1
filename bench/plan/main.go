// Plan measures how planning grows with the number of ranks: all that a save of
// so many ranks plans, one after the other in this process, and what a load in
// another sharding plans, beside torch's own planner on the same input.
//
//	GODCP_PYTHON=~/venv/bin/python go run ./bench/plan [-ranks 64,256,1024,4096] [-torch 256]
//
// A save is 1,000 tensors of a row for each rank. Its figures are: the local plans
// of all ranks together, which a job makes at the same time; plans on the wire,
// written and read; the global plan, which is dedup, validation and metadata; and
// writing the metadata. torch pickles where godcp has its wire form. A load is
// one tensor of a row for each rank, planned for three quarters as many ranks,
// all of them in one call.
package main

import (
	"cmp"
	"flag"
	"fmt"
	"os"
	"slices"
	"strconv"
	"strings"
	"time"

	_ "embed"

	"github.com/godcp/godcp/bench/internal/compare"
)

//go:embed torch.py
var torchScript string

func main() {
	ranks := flag.String("ranks", "64,256,1024,4096", "how many ranks, ascending")
	tensors := flag.Int("tensors", 1000, "how many tensors a save has")
	most := flag.Int("torch", 256, "how many ranks torch plans for at most; 0 does without it")
	rounds := flag.Int("rounds", 5, "rounds; medians are printed")
	flag.Parse()
	if err := run(*ranks, *tensors, *most, *rounds); err != nil {
		fmt.Fprintln(os.Stderr, "plan:", err)
		os.Exit(1)
	}
}

func run(list string, tensors, most, rounds int) error {
	var py *compare.Torch
	if most > 0 {
		var err error
		if py, err = compare.StartTorch(torchScript); err != nil {
			return err
		}
		defer py.Stop()
		fmt.Println("torch", py.Version)
	}
	fmt.Printf("%d tensors, medians of %d\n", tensors, rounds)
	for text := range strings.SplitSeq(list, ",") {
		world, err := strconv.Atoi(text)
		if err != nil {
			return err
		}
		t := py
		if world > most {
			t = nil
		}
		if err := measure(t, world, tensors, rounds); err != nil {
			return err
		}
	}
	return nil
}

// stages are the parts of planning; the names are the verbs of torch.py.
var stages = []string{"local", "wire", "global", "metadata", "load"}

// cpu is no stage: the processor time of a whole round of this side, the making
// of its input included.
const cpu = "cpu"

// measure runs both sides in turn.
func measure(py *compare.Torch, world, tensors, rounds int) error {
	ours, theirs := map[string][]time.Duration{}, map[string][]time.Duration{}
	w := compare.Workload{N: tensors, Rows: world, Cols: cols}
	for range rounds {
		p := planning{world: world, tensors: tensors}
		took, err := p.all()
		if err != nil {
			return err
		}
		for stage, d := range took {
			ours[stage] = append(ours[stage], d)
		}
		if py == nil {
			continue
		}
		for _, stage := range stages {
			d, err := py.Do(stage, "", w)
			if err != nil {
				return err
			}
			theirs[stage] = append(theirs[stage], d)
		}
	}
	fmt.Printf("\n%d ranks (peak memory so far %s)\n", world, peak())
	report("all of a save", sums(ours, stages[:4]), sums(theirs, stages[:4]))
	for _, stage := range stages {
		report(stage, ours[stage], theirs[stage])
	}
	report("processors", ours[cpu], nil)
	return nil
}

// sums adds the stages of each round.
func sums(took map[string][]time.Duration, stages []string) []time.Duration {
	all := make([]time.Duration, len(took[stages[0]]))
	for _, stage := range stages {
		for round, d := range took[stage] {
			all[round] += d
		}
	}
	return all
}

func report(stage string, ours, theirs []time.Duration) {
	m := compare.Median(ours)
	fmt.Printf("  %-14s %10.4f s (%.4f … %.4f)", stage, m.Seconds(), slices.Min(ours).Seconds(), slices.Max(ours).Seconds())
	if len(theirs) > 0 {
		t := compare.Median(theirs)
		fmt.Printf("   torch %10.4f s, %6.1f ×", t.Seconds(), t.Seconds()/cmp.Or(m.Seconds(), 1e-9))
	}
	fmt.Println()
}

// peak is the most memory that the process has had.
func peak() string {
	b, err := os.ReadFile("/proc/self/status")
	if err != nil {
		return "unknown"
	}
	for line := range strings.Lines(string(b)) {
		if rest, ok := strings.CutPrefix(line, "VmHWM:"); ok {
			kib, err := strconv.ParseFloat(strings.TrimSpace(strings.TrimSuffix(strings.TrimSpace(rest), "kB")), 64)
			if err != nil {
				return "unknown"
			}
			return fmt.Sprintf("%.2f GiB", kib/(1<<20))
		}
	}
	return "unknown"
}
