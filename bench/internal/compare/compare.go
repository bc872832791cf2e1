// Package compare runs the sides of a benchmark in turn, torch among them, and
// prints medians and ratios.
package compare

import (
	"fmt"
	"slices"
	"time"
)

// Workload is one checkpoint of N float32 tensors of two dimensions.
type Workload struct {
	Dir        string // where it lies, or where folders for it are made
	N          int
	Rows, Cols int
}

// Bytes is the size of the tensors' data.
func (w Workload) Bytes() int64 { return int64(w.N) * int64(w.Rows) * int64(w.Cols) * 4 }

// Name is the name of tensor i, the same on all sides.
func (w Workload) Name(i int) string { return fmt.Sprintf("layer.%05d.w", i) }

// Side is one program that handles a workload and says how long that took.
type Side struct {
	Name string
	Run  func() (time.Duration, error)

	// CPU, if not nil, is the processor time that the side's process has taken
	// since it began.
	CPU func() (time.Duration, error)
}

// result is what the rounds of a side took.
type result struct{ times, cpu []time.Duration }

// round runs a side once and notes what it took.
func (s Side) round(r *result) error {
	cpu := func() (time.Duration, error) { return 0, nil }
	if s.CPU != nil {
		cpu = s.CPU
	}
	before, err := cpu()
	if err != nil {
		return err
	}
	d, err := s.Run()
	if err != nil {
		return err
	}
	after, err := cpu()
	r.times, r.cpu = append(r.times, d), append(r.cpu, after-before)
	return err
}

// Sides runs the sides in turn, A B C A B C, after one round to warm up, and
// prints medians and ratios to the first.
func Sides(title string, w Workload, rounds int, sides []Side) error {
	results := make([]result, len(sides))
	for range rounds + 1 {
		for i, s := range sides {
			if err := s.round(&results[i]); err != nil {
				return fmt.Errorf("%s: %w", s.Name, err)
			}
		}
	}
	fmt.Printf("\n%s: %d tensors of %d KiB, medians of %d\n", title, w.N, w.Rows*w.Cols*4>>10, rounds)
	gib := float64(w.Bytes()) / (1 << 30)
	first := Median(results[0].times[1:])
	for i, s := range sides {
		times := results[i].times[1:]
		m := Median(times)
		fmt.Printf("  %-20s %7.3f s (%.3f … %.3f)  %6.2f GiB/s  %5.2f × the time of %s", s.Name, m.Seconds(),
			slices.Min(times).Seconds(), slices.Max(times).Seconds(),
			gib/m.Seconds(), m.Seconds()/first.Seconds(), sides[0].Name)
		if s.CPU != nil {
			fmt.Printf("  %5.2f CPU s/GiB", Median(results[i].cpu[1:]).Seconds()/gib)
		}
		fmt.Println()
	}
	return nil
}

// Median is the middle one, the later of two.
func Median(ds []time.Duration) time.Duration {
	s := slices.Sorted(slices.Values(ds))
	return s[len(s)/2]
}
