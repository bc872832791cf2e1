package collective_test

import (
	"context"
	"errors"
	"fmt"
	"sync"

	"github.com/godcp/godcp/collective"
)

// One rank of three cannot plan, and all of them learn it.
func ExampleReduceScatter() {
	var wg sync.WaitGroup
	errs := make([]error, 3)
	for rank, g := range collective.InProcess(3) {
		wg.Go(func() {
			_, errs[rank] = collective.ReduceScatter(context.Background(), g, "plan", 0,
				func() (string, error) {
					if rank == 1 {
						return "", errors.New("no such tensor")
					}
					return "my plan", nil
				},
				func(plans []string) ([]string, error) { return plans, nil })
		})
	}
	wg.Wait()
	for _, err := range errs {
		fmt.Println(err)
	}
	// Output:
	// step "plan" failed on 1 ranks; rank 1: no such tensor
	// step "plan" failed on 1 ranks; rank 1: no such tensor
	// step "plan" failed on 1 ranks; rank 1: no such tensor
}
