//go:build unix

package processes

import (
	"fmt"
	"testing"

	"github.com/godcp/godcp/backends/local"
)

// TestSaveAndLoad: a job of some ranks saves and loads in another sharding, and
// again in the background; then a job of other ranks loads.
func TestSaveAndLoad(t *testing.T) {
	sizes := []int{1, 2, 3, 4, 7}
	for i, n := range sizes {
		t.Run(fmt.Sprintf("%d ranks", n), func(t *testing.T) {
			dir := t.TempDir()
			sound := func(n int, what task) {
				t.Helper()
				what.Dir = dir
				reports := launch(t, n, what).wait(-1)
				for rank, r := range reports {
					if r.Err != "" || r.Left != "" || r.Rank != rank {
						t.Errorf("rank %d: %+v", rank, r)
					}
				}
				if len(reports) != n {
					t.Errorf("%d of %d ranks have reported", len(reports), n)
				}
			}
			sound(n, task{Saves: []int64{1, 2}, Load: 2})
			sound(n, task{Saves: []int64{3, 4}, Async: true, Load: 4})
			sound(sizes[(i+2)%len(sizes)], task{Load: 4})
			fsys, err := local.New(dir)
			if err != nil {
				t.Fatal(err)
			}
			if step, err := wholeStep(t.Context(), fsys, n); err != nil || step != 4 {
				t.Errorf("step %d, %v", step, err)
			}
		})
	}
}
