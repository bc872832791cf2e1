package torchfile

import (
	"errors"
	"fmt"
	"io"

	"github.com/godcp/godcp/ckpterr"
)

// window is a part of the item held in memory.
type window struct {
	off int64 // bytes from the item's start
	b   []byte
}

// at returns n bytes from off, or nil when the window does not hold them all.
func (w *window) at(off, n int64) []byte {
	if off < w.off || n < 0 || off-w.off > int64(len(w.b))-n {
		return nil
	}
	i := off - w.off
	return w.b[i : i+n : i+n]
}

// readWindow reads [off, off+n), which the caller has checked against the
// item's size.
func readWindow(r io.ReaderAt, off, n int64) (window, error) {
	b := make([]byte, n)
	if err := readFull(r, b, off); err != nil {
		return window{}, err
	}
	return window{off: off, b: b}, nil
}

// readFull fills b. A reader that ends early means an item that reaches over
// the end of its file.
func readFull(r io.ReaderAt, b []byte, off int64) error {
	n, err := r.ReadAt(b, off)
	if n == len(b) {
		return nil
	}
	if err == nil || errors.Is(err, io.EOF) || errors.Is(err, io.ErrUnexpectedEOF) {
		return ckpterr.New(ckpterr.OutOfRange, "the item ends %d bytes into a read of %d at %d", n, len(b), off)
	}
	return fmt.Errorf("reading %d bytes at %d: %w", len(b), off, err)
}

// bad is a BadArchive at an offset from the item's start.
func bad(off int64, format string, args ...any) error {
	return at(ckpterr.New(ckpterr.BadArchive, format, args...), off)
}

func at(e *ckpterr.Error, off int64) error {
	e.Offset = off
	return e
}
