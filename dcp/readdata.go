package dcp

import (
	"context"
	"sync"

	"golang.org/x/sync/errgroup"
	"golang.org/x/sync/semaphore"

	"github.com/godcp/godcp/dcp/planner"
	"github.com/godcp/godcp/fsbase"
	"github.com/godcp/godcp/internal/ranges"
	"github.com/godcp/godcp/tensor"
)

// loading is one ReadData call.
type loading struct {
	r       *reader
	shape   readShape
	slots   *semaphore.Weighted // reads at once
	scratch *semaphore.Weighted // bytes of unpacked items

	mu      sync.Mutex // serialises calls of the planner
	planner planner.LoadPlanner
}

// ReadData carries out a plan: items sorted by file and offset, small
// neighbours in one read, large ones in parallel parts straight into the
// destination where its memory allows. The CRC of an item is checked when all
// of it is read. Nothing runs on after it returns.
func (r *reader) ReadData(ctx context.Context, plan *planner.LoadPlan, p planner.LoadPlanner) error {
	if err := r.needMetadata(); err != nil {
		return err
	}
	jobs, err := r.jobs(plan)
	if err != nil {
		return err
	}
	if a, ok := p.(allocator); ok && a.Allocates() {
		if err := r.checkClaims(ctx, jobs); err != nil {
			return err
		}
	}
	parts := fsbase.Limits(r.fsys)
	workers := r.limits.Workers
	if workers <= 0 {
		workers = workersFor(parts)
	}
	l := &loading{
		r: r, planner: p, shape: shapeFor(parts),
		slots:   semaphore.NewWeighted(int64(workers)),
		scratch: semaphore.NewWeighted(r.limits.InFlight),
	}
	g, gctx := errgroup.WithContext(ctx)
	for len(jobs) > 0 && l.slots.Acquire(gctx, 1) == nil {
		n := l.batchOf(jobs)
		group := jobs[:n:n]
		jobs = jobs[n:]
		g.Go(func() error {
			defer l.slots.Release(1)
			return l.group(gctx, group)
		})
	}
	if err := g.Wait(); err != nil {
		return err
	}
	return ctx.Err()
}

// batchOf says how many of the first jobs go together: neighbours in one file
// that are small, or else one.
func (l *loading) batchOf(jobs []job) int {
	small := 0
	spans := make([]ranges.Span, 0, 16)
	for _, j := range jobs {
		if l.r.raw || j.info.Length > l.shape.small || j.info.Length < 0 || j.info.Offset < 0 ||
			j.info.RelativePath != jobs[0].info.RelativePath {
			break
		}
		s := ranges.Span{Offset: j.info.Offset, Length: j.info.Length}
		if small > 0 && s.End()-jobs[0].info.Offset > batchBytes {
			break
		}
		spans = append(spans, s)
		small++
	}
	if small <= 1 {
		return 1
	}
	return ranges.Merge(spans, ranges.Limits{Part: batchBytes, Gap: l.shape.Gap})[0]
}

// group reads jobs of one file.
func (l *loading) group(ctx context.Context, jobs []job) error {
	f, err := l.r.use(ctx, jobs[0].info.RelativePath)
	if err != nil {
		return jobs[0].place(err)
	}
	defer f.done()
	j := jobs[0]
	if len(jobs) > 1 || !l.r.raw && j.info.Length <= l.shape.small {
		return l.batch(ctx, f, jobs)
	}
	if done, err := l.whole(ctx, f, j); done || err != nil {
		return j.place(err)
	}
	return l.single(ctx, f, j)
}

// single reads one item of any size.
func (l *loading) single(ctx context.Context, f opened, j job) error {
	if j.item.Tensor == nil {
		return l.bytes(ctx, f, j)
	}
	p, err := l.r.locate(ctx, f, j)
	if err != nil {
		return err
	}
	return l.deliver(ctx, p, j)
}

// batch reads neighbouring small items at once and takes them from memory.
func (l *loading) batch(ctx context.Context, f *file, jobs []job) error {
	start := jobs[0].info.Offset
	end := start
	for _, j := range jobs {
		if _, err := section(f, j.info.Offset, j.info.Length); err != nil {
			return j.place(err)
		}
		end = max(end, j.info.Offset+j.info.Length)
	}
	buf := getScratch(end - start)
	defer putScratch(buf)
	if err := fill(f, *buf, start); err != nil {
		return jobs[0].place(err)
	}
	w := &window{f, start, *buf}
	for _, j := range jobs {
		if err := ctx.Err(); err != nil {
			return err
		}
		if err := l.single(ctx, w, j); err != nil {
			return err
		}
	}
	return nil
}

// bytes hands a pickled object to the planner.
func (l *loading) bytes(ctx context.Context, f opened, j job) error {
	raw, err := l.r.unpackItem(ctx, f, j, l.r.limits.Item)
	if err != nil {
		return j.place(err)
	}
	value := planner.BytesValue{Raw: raw, Decode: func() (any, error) {
		v, err := DecodeValue(raw)
		return v, j.place(err)
	}}
	l.mu.Lock()
	defer l.mu.Unlock()
	for _, read := range j.reads {
		if err := l.planner.LoadBytes(read, value); err != nil {
			return j.place(err)
		}
	}
	return nil
}

// resolve asks the planner for the memory of a read.
func (l *loading) resolve(read planner.ReadItem) (*tensor.Tensor, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	t, err := l.planner.ResolveTensor(read)
	if err != nil {
		return nil, err
	}
	return t, checkTarget(t, read)
}

// commit tells the planner that a read is complete.
func (l *loading) commit(read planner.ReadItem, t *tensor.Tensor) error {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.planner.CommitTensor(read, t)
}
