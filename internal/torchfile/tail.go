package torchfile

import (
	"bytes"
	"encoding/binary"
	"io"

	"github.com/godcp/godcp/ckpterr"
)

const (
	sigEnd       = "PK\x05\x06"
	sigEnd64     = "PK\x06\x06"
	sigLocator64 = "PK\x06\x07"

	endLen       = 22
	end64Len     = 56
	locator64Len = 20

	firstTail = 4 << 10
	maxTail   = 1<<16 + endLen + locator64Len + end64Len
)

var le = binary.LittleEndian

// directory is where the end records say the central directory lies.
type directory struct {
	count     int
	off, size int64
}

// readTail finds the end records and returns where the central directory
// lies, with a window that holds it and everything after it. whole is the item
// itself when it is in memory, else empty.
func readTail(r io.ReaderAt, size int64, whole window, lim Limits) (directory, window, error) {
	w, err := whole, error(nil)
	if w.b == nil {
		if w, err = tailWindow(r, size, firstTail); err != nil {
			return directory{}, w, err
		}
	}
	end := findEnd(w)
	if end < 0 && int64(len(w.b)) < min(size, maxTail) {
		if w, err = tailWindow(r, size, maxTail); err != nil {
			return directory{}, w, err
		}
		end = findEnd(w)
	}
	if end < 0 {
		return directory{}, w, ckpterr.New(ckpterr.BadArchive, "%d bytes without the end record of a zip archive", size)
	}
	if need := size - end + locator64Len + end64Len; int64(len(w.b)) < min(size, need) {
		if w, err = tailWindow(r, size, need); err != nil {
			return directory{}, w, err
		}
	}
	d, err := parseEnd(w, end, size)
	if err != nil {
		return d, w, err
	}
	if d.count > lim.Entries {
		return d, w, at(ckpterr.New(ckpterr.LimitExceeded, "%d entries, more than %d", d.count, lim.Entries), end)
	}
	if d.size > lim.Directory {
		return d, w, at(ckpterr.New(ckpterr.LimitExceeded, "a central directory of %d bytes, more than %d", d.size, lim.Directory), end)
	}
	if d.off < w.off {
		w, err = tailWindow(r, size, size-d.off)
	}
	return d, w, err
}

func tailWindow(r io.ReaderAt, size, n int64) (window, error) {
	n = min(n, size)
	return readWindow(r, size-n, n)
}

// findEnd returns the position of the last end record whose comment fits, or
// -1. Bytes after it are tolerated as torch tolerates them; that nothing lies
// between the directory and this record is checked later, so that a record
// planted in a comment cannot stand for another archive.
func findEnd(w window) int64 {
	b := w.b[max(0, len(w.b)-maxTail):]
	base := w.off + int64(len(w.b)-len(b))
	for {
		i := bytes.LastIndex(b, []byte(sigEnd))
		if i < 0 {
			return -1
		}
		pos := base + int64(i)
		if rec := w.at(pos, endLen); rec != nil && w.at(pos+endLen, int64(le.Uint16(rec[20:]))) != nil {
			return pos
		}
		b = b[:i+len(sigEnd)-1]
	}
}

// parseEnd reads the end record at end and the zip64 records before it, which
// torch always writes.
func parseEnd(w window, end, size int64) (directory, error) {
	rec := w.at(end, endLen)
	count, dirSize, dirOff := uint64(le.Uint16(rec[10:])), uint64(le.Uint32(rec[12:])), uint64(le.Uint32(rec[16:]))
	if le.Uint16(rec[4:]) != 0 || le.Uint16(rec[6:]) != 0 || le.Uint16(rec[8:]) != le.Uint16(rec[10:]) {
		return directory{}, bad(end, "the end record speaks of several disks")
	}
	dirEnd := end
	if loc := w.at(end-locator64Len, locator64Len); loc != nil && string(loc[:4]) == sigLocator64 {
		pos := le.Uint64(loc[8:])
		if le.Uint32(loc[4:]) != 0 || le.Uint32(loc[16:]) > 1 || pos > uint64(end) {
			return directory{}, bad(end-locator64Len, "the zip64 locator points nowhere")
		}
		rec64 := w.at(int64(pos), end64Len)
		if rec64 == nil || string(rec64[:4]) != sigEnd64 || le.Uint64(rec64[4:]) != end64Len-12 ||
			int64(pos) != end-locator64Len-end64Len {
			return directory{}, bad(end-locator64Len, "no zip64 end record before its locator")
		}
		if le.Uint32(rec64[16:]) != 0 || le.Uint32(rec64[20:]) != 0 || le.Uint64(rec64[24:]) != le.Uint64(rec64[32:]) {
			return directory{}, bad(int64(pos), "the zip64 end record speaks of several disks")
		}
		c, s, o := le.Uint64(rec64[32:]), le.Uint64(rec64[40:]), le.Uint64(rec64[48:])
		big := c >= 0xffff || s >= 0xffffffff || o >= 0xffffffff
		if !agree(count, c, 0xffff, big) || !agree(dirSize, s, 0xffffffff, big) || !agree(dirOff, o, 0xffffffff, big) {
			return directory{}, bad(end, "the end record and its zip64 form differ")
		}
		count, dirSize, dirOff, dirEnd = c, s, o, int64(pos)
	}
	if dirSize > uint64(dirEnd) || dirOff != uint64(dirEnd)-dirSize {
		return directory{}, bad(end, "a central directory of %d bytes at %d does not end at %d", dirSize, dirOff, dirEnd)
	}
	if count > dirSize/centralLen {
		return directory{}, bad(end, "%d entries in a central directory of %d bytes", count, dirSize)
	}
	if count == 0 {
		return directory{}, bad(end, "an archive without entries")
	}
	return directory{count: int(count), off: int64(dirOff), size: int64(dirSize)}, nil
}

// agree tells whether a field of the end record fits its zip64 value: equal,
// or all ones where some value of the record does not fit (Go's writer then
// sets every field so).
func agree(field, value, ones uint64, big bool) bool {
	return field == value && value < ones || field == ones && big
}
