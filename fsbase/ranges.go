package fsbase

import (
	"context"
	"fmt"
	"io"
	"io/fs"
	"math"
)

// ReadRanges fills the Dst of every range or fails: by [RangeReader], else
// with an open stream. A pin that is not the current version is ErrChanged;
// pin "" means whatever version is current, one for all ranges. A range past
// the end is io.ErrUnexpectedEOF. The Info is that of the version read.
func ReadRanges(ctx context.Context, fsys FileSystemBase, path string, pin Version, ranges []Range) (Info, error) {
	if err := CheckCall(ctx, "read", path); err != nil {
		return Info{}, err
	}
	// Of the stream's length only the storage knows.
	if err := CheckRanges(path, math.MaxInt64, ranges); err != nil {
		return Info{}, err
	}
	if r, ok := As[RangeReader](fsys); ok {
		return r.ReadRanges(ctx, path, pin, ranges)
	}
	r, err := fsys.OpenStream(ctx, path)
	if err != nil {
		return Info{}, err
	}
	defer r.Close()
	info := r.Info()
	if pin != "" && info.Version != pin {
		return Info{}, &fs.PathError{Op: "read", Path: path, Err: ErrChanged}
	}
	if err := CheckRanges(path, info.Size, ranges); err != nil {
		return Info{}, err
	}
	for _, g := range ranges {
		if n, err := r.ReadAt(g.Dst, g.Offset); n < len(g.Dst) {
			return Info{}, PathError("read", path, unexpectedEnd(err))
		}
	}
	return info, nil
}

// CheckRanges says whether ranges are inside a stream of size bytes: a
// negative offset is fs.ErrInvalid, a range past the end io.ErrUnexpectedEOF.
func CheckRanges(path string, size int64, ranges []Range) error {
	for _, g := range ranges {
		n := int64(len(g.Dst))
		if g.Offset < 0 {
			return &fs.PathError{Op: "read", Path: path, Err: fmt.Errorf("offset %d: %w", g.Offset, fs.ErrInvalid)}
		}
		if n > size || g.Offset > size-n { // Offset+n may overflow
			return &fs.PathError{Op: "read", Path: path, Err: fmt.Errorf("%d bytes at %d are past the end at %d: %w", n, g.Offset, size, io.ErrUnexpectedEOF)}
		}
	}
	return nil
}
