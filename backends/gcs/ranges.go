package gcs

import (
	"cmp"
	"context"
	"fmt"
	"io/fs"
	"math"
	"slices"

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
	all := runs(ranges)
	if len(all) == 0 {
		return f.pinned(ctx, p, pin, ranges)
	}
	about, err := f.fetch(ctx, p, generation, all[0].dst, all[0].offset)
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
			_, err := f.fetch(within, p, about.Generation, r.dst, r.offset)
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
// whole object over HTTP only, and then none that is 0.
func infoOfAnswer(p string, about storage.ReaderObjectAttrs) fsbase.Info {
	info := fsbase.Info{Path: p, Size: about.Size, ModTime: about.LastModified, Version: versionOf(about.Generation)}
	if about.CRC32C != 0 {
		info.Sum = sumOf(about.CRC32C)
	}
	return info
}
