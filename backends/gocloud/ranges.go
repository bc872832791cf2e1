package gocloud

import (
	"context"
	"math"

	"golang.org/x/sync/errgroup"

	"github.com/godcp/godcp/fsbase"
)

// rangesInFlight is how many requests one ReadRanges makes at once.
const rangesInFlight = 8

// What lies between two ranges is read along, up to so many bytes, and one
// request asks for no more than so many: an answer takes as long to begin.
const (
	between = 128 << 10
	atOnce  = 8 << 20
)

// ReadRanges makes one request for all ranges that lie close, several at once,
// or one for the Info if there are none. The first of them tells the version,
// the others are pinned to it. C6.
func (f azure) ReadRanges(ctx context.Context, p string, pin fsbase.Version, ranges []fsbase.Range) (fsbase.Info, error) {
	const op = "read"
	if err := f.checkRead(ctx, op, p); err != nil {
		return fsbase.Info{}, err
	}
	if err := fsbase.CheckRanges(p, math.MaxInt64, ranges); err != nil {
		return fsbase.Info{}, err
	}
	all := fsbase.MergeRanges(ranges, between, atOnce)
	if len(all) == 0 {
		info, err := f.statAs(ctx, op, p)
		if err == nil && pin != "" && pin != info.Version {
			err = fail(ctx, op, p, fsbase.ErrChanged)
		}
		if err == nil {
			err = fsbase.CheckRanges(p, info.Size, ranges)
		}
		if err != nil {
			return fsbase.Info{}, err
		}
		return info, nil
	}
	info, err := f.fetch(ctx, fsbase.Info{Path: p, Version: pin, Size: -1}, all[0].Dst, all[0].Offset)
	if err != nil {
		return fsbase.Info{}, fail(ctx, op, p, err)
	}
	if err := fsbase.CheckRanges(p, info.Size, ranges); err != nil {
		return fsbase.Info{}, err
	}
	g, within := errgroup.WithContext(ctx)
	g.SetLimit(rangesInFlight)
	for _, r := range all[1:] {
		g.Go(func() error {
			_, err := f.fetch(within, info, r.Dst, r.Offset)
			return err
		})
	}
	if err := g.Wait(); err != nil {
		return fsbase.Info{}, fail(ctx, op, p, err)
	}
	return info, nil
}
