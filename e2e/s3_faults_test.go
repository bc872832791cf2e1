package e2e

import (
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"net/http"
	"os"
	"slices"
	"strconv"
	"sync/atomic"
	"testing"

	"go.uber.org/goleak"
	"golang.org/x/sync/errgroup"

	"github.com/godcp/godcp/backends/s3"
	"github.com/godcp/godcp/dcp"
	"github.com/godcp/godcp/e2e/servers"
)

const (
	faultSeeds  = 100
	seedsAtOnce = 16 // most of their time they wait for another attempt
)

// seedsToTry are some that nobody has chosen, or the one of GODCP_SEED.
func seedsToTry(t *testing.T) []uint64 {
	if text := os.Getenv("GODCP_SEED"); text != "" {
		seed, err := strconv.ParseUint(text, 10, 64)
		must(t, err)
		return []uint64{seed}
	}
	first := uint64(rand.IntN(1_000_000_000)) * faultSeeds
	t.Logf("seeds from %d on", first)
	var seeds []uint64
	for i := range uint64(faultSeeds) {
		seeds = append(seeds, first+i)
	}
	return seeds
}

// TestS3Faults saves, overwrites and loads while requests and answers are lost,
// cut, refused for a while, slow, and late: what is there is always the whole
// checkpoint that the outcomes tell of, and nothing stays behind. GODCP_SEED
// repeats one trial.
func TestS3Faults(t *testing.T) {
	for _, server := range s3Servers {
		t.Run(server.name, func(t *testing.T) {
			s := server.start(t)
			running := goleak.IgnoreCurrent()
			transport := servers.Transport()
			var met tally
			var eg errgroup.Group
			eg.SetLimit(seedsAtOnce)
			seeds := seedsToTry(t)
			for _, seed := range seeds {
				eg.Go(func() error {
					log, err := tryFaults(t.Context(), s, transport, seed, &met)
					if err != nil {
						t.Errorf("GODCP_SEED=%d: %v\nwhat went wrong:\n%s", seed, err, log)
					} else if len(seeds) == 1 {
						t.Logf("what went wrong:\n%s", log)
					}
					return nil
				})
			}
			_ = eg.Wait() // the errors are told
			transport.CloseIdleConnections()
			http.DefaultTransport.(*http.Transport).CloseIdleConnections()
			if err := goleak.Find(running); err != nil {
				t.Error(err)
			}
			t.Logf("%d saves done, %d failed, %d unknown; %d loads done, %d failed", met.saved.Load(), met.failed.Load(),
				met.unknown.Load(), met.loaded.Load(), met.unread.Load())
			// What never happens is not tested.
			if len(seeds) > 1 && (met.saved.Load() < 200 || met.failed.Load() == 0 || met.unknown.Load() == 0 || met.loaded.Load() < 90) {
				t.Error("too few of some outcome")
			}
		})
	}
}

// tally counts outcomes.
type tally struct{ saved, failed, unknown, loaded, unread atomic.Int64 }

// tryFaults is one trial. It returns what went wrong on the way.
func tryFaults(ctx context.Context, s *servers.S3, direct *http.Transport, seed uint64, met *tally) (log string, err error) {
	rng := rand.New(rand.NewPCG(seed, 0))
	schedule := &servers.Schedule{Seed: seed, Rate: []float64{0.05, 0.15, 0.3}[rng.IntN(3)]}
	switch seed % 10 {
	case 3, 6:
		schedule.Refuse = 0.2
	case 7:
		schedule.Outage = []string{"fresh", "over", "again"}[rng.IntN(3)]
	}
	proxy, err := s.Faulty(schedule)
	if err != nil {
		return "", err
	}
	through := servers.Transport()
	on := s3.Options{Conditional: s3.ConditionalOn}
	seen := *s
	seen.Endpoint = proxy.URL
	tr := &trial{
		m: matrix{rows: 64, cols: 50}, n: []int{2, 4}[rng.IntN(2)], url: fmt.Sprintf("s3://%s/faults/%d", s.Bucket, seed),
		proxy: proxy, faulty: throughClient(seen.Client(through), on), direct: throughClient(s.Client(direct), on),
		there: -1, met: met,
	}
	if seed%10 == 0 || seed%10 == 6 {
		tr.m, tr.n = matrix{rows: 4400, cols: 1000}, 2 // two parts for each rank
	}
	err = tr.run(ctx)
	through.CloseIdleConnections()
	proxy.Close()
	if err == nil {
		err = noUploads(ctx, s, direct, fmt.Sprintf("faults/%d/", seed), proxy)
	}
	return proxy.Log(), err
}

// run is the life of one folder.
func (tr *trial) run(ctx context.Context) error {
	for step, operation := range []string{"fresh", "over", "again"} {
		tr.proxy.Begin(operation)
		if err := tr.save(ctx, int64(step)); err != nil {
			return fmt.Errorf("%s: %w", operation, err)
		}
	}
	if tr.there < 0 {
		return nil // all three failed
	}
	for _, boxes := range [][][2][2]int64{tr.m.byRows(1), tr.m.byRows(3), tr.m.byColumns(2)} {
		tr.proxy.Begin(fmt.Sprintf("load of %d", len(boxes)))
		err := tr.m.load(ctx, tr.url, tr.there, boxes, dcp.LoadOptions{OpenOptions: dcp.OpenOptions{Mux: tr.faulty}})
		var wrong *wrongValue
		switch {
		case errors.As(err, &wrong):
			return fmt.Errorf("a load: %w", err)
		case err != nil:
			tr.met.unread.Add(1)
		default:
			tr.met.loaded.Add(1)
		}
	}
	return nil
}

// without returns those of all that are not among some.
func without(all, some []string) []string {
	return slices.DeleteFunc(slices.Clone(all), func(n string) bool { return slices.Contains(some, n) })
}
