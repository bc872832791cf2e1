package conformance

import (
	"cmp"
	"errors"
	"fmt"
	"io"
	"math/rand/v2"
	"slices"
	"sync/atomic"
	"time"

	"github.com/godcp/godcp/fsbase"
)

// Streams of this size are written and read, each figure for about this long.
const (
	rateSize   = 4 << 20
	rateBudget = 300 * time.Millisecond
	readPart   = 1 << 20
)

// throughput measures whole streams, one at a time and eight at once.
func (m *meter) throughput(t *trial) error {
	size := min(rateSize, t.largeSize())
	data := content(1, size)
	names := t.paths("rate")
	for _, streams := range []int{1, 8} {
		for _, kind := range []struct {
			name string
			do   func(i int) error
		}{
			{"write", func(i int) error { return t.fill(names[i], data) }},
			{"read", func(i int) error { return t.readThrough(names[i], size) }},
		} {
			n, took, err := t.inParallel(streams, kind.do)
			if err != nil {
				return fmt.Errorf("%s of %d streams: %w", kind.name, streams, err)
			}
			m.add(func(c *Costs) {
				c.Throughput = append(c.Throughput, Throughput{
					Operation: kind.name, Streams: streams, StreamBytes: int64(size), Seconds: took.Seconds(),
					MBPerSecond: float64(n) * float64(size) / 1e6 / took.Seconds(),
				})
			})
		}
	}
	return nil
}

// inParallel lets goroutine i call do(i) again and again until the time is
// over, at least once each, and returns how many calls there were.
func (t *trial) inParallel(goroutines int, do func(i int) error) (calls int64, took time.Duration, err error) {
	var done atomic.Int64
	errs := make([]error, goroutines)
	start := time.Now()
	t.each(goroutines, func(i int) {
		for errs[i] == nil {
			errs[i] = do(i)
			done.Add(1)
			if time.Since(start) >= rateBudget {
				return
			}
		}
	})
	took = time.Since(start)
	return done.Load(), max(took, 1), errors.Join(errs...)
}

// readThrough reads a stream in parts into memory that is used again.
func (t *trial) readThrough(p string, size int) error {
	r, err := t.fs.OpenStream(t.ctx, p)
	if err != nil {
		return err
	}
	defer r.Close()
	part := make([]byte, readPart)
	for off := 0; off < size; off += len(part) {
		part = part[:min(readPart, size-off)]
		if n, err := r.ReadAt(part, int64(off)); n < len(part) {
			return short(n, len(part), err)
		}
	}
	return nil
}

// readInto opens a stream, reads into buf, and closes it.
func (t *trial) readInto(p string, buf []byte) error {
	r, err := t.fs.OpenStream(t.ctx, p)
	if err != nil {
		return err
	}
	defer r.Close()
	if n, err := r.ReadAt(buf, 0); n < len(buf) {
		return short(n, len(buf), err)
	}
	return nil
}

// short is the error of a ReadAt that gave too little.
func short(n, want int, err error) error {
	return fmt.Errorf("ReadAt of %d bytes: %d, %w", want, n, cmp.Or(err, io.ErrNoProgress))
}

// overRead measures what the storage sends for ranges with gaps between them.
func (m *meter) overRead(t *trial) error {
	if t.env.bytesRead == nil {
		return nil
	}
	const ranges, gap = 8, 64 << 10
	p := t.path("over-read")
	if err := t.fill(p, content(1, ranges*gap)); err != nil {
		return err
	}
	before := t.env.bytesRead()
	if _, err := fsbase.ReadRanges(t.ctx, t.fs, p, "", scattered(ranges, smallSize, gap)); err != nil {
		return err
	}
	read := t.env.bytesRead() - before
	m.add(func(c *Costs) { c.OverRead = &OverRead{Ranges: ranges, Wanted: ranges * smallSize, Read: read} })
	return nil
}

// smallReads is how many ReadAts are timed: enough for a 99th percentile.
const smallReads = 1000

func (m *meter) smallRead(t *trial) error {
	size := min(rateSize, t.largeSize())
	p := t.path("small-read")
	if err := t.fill(p, content(1, size)); err != nil {
		return err
	}
	r, err := t.fs.OpenStream(t.ctx, p)
	if err != nil {
		return err
	}
	defer r.Close()
	rng := rand.New(rand.NewPCG(t.env.seed, 0))
	buf := make([]byte, min(smallSize, size))
	var times []time.Duration
	for start := time.Now(); len(times) < smallReads && (len(times) == 0 || time.Since(start) < 2*rateBudget); {
		off := rng.Int64N(int64(size-len(buf)) + 1)
		began := time.Now()
		if n, err := r.ReadAt(buf, off); n < len(buf) {
			return short(n, len(buf), err)
		}
		times = append(times, time.Since(began))
	}
	slices.Sort(times)
	at := func(percent int) float64 { return times[(len(times)-1)*percent/100].Seconds() }
	m.add(func(c *Costs) {
		c.SmallRead = &Latency{Bytes: len(buf), Count: len(times), P50: at(50), P99: at(99)}
	})
	return nil
}
