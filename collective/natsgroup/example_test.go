package natsgroup_test

import (
	"context"
	"errors"
	"fmt"
	"log"
	"net"
	"sync"

	"github.com/godcp/godcp/collective"
	"github.com/godcp/godcp/collective/natsgroup"
)

// Under torchrun, every process does this.
func ExampleFromEnv() {
	ctx := context.Background()
	g, err := natsgroup.FromEnv(ctx, natsgroup.Options{})
	if err != nil {
		log.Fatal(err)
	}
	defer g.Close()
	err = g.Barrier(ctx)
	var gaveUp *collective.RankError
	if errors.As(err, &gaveUp) {
		log.Fatalf("without rank %d there is nothing to be done: %v", gaveUp.Rank, gaveUp.Err)
	}
}

// Three ranks that know their places. Here they are in one process.
func ExampleJoin() {
	l, err := net.Listen("tcp", "127.0.0.1:0") // finds a port that is free
	if err != nil {
		log.Fatal(err)
	}
	port := l.Addr().(*net.TCPAddr).Port
	l.Close()

	var ranks sync.WaitGroup
	for rank := range 3 {
		ranks.Go(func() {
			place := natsgroup.Place{Rank: rank, Size: 3, Host: "127.0.0.1", Port: port}
			g, err := natsgroup.Join(context.Background(), place, natsgroup.Options{Token: "d0c5e1f6a7b84c92"})
			if err != nil {
				log.Fatal(err)
			}
			defer g.Close()
			words, err := g.Gather(context.Background(), 0, fmt.Appendf(nil, "I am %d", rank))
			if err != nil {
				log.Fatal(err)
			}
			if rank == 0 {
				fmt.Printf("%q\n", words)
			}
		})
	}
	ranks.Wait()
	// Output: ["I am 0" "I am 1" "I am 2"]
}
