package local

import (
	"cmp"
	"context"
	"slices"

	"github.com/godcp/godcp/fsbase"
)

// ReadRanges opens the file once and reads in the order of offsets, straight
// into the caller's memory. C6.
func (f *FS) ReadRanges(ctx context.Context, p string, pin fsbase.Version, ranges []fsbase.Range) (fsbase.Info, error) {
	const op = "read"
	file, fi, err := f.openStream(ctx, op, p)
	if err != nil {
		return fsbase.Info{}, err
	}
	defer file.Close()
	info := infoOf(p, fi)
	if pin != "" && pin != info.Version {
		return fsbase.Info{}, pathError(op, p, fsbase.ErrChanged)
	}
	if err := fsbase.CheckRanges(p, info.Size, ranges); err != nil {
		return fsbase.Info{}, err
	}
	sorted := slices.SortedFunc(slices.Values(ranges), func(a, b fsbase.Range) int {
		return cmp.Compare(a.Offset, b.Offset)
	})
	for _, r := range sorted {
		if err := ctx.Err(); err != nil {
			return fsbase.Info{}, pathError(op, p, err)
		}
		if err := readPinned(file, fi, r.Dst, r.Offset); err != nil {
			return fsbase.Info{}, pathError(op, p, err)
		}
	}
	return info, nil
}
