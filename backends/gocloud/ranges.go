package gocloud

import (
	"cmp"
	"context"
	"math"
	"slices"

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

// run is what one request asks for: memory to fill from an offset on.
type run struct {
	offset, end int64
	dst         [][]byte
}

// runs puts together what lies close. Empty ranges are left out.
func runs(ranges []fsbase.Range) (all []run) {
	sorted := slices.SortedStableFunc(slices.Values(ranges), func(a, b fsbase.Range) int { return cmp.Compare(a.Offset, b.Offset) })
	for _, g := range sorted {
		n := int64(len(g.Dst))
		if n == 0 {
			continue
		}
		if len(all) > 0 {
			last := &all[len(all)-1]
			if gap := g.Offset - last.end; 0 <= gap && gap <= between && g.Offset+n-last.offset <= atOnce {
				if gap > 0 {
					last.dst = append(last.dst, make([]byte, gap))
				}
				last.dst, last.end = append(last.dst, g.Dst), g.Offset+n
				continue
			}
		}
		all = append(all, run{g.Offset, g.Offset + n, [][]byte{g.Dst}})
	}
	return all
}

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
	all := runs(ranges)
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
	info, err := f.fetch(ctx, fsbase.Info{Path: p, Version: pin, Size: -1}, all[0].dst, all[0].offset)
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
			_, err := f.fetch(within, info, r.dst, r.offset)
			return err
		})
	}
	if err := g.Wait(); err != nil {
		return fsbase.Info{}, fail(ctx, op, p, err)
	}
	return info, nil
}
