package s3

import (
	"cmp"
	"context"
	"io"
	"math"
	"slices"

	"golang.org/x/sync/errgroup"

	"github.com/godcp/godcp/fsbase"
)

// Ranges with no more than readThrough bytes between them are one request, as
// long as it does not get larger than a part: so many bytes come in less time
// than another answer begins.
const readThrough = 256 << 10

// run is a request: consecutive bytes and where they go.
type run struct {
	offset, end int64
	pieces      []piece
}

// runs orders ranges and puts together what is close. What overlaps is read
// twice.
func runs(ranges []fsbase.Range) []run {
	sorted := slices.SortedStableFunc(slices.Values(ranges), func(a, b fsbase.Range) int { return cmp.Compare(a.Offset, b.Offset) })
	var all []run
	for _, g := range sorted {
		n := int64(len(g.Dst))
		if n == 0 {
			continue
		}
		if len(all) > 0 {
			last := &all[len(all)-1]
			gap := g.Offset - last.end
			if gap >= 0 && gap <= readThrough && g.Offset+n-last.offset <= partSize {
				if gap > 0 {
					last.pieces = append(last.pieces, piece{skip: gap})
				}
				last.pieces = append(last.pieces, piece{dst: g.Dst})
				last.end = g.Offset + n
				continue
			}
		}
		all = append(all, run{offset: g.Offset, end: g.Offset + n, pieces: []piece{{dst: g.Dst}}})
	}
	return all
}

// ReadRanges is one GET for each group of ranges that are close, several at
// once. Without a pin the first one tells the version of all. C6.
func (f *FS) ReadRanges(ctx context.Context, path string, pin fsbase.Version, ranges []fsbase.Range) (fsbase.Info, error) {
	const op = "read"
	key, err := f.key(ctx, op, path)
	if err != nil {
		return fsbase.Info{}, err
	}
	if err := fsbase.CheckRanges(path, math.MaxInt64, ranges); err != nil {
		return fsbase.Info{}, err
	}
	info, err := f.readRuns(ctx, key, pin, runs(ranges))
	if isPastEnd(err) {
		err = io.ErrUnexpectedEOF
	}
	info.Path = path
	if err == nil {
		err = fsbase.CheckRanges(path, info.Size, ranges)
	}
	if err != nil {
		return fsbase.Info{}, pathError(op, path, err)
	}
	return info, nil
}

func (f *FS) readRuns(ctx context.Context, key string, pin fsbase.Version, all []run) (fsbase.Info, error) {
	if len(all) == 0 {
		o, err := f.head(ctx, key, pin)
		if err != nil {
			return fsbase.Info{}, err
		}
		return o.info(""), nil
	}
	first := getter{fs: f, key: key, pin: pin, offset: all[0].offset, pieces: all[0].pieces}
	if err := first.run(ctx); err != nil {
		return fsbase.Info{}, err
	}
	if all[len(all)-1].end > first.info.Size {
		return first.info, nil // for the caller to refuse
	}
	g, ctx := errgroup.WithContext(ctx)
	g.SetLimit(f.PartLimits().ReadsInFlight)
	for _, r := range all[1:] {
		g.Go(func() error {
			next := getter{fs: f, key: key, pin: first.info.Version, offset: r.offset, pieces: r.pieces}
			return next.run(ctx)
		})
	}
	return first.info, g.Wait()
}
