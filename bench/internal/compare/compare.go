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
}

// Sides runs the sides in turn, A B C A B C, after one round to warm up, and
// prints medians and ratios to the first.
func Sides(title string, w Workload, rounds int, sides []Side) error {
	times := make([][]time.Duration, len(sides))
	for round := range rounds + 1 {
		for i, s := range sides {
			d, err := s.Run()
			if err != nil {
				return fmt.Errorf("%s: %w", s.Name, err)
			}
			if round > 0 {
				times[i] = append(times[i], d)
			}
		}
	}
	fmt.Printf("\n%s: %d tensors of %d KiB, medians of %d\n", title, w.N, w.Rows*w.Cols*4>>10, rounds)
	first := Median(times[0])
	for i, s := range sides {
		m := Median(times[i])
		fmt.Printf("  %-20s %7.3f s (%.3f … %.3f)  %6.2f GiB/s  %5.2f × the time of %s\n", s.Name, m.Seconds(),
			slices.Min(times[i]).Seconds(), slices.Max(times[i]).Seconds(),
			float64(w.Bytes())/(1<<30)/m.Seconds(), m.Seconds()/first.Seconds(), sides[0].Name)
	}
	return nil
}

// Median is the middle one, the later of two.
func Median(ds []time.Duration) time.Duration {
	s := slices.Sorted(slices.Values(ds))
	return s[len(s)/2]
}
