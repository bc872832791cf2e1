package gcs

import (
	"context"
	"fmt"
	"io/fs"
	"math"

	"cloud.google.com/go/storage"
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
func (f *FS) ReadRanges(ctx context.Context, p string, pin fsbase.Version, ranges []fsbase.Range) (fsbase.Info, error) {
	const op = "read"
	if err := checkRead(ctx, op, p); err != nil {
		return fsbase.Info{}, err
	}
	if err := fsbase.CheckRanges(p, math.MaxInt64, ranges); err != nil {
		return fsbase.Info{}, err
	}
	generation, ok := generationOf(pin)
	if pin != "" && !ok {
		return fsbase.Info{}, &fs.PathError{Op: op, Path: p, Err: fmt.Errorf("%q is no version: %w", pin, fsbase.ErrChanged)}
	}
	all := fsbase.MergeRanges(ranges, between, atOnce)
	if len(all) == 0 {
		return f.pinned(ctx, p, pin, ranges)
	}
	about, err := f.fetch(ctx, p, generation, all[0].Dst, all[0].Offset)
	if err != nil {
		return fsbase.Info{}, fail(ctx, op, p, err)
	}
	info := infoOfAnswer(p, about)
	if err := fsbase.CheckRanges(p, info.Size, ranges); err != nil {
		return fsbase.Info{}, err
	}
	g, within := errgroup.WithContext(ctx)
	g.SetLimit(rangesInFlight)
	for _, r := range all[1:] {
		g.Go(func() error {
			_, err := f.fetch(within, p, about.Generation, r.Dst, r.Offset)
			return err
		})
	}
	if err := g.Wait(); err != nil {
		return fsbase.Info{}, fail(ctx, op, p, err)
	}
	return info, nil
}

// pinned is ReadRanges where there is nothing to read.
func (f *FS) pinned(ctx context.Context, p string, pin fsbase.Version, ranges []fsbase.Range) (fsbase.Info, error) {
	attrs, err := f.stat(ctx, "read", p)
	if err != nil {
		return fsbase.Info{}, err
	}
	info := infoOf(p, attrs)
	if pin != "" && pin != info.Version {
		return fsbase.Info{}, &fs.PathError{Op: "read", Path: p, Err: fsbase.ErrChanged}
	}
	if err := fsbase.CheckRanges(p, info.Size, ranges); err != nil {
		return fsbase.Info{}, err
	}
	return info, nil
}

// infoOfAnswer is what the answer to a read tells. It has the checksum of the
// whole object over HTTP only, and then none that is 0. Its time is in whole
// seconds, which is not the one that Stat tells: there is none (W12).
func infoOfAnswer(p string, about storage.ReaderObjectAttrs) fsbase.Info {
	info := fsbase.Info{Path: p, Size: about.Size, Version: versionOf(about.Generation)}
	if about.CRC32C != 0 {
		info.Sum = sumOf(about.CRC32C)
	}
	return info
}
