package s3

import (
	"context"
	"crypto/rand"
	"errors"
	"fmt"
	"sync"

	"github.com/godcp/godcp/fsbase"
)

// race lets writers meet under one condition: one must get through, whole.
func (p *probe) race(ctx context.Context, key string, cond fsbase.Condition) (fsbase.Version, error) {
	var contents [probeRacers]string
	var versions [probeRacers]fsbase.Version
	var errs [probeRacers]error
	var racers sync.WaitGroup
	start := make(chan struct{})
	for i := range probeRacers {
		contents[i] = rand.Text() // the same bytes as before would be the same version
		racers.Go(func() {
			<-start
			versions[i], errs[i] = p.put(ctx, key, contents[i], cond)
		})
	}
	close(start)
	racers.Wait()
	winner := -1
	for i, err := range errs {
		switch {
		case err == nil && winner >= 0:
			return "", errIgnored
		case err == nil:
			winner = i
		case !errors.Is(err, fsbase.ErrPrecondition):
			return "", refusal(err, "a race: ")
		}
	}
	if winner < 0 {
		return "", errors.New("a race that nobody won")
	}
	there := make([]byte, len(contents[winner]))
	g := getter{fs: p.fs, key: key, dst: [][]byte{there}}
	if err := g.run(ctx); err != nil {
		return "", fmt.Errorf("what a race left: %w", err)
	}
	if g.info.Version != versions[winner] || string(there) != contents[winner] {
		return "", errIgnored
	}
	return versions[winner], nil
}
