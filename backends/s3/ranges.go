package s3

import (
	"context"
	"io"
	"math"

	"golang.org/x/sync/errgroup"

	"github.com/godcp/godcp/fsbase"
)

// Ranges with no more than readThrough bytes between them are one request, as
// long as it does not get larger than a part: so many bytes come in less time
// than another answer begins.
const readThrough = 256 << 10

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
	info, err := f.readRuns(ctx, key, pin, fsbase.MergeRanges(ranges, readThrough, partSize))
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

func (f *FS) readRuns(ctx context.Context, key string, pin fsbase.Version, all []fsbase.Run) (fsbase.Info, error) {
	if len(all) == 0 {
		o, err := f.head(ctx, key, pin)
		if err != nil {
			return fsbase.Info{}, err
		}
		return o.info(""), nil
	}
	first := getter{fs: f, key: key, pin: pin, offset: all[0].Offset, dst: all[0].Dst}
	if err := first.run(ctx); err != nil {
		return fsbase.Info{}, err
	}
	if all[len(all)-1].End > first.info.Size {
		return first.info, nil // for the caller to refuse
	}
	g, ctx := errgroup.WithContext(ctx)
	g.SetLimit(f.PartLimits().ReadsInFlight)
	for _, r := range all[1:] {
		g.Go(func() error {
			next := getter{fs: f, key: key, pin: first.info.Version, offset: r.Offset, dst: r.Dst}
			return next.run(ctx)
		})
	}
	return first.info, g.Wait()
}
