package torchfile

import (
	"strings"

	"github.com/godcp/godcp/ckpterr"
)

const (
	sigCentral = "PK\x01\x02"
	centralLen = 46

	flagDescriptor = 1 << 3
	flagsKnown     = 1<<1 | 1<<2 | flagDescriptor | 1<<11 // deflate levels, descriptor, UTF-8

	methodStore   = 0
	methodDeflate = 8
)

// Entry is one file of the archive.
type Entry struct {
	Name           string // below the archive's root: "data.pkl", "data/0"
	Offset         int64  // of the payload, in bytes from the item's start
	Size           int64  // bytes of content
	CompressedSize int64  // bytes of payload
	CRC32          uint32
	HasCRC         bool   // false for what torch writes with its CRC option off
	Method         uint16 // 0 stored, 8 deflated

	header int64 // position of the local header
	flags  uint16
	big    bool // has a zip64 extra field
}

// parseDirectory reads the central directory: exactly d.count records in
// exactly d.size bytes, all under one root, no name twice.
func parseDirectory(d directory, w window) (root string, entries []Entry, err error) {
	b := w.at(d.off, d.size)
	names := string(b) // one copy for all names
	entries = make([]Entry, 0, d.count)
	pos := 0
	for range d.count {
		rec := b[pos:]
		off := d.off + int64(pos)
		if len(rec) < centralLen || string(rec[:4]) != sigCentral {
			return "", nil, bad(off, "no central directory record")
		}
		n, extra, comment := int(le.Uint16(rec[28:])), int(le.Uint16(rec[30:])), int(le.Uint16(rec[32:]))
		total := centralLen + n + extra + comment
		if total > len(rec) {
			return "", nil, bad(off, "a central directory record reaches over the directory's end")
		}
		e, err := parseCentral(rec[:centralLen], rec[centralLen+n:][:extra], off)
		if err != nil {
			return "", nil, err
		}
		name := names[pos+centralLen:][:n]
		top, rest, ok := strings.Cut(name, "/")
		if !ok || top == "" || strings.IndexByte(name, 0) >= 0 {
			return "", nil, bad(off, "entry %q is not below a root folder", name)
		}
		if len(entries) == 0 {
			root = top
		} else if top != root {
			return "", nil, bad(off, "entries under two roots, %q and %q", root, top)
		}
		e.Name = rest
		entries = append(entries, e)
		pos += total
	}
	if pos != len(b) {
		return "", nil, bad(d.off+int64(pos), "%d bytes after the last central directory record", len(b)-pos)
	}
	return root, entries, checkNames(entries)
}

// parseCentral reads the fixed part of a record and its extra fields.
func parseCentral(rec, extra []byte, off int64) (Entry, error) {
	e := Entry{flags: le.Uint16(rec[8:]), Method: le.Uint16(rec[10:]), CRC32: le.Uint32(rec[16:])}
	switch {
	case e.flags&^flagsKnown != 0:
		return e, bad(off, "encrypted, or other flags that torch does not write (%#x)", e.flags)
	case e.Method != methodStore && e.Method != methodDeflate:
		return e, bad(off, "compression method %d", e.Method)
	case le.Uint16(rec[34:]) != 0:
		return e, bad(off, "an entry on another disk")
	}
	size, csize, header := uint64(le.Uint32(rec[24:])), uint64(le.Uint32(rec[20:])), uint64(le.Uint32(rec[42:]))
	const ones = 0xffffffff
	if size == ones || csize == ones || header == ones {
		field, ok := extraField(extra, 1)
		if !ok {
			return e, bad(off, "sizes of an entry are missing")
		}
		for _, v := range []*uint64{&size, &csize, &header} {
			if *v != ones {
				continue
			}
			if len(field) < 8 {
				return e, bad(off, "a zip64 field that is too short")
			}
			*v, field = le.Uint64(field), field[8:]
		}
		e.big = true
	}
	// The payload and its header end before this record.
	limit := uint64(off)
	if header > limit || csize > limit-header || e.Method == methodStore && size != csize || size > 1<<62 {
		return e, bad(off, "an entry of %d bytes (%d inflated) at %d", csize, size, header)
	}
	e.Size, e.CompressedSize, e.header = int64(size), int64(csize), int64(header)
	e.HasCRC = e.CRC32 != 0 || e.Size == 0
	return e, nil
}

// extraField finds a field of an extra area.
func extraField(extra []byte, id uint16) ([]byte, bool) {
	for len(extra) >= 4 {
		n := int(le.Uint16(extra[2:]))
		if n > len(extra)-4 {
			return nil, false
		}
		if le.Uint16(extra) == id {
			return extra[4:][:n], true
		}
		extra = extra[4+n:]
	}
	return nil, false
}

// checkNames refuses a name that is there twice. Torch looks names up without
// regard to case, so two that differ in case only are one name too.
func checkNames(entries []Entry) error {
	const few = 16
	if len(entries) > few {
		seen := make(map[string]struct{}, len(entries))
		for i := range entries {
			key := foldASCII(entries[i].Name)
			if _, dup := seen[key]; dup {
				return duplicate(entries[i].Name)
			}
			seen[key] = struct{}{}
		}
		return nil
	}
	for i := range entries {
		for j := range i {
			if a, b := entries[i].Name, entries[j].Name; len(a) == len(b) && foldASCII(a) == foldASCII(b) {
				return duplicate(a)
			}
		}
	}
	return nil
}

func duplicate(name string) error {
	return ckpterr.New(ckpterr.BadArchive, "two entries named %q", name)
}

// foldASCII lowers A–Z, as the zip library of torch does.
func foldASCII(s string) string {
	for i := range len(s) {
		if 'A' <= s[i] && s[i] <= 'Z' {
			b := []byte(s)
			for j := i; j < len(b); j++ {
				if 'A' <= b[j] && b[j] <= 'Z' {
					b[j] += 'a' - 'A'
				}
			}
			return string(b)
		}
	}
	return s
}
