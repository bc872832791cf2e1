package s3

import (
	"context"
	"path"
	"sync"
	"sync/atomic"
)

// place is what a verdict holds for. It is the parent of the prefix: the steps
// of a run lie beside each other, and a store that keeps conditions in one keeps
// them in the next.
type place struct{ endpoint, bucket, parent string }

func (f *FS) place() place {
	return place{f.site.endpoint, f.bucket, path.Dir(path.Clean("/" + f.prefix))}
}

// verdicts remembers, for the process, what probes found.
var verdicts struct {
	sync.Mutex
	found map[place]*finding
}

// finding is one verdict, or the place in the queue of those who want it.
type finding struct {
	turn    chan struct{} // of one who may look or probe
	known   bool
	verdict verdict

	oneETag atomic.Bool // see asRead
}

func findingOf(p place) *finding {
	verdicts.Lock()
	defer verdicts.Unlock()
	if verdicts.found == nil {
		verdicts.found = map[place]*finding{}
	}
	if verdicts.found[p] == nil {
		verdicts.found[p] = &finding{turn: make(chan struct{}, 1)}
	}
	return verdicts.found[p]
}

// probed returns the verdict on this place. One caller finds it, the others
// wait; when the one fails the next one tries.
func (f *FS) probed(ctx context.Context) (verdict, error) {
	found := findingOf(f.place())
	select {
	case found.turn <- struct{}{}:
	case <-ctx.Done():
		return verdict{}, ctx.Err()
	}
	defer func() { <-found.turn }()
	if !found.known {
		v, err := newProbe(f).run(ctx)
		if err != nil {
			return verdict{}, err
		}
		found.known, found.verdict = true, v
	}
	return found.verdict, nil
}
