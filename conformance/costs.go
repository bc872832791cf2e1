package conformance

import (
	"context"
	"fmt"
	"strings"
	"time"

	"github.com/godcp/godcp/fsbase"
)

// Costs are what operations cost on the machine of the run: figures to look
// at, and no verdict. They are measured once, with whatever else the machine
// did. What could not be measured is left out, and a note says why.
type Costs struct {
	Operations []OperationCost `json:"operations"`
	Throughput []Throughput    `json:"throughput"`
	SmallRead  *Latency        `json:"small_read,omitempty"`
	OverRead   *OverRead       `json:"over_read,omitempty"` // when the harness counts bytes
}

// OperationCost is the mean cost of one operation, called by one goroutine.
type OperationCost struct {
	Operation  string   `json:"operation"`
	Count      int      `json:"count"` // how many were measured
	Seconds    float64  `json:"seconds"`
	Requests   *float64 `json:"requests,omitempty"` // to the storage, when the harness counts them
	Allocs     float64  `json:"allocs"`             // of the whole process meanwhile
	AllocBytes float64  `json:"alloc_bytes"`
}

// Throughput is how fast whole streams are written or read, several at once.
type Throughput struct {
	Operation   string  `json:"operation"` // write or read
	Streams     int     `json:"streams"`   // at once
	StreamBytes int64   `json:"stream_bytes"`
	Seconds     float64 `json:"seconds"`
	MBPerSecond float64 `json:"mb_per_second"` // 10^6 bytes, of all streams together
}

// Latency is how long a ReadAt at any place of an open stream takes.
type Latency struct {
	Bytes int     `json:"bytes"`
	Count int     `json:"count"`
	P50   float64 `json:"p50_seconds"`
	P99   float64 `json:"p99_seconds"`
}

// OverRead is what a call for scattered ranges takes from the storage.
type OverRead struct {
	Ranges int   `json:"ranges"`
	Wanted int64 `json:"wanted_bytes"`
	Read   int64 `json:"read_bytes"`
}

// WithCosts makes Verify measure costs after the checks, which takes a few
// seconds more.
func WithCosts() Option {
	return func(v *verification) { v.arrange = append(v.arrange, func(e *environment) { e.costly = true }) }
}

// WithRequests gives Verify what [Harness].Requests gives [Run].
func WithRequests(f func() int64) Option {
	return func(v *verification) { v.arrange = append(v.arrange, func(e *environment) { e.requests = f }) }
}

// WithBytesRead gives Verify what [Harness].BytesRead gives [Run].
func WithBytesRead(f func() int64) Option {
	return func(v *verification) { v.arrange = append(v.arrange, func(e *environment) { e.bytesRead = f }) }
}

// costsTimeout ends the measuring of storage that is very slow.
const costsTimeout = 10 * time.Second

// measure puts what operations of fsys cost into the report.
func (e *environment) measure(ctx context.Context, rep *Report, fsys fsbase.FileSystemBase, root string) {
	bound := *e
	bound.limits.Timeout = costsTimeout
	m := &meter{costs: &Costs{Operations: []OperationCost{}, Throughput: []Throughput{}}}
	t := &trial{record: &record{check: Check{ID: "costs", run: m.run}}, fs: fsys, root: root, env: &bound}
	t.carryOut(ctx)
	rep.Costs = m.taken()
	if d := t.detail(); d != "" {
		rep.Notes = append(rep.Notes, "not all costs could be measured: "+d)
	}
}

func (c *Costs) markdown(b *strings.Builder) {
	b.WriteString("\n## Costs\n\nFigures of one run on one machine; no verdict.\n\n" +
		"| operation | count | s | requests | allocs | bytes allocated |\n| --- | ---: | ---: | ---: | ---: | ---: |\n")
	for _, o := range c.Operations {
		requests := "not counted"
		if o.Requests != nil {
			requests = fmt.Sprintf("%.2f", *o.Requests)
		}
		fmt.Fprintf(b, "| %s | %d | %.6f | %s | %.1f | %.0f |\n", mdText(o.Operation), o.Count, o.Seconds, requests, o.Allocs, o.AllocBytes)
	}
	b.WriteString("\n| streams | at once | bytes each | MB/s |\n| --- | ---: | ---: | ---: |\n")
	for _, r := range c.Throughput {
		fmt.Fprintf(b, "| %s | %d | %d | %.1f |\n", mdText(r.Operation), r.Streams, r.StreamBytes, r.MBPerSecond)
	}
	if l := c.SmallRead; l != nil {
		fmt.Fprintf(b, "\nReadAt of %d bytes, %d times: half within %.6f s, 99 %% within %.6f s.\n", l.Bytes, l.Count, l.P50, l.P99)
	}
	if o := c.OverRead; o != nil {
		fmt.Fprintf(b, "\nFor %d bytes in %d ranges the storage was asked for %d bytes.\n", o.Wanted, o.Ranges, o.Read)
	}
}
