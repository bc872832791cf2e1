package conformance_test

import (
	"context"
	"errors"
	"io/fs"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/godcp/godcp/conformance"
	"github.com/godcp/godcp/conformance/internal/mutants"
	"github.com/godcp/godcp/fsbase"
)

// counting is storage with a network in between that counts.
type counting struct {
	*mutants.Store
	requests, bytes *atomic.Int64
}

func (c counting) Exists(ctx context.Context, path string) (bool, error) {
	c.requests.Add(3)
	return c.Store.Exists(ctx, path)
}

func (c counting) ReadRanges(ctx context.Context, path string, pin fsbase.Version, ranges []fsbase.Range) (fsbase.Info, error) {
	for _, g := range ranges {
		c.bytes.Add(2 * int64(len(g.Dst)))
	}
	return c.Store.ReadRanges(ctx, path, pin, ranges)
}

func costs(t *testing.T, fsys fsbase.FileSystemBase, options ...conformance.Option) *conformance.Report {
	t.Helper()
	rep, err := conformance.Verify(t.Context(), fsys, append(options, conformance.WithCosts(), conformance.Only("names/concat"))...)
	if err != nil {
		t.Fatal(err)
	}
	if rep.Costs == nil {
		t.Fatal("no costs")
	}
	return rep
}

func TestCosts(t *testing.T) {
	c := counting{mutants.New(), &atomic.Int64{}, &atomic.Int64{}}
	start := time.Now()
	rep := costs(t, c, conformance.WithRequests(c.requests.Load), conformance.WithBytesRead(c.bytes.Load))
	if took := time.Since(start); took > 15*time.Second {
		t.Errorf("measuring took %v", took)
	}
	if len(rep.Notes) > 0 {
		t.Errorf("notes: %q", rep.Notes)
	}
	requests := map[string]float64{}
	for _, o := range rep.Costs.Operations {
		if o.Count < 1 || o.Seconds <= 0 || o.Requests == nil {
			t.Errorf("%+v", o)
			continue
		}
		requests[o.Operation] = *o.Requests
	}
	if len(requests) != 13 || requests["exists"] != 3 || requests["stat"] != 0 {
		t.Errorf("requests: %v", requests)
	}
	if o := rep.Costs.OverRead; o == nil || *o != (conformance.OverRead{Ranges: 8, Wanted: 8 * 4096, Read: 2 * 8 * 4096}) {
		t.Errorf("over-read: %+v", o)
	}
	for i, want := range []struct {
		operation string
		streams   int
	}{{"write", 1}, {"read", 1}, {"write", 8}, {"read", 8}} {
		if got := rep.Costs.Throughput[i]; got.Operation != want.operation || got.Streams != want.streams || got.MBPerSecond <= 0 {
			t.Errorf("%+v instead of %+v", got, want)
		}
	}
	if l := rep.Costs.SmallRead; l == nil || l.Bytes != 4096 || l.Count < 1 || l.P50 > l.P99 || l.P50 <= 0 {
		t.Errorf("%+v", l)
	}
	for info := range c.List(t.Context(), "") {
		t.Errorf("%q is left", info.Path)
	}
}

// allocating allocates 1 MiB in every Exists.
type allocating struct{ fsbase.FileSystemBase }

var sink []byte

func (a allocating) Exists(ctx context.Context, path string) (bool, error) {
	sink = make([]byte, 1<<20)
	return a.FileSystemBase.Exists(ctx, path)
}

func TestCostsOfMemory(t *testing.T) {
	rep := costs(t, allocating{mutants.New()})
	for _, o := range rep.Costs.Operations {
		if o.Requests != nil {
			t.Errorf("%s: nobody counts requests", o.Operation)
		}
		if over := o.AllocBytes >= 1<<20; over != (o.Operation == "exists") {
			t.Errorf("%s allocates %v bytes", o.Operation, o.AllocBytes)
		}
	}
	if rep.Costs.OverRead != nil {
		t.Errorf("nobody counts bytes: %+v", rep.Costs.OverRead)
	}
}

// crippled cannot do one thing, and panics in another.
type crippled struct{ fsbase.FileSystemBase }

func (crippled) RmFile(_ context.Context, path string) error {
	return &fs.PathError{Op: "remove", Path: path, Err: errors.New("no way")}
}

func TestCostsThatCannotBeMeasured(t *testing.T) {
	rep := costs(t, crippled{mutants.New()})
	if len(rep.Notes) != 1 || !strings.Contains(rep.Notes[0], "remove: ") || !strings.Contains(rep.Notes[0], "no way") {
		t.Errorf("%q", rep.Notes)
	}
	if n := len(rep.Costs.Operations); n != 5 {
		t.Errorf("%d of 5 others: %+v", n, rep.Costs.Operations)
	}
}

// TestRunCosts: Run measures when the environment says so.
func TestRunCosts(t *testing.T) {
	h := harness(func() fsbase.FileSystemBase { return mutants.New() })
	var n atomic.Int64
	h.Requests = func() int64 { return n.Add(1) }
	h.Implementation = conformance.Implementation{Name: "store"}
	if rep := conformance.Run(t, h); rep.Costs != nil || rep.Implementation != h.Implementation {
		t.Errorf("%+v", rep)
	}
	t.Setenv("GODCP_CONFORMANCE_COSTS", "1")
	rep := conformance.Run(t, h)
	if rep.Costs == nil || rep.Costs.Operations[0].Requests == nil || !rep.Complete() {
		t.Errorf("%+v", rep.Costs)
	}
}
