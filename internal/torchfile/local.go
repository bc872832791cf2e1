package torchfile

import (
	"cmp"
	"io"
	"slices"
)

const (
	sigLocal      = "PK\x03\x04"
	sigDescriptor = "PK\x07\x08"
	localLen      = 30

	// A read that looks for a local header takes what follows too when more
	// headers are near.
	nearHeaders = 64 << 10
	headerSpan  = 1 << 10
)

// locals walks the local headers in the order they lie in the item.
type locals struct {
	r      io.ReaderAt
	dirOff int64
	tail   window // the central directory and what was read with it
	head   window // the first read at the item's start, kept
	cur    window // the last read
}

// check reads every local header, compares it with the central directory, sets
// Offset, and refuses entries that overlap each other or the directory.
func (l *locals) check(root string, entries []Entry) error {
	order := make([]*Entry, 0, 16)
	for i := range entries {
		order = append(order, &entries[i])
	}
	if !slices.IsSortedFunc(order, byHeader) {
		slices.SortFunc(order, byHeader)
	}
	if order[0].header != 0 {
		return bad(0, "%d bytes before the first entry", order[0].header)
	}
	for i, e := range order {
		if err := l.checkHeader(root, order[i:]); err != nil {
			return err
		}
		limit := l.dirOff
		if i+1 < len(order) {
			limit = order[i+1].header
		}
		if e.CompressedSize > limit-e.Offset {
			return bad(e.header, "entry %q reaches into what follows it", e.Name)
		}
		if e.flags&flagDescriptor != 0 {
			if err := l.checkDescriptor(e, limit); err != nil {
				return err
			}
		}
	}
	return nil
}

func byHeader(a, b *Entry) int { return cmp.Compare(a.header, b.header) }

// checkHeader checks the header of the first entry of rest.
func (l *locals) checkHeader(root string, rest []*Entry) error {
	e := rest[0]
	n := int64(localLen + len(root) + 1 + len(e.Name))
	h, err := l.bytes(e.header, n, rest)
	if err != nil {
		return err
	}
	if h == nil || string(h[:4]) != sigLocal {
		return bad(e.header, "entry %q has no local header", e.Name)
	}
	extraLen := int64(le.Uint16(h[28:]))
	e.Offset = e.header + n + extraLen
	name := h[localLen:]
	switch {
	case int(le.Uint16(h[26:])) != len(name) || string(name[:len(root)]) != root ||
		name[len(root)] != '/' || string(name[len(root)+1:]) != e.Name:
		return bad(e.header, "entry %q has another name in its local header", e.Name)
	case le.Uint16(h[6:]) != e.flags || le.Uint16(h[8:]) != e.Method:
		return bad(e.header, "entry %q has other flags or another method in its local header", e.Name)
	case e.Offset > l.dirOff:
		return bad(e.header, "the local header of entry %q reaches into the directory", e.Name)
	}
	crc, csize, size := le.Uint32(h[14:]), uint64(le.Uint32(h[18:])), uint64(le.Uint32(h[22:]))
	if e.flags&flagDescriptor != 0 && crc == 0 && csize == 0 && size == 0 {
		return nil // told after the payload
	}
	if csize == 0xffffffff || size == 0xffffffff {
		extra, err := l.bytes(e.header+n, extraLen, rest)
		if err != nil {
			return err
		}
		field, ok := extraField(extra, 1)
		if !ok || len(field) < 16 {
			return bad(e.header, "entry %q has no sizes in its local header", e.Name)
		}
		size, csize = le.Uint64(field), le.Uint64(field[8:])
		if e.flags&flagDescriptor != 0 && size == 0 && csize == 0 {
			return nil
		}
	}
	if csize != uint64(e.CompressedSize) || size != uint64(e.Size) || crc != e.CRC32 && (crc != 0 || e.flags&flagDescriptor == 0) {
		return bad(e.header, "entry %q has another size or checksum in its local header", e.Name)
	}
	return nil
}

// checkDescriptor compares the record after the payload. limit is where the
// next thing begins.
func (l *locals) checkDescriptor(e *Entry, limit int64) error {
	off := e.Offset + e.CompressedSize
	d, err := l.bytes(off, min(24, limit-off), nil)
	if err != nil {
		return err
	}
	if len(d) >= 16 && string(d[:4]) == sigDescriptor && le.Uint32(d[4:]) == e.CRC32 {
		if int64(le.Uint32(d[8:])) == e.CompressedSize && int64(le.Uint32(d[12:])) == e.Size {
			return nil
		}
		if len(d) == 24 && le.Uint64(d[8:]) == uint64(e.CompressedSize) && le.Uint64(d[16:]) == uint64(e.Size) {
			return nil
		}
	}
	return bad(off, "the data descriptor of entry %q does not say what the directory says", e.Name)
}

// bytes returns n bytes from off out of what was read, reading more if needed;
// nil when they reach into the central directory. rest are the entries from
// off on: their headers are read along when they are near.
func (l *locals) bytes(off, n int64, rest []*Entry) ([]byte, error) {
	if n < 0 || off > l.dirOff-n {
		return nil, nil
	}
	for _, w := range []*window{&l.cur, &l.tail, &l.head} {
		if b := w.at(off, n); b != nil {
			return b, nil
		}
	}
	end := off + n + headerSpan
	for _, e := range rest {
		if e.header-off > nearHeaders {
			break
		}
		end = max(end, e.header+headerSpan)
	}
	var err error
	l.cur, err = readWindow(l.r, off, min(end, l.dirOff)-off)
	if off == 0 {
		l.head = l.cur
	}
	return l.cur.at(off, n), err
}
