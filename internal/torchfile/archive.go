package torchfile

import (
	"bytes"
	"io"
	"strconv"

	"github.com/godcp/godcp/ckpterr"
)

// wholeItem is the size up to which an item is read in one piece.
const wholeItem = 64 << 10

// Archive is an opened item. It is safe for concurrent use if its reader is.
type Archive struct {
	root      string
	entries   []Entry
	byName    map[string]int // nil when there are few
	bigEndian bool
	lim       Limits

	r          io.ReaderAt // nil when the item is in memory
	size       int64
	head, tail window // parts of the item that opening read
}

// Open reads the tail and the local headers of the item that r spans exactly.
// An item of up to 64 KiB is read in one call; of a larger one, as torch lays it
// out, about 4 KiB are read at either end.
func Open(r io.ReaderAt, size int64, lim Limits) (*Archive, error) {
	if size < 0 {
		return nil, ckpterr.New(ckpterr.OutOfRange, "an item of %d bytes", size)
	}
	if size <= wholeItem {
		w, err := readWindow(r, 0, size)
		if err != nil {
			return nil, err
		}
		return OpenBytes(w.b, lim)
	}
	return open(r, size, window{}, lim)
}

// OpenBytes opens an item that is in memory. The archive shares item: it must
// not be changed while the archive or anything from [Archive.ReadEntry] is used.
func OpenBytes(item []byte, lim Limits) (*Archive, error) {
	if len(item) == 0 {
		return nil, ckpterr.New(ckpterr.BadArchive, "an item of 0 bytes")
	}
	return open(nil, int64(len(item)), window{b: item}, lim)
}

func open(r io.ReaderAt, size int64, whole window, lim Limits) (*Archive, error) {
	lim = lim.withDefaults()
	d, tail, err := readTail(r, size, whole, lim)
	if err != nil {
		return nil, err
	}
	root, entries, err := parseDirectory(d, tail)
	if err != nil {
		return nil, err
	}
	l := locals{r: r, dirOff: d.off, tail: tail}
	if err := l.check(root, entries); err != nil {
		return nil, err
	}
	a := &Archive{root: root, entries: entries, lim: lim, r: r, size: size, head: l.head, tail: tail}
	if len(entries) > 32 {
		a.byName = make(map[string]int, len(entries))
		for i := range entries {
			a.byName[entries[i].Name] = i
		}
	}
	if err := a.checkVersion(); err != nil {
		return nil, err
	}
	return a, a.checkByteOrder()
}

// Root is the one folder that holds every entry: "archive" as torch.save
// writes it to a stream.
func (a *Archive) Root() string { return a.root }

// Entries returns all entries in the order of the central directory. The slice
// is the archive's own.
func (a *Archive) Entries() []Entry { return a.entries }

// Entry finds an entry by its name below the root.
func (a *Archive) Entry(name string) (Entry, bool) {
	if a.byName != nil {
		i, ok := a.byName[name]
		if !ok {
			return Entry{}, false
		}
		return a.entries[i], true
	}
	for i := range a.entries {
		if a.entries[i].Name == name {
			return a.entries[i], true
		}
	}
	return Entry{}, false
}

// BigEndian tells whether the storages hold big-endian values.
func (a *Archive) BigEndian() bool { return a.bigEndian }

// The oldest and newest file format that torch 2.15 reads.
const minVersion, maxVersion = 1, 10

func (a *Archive) checkVersion() error {
	e, ok := a.Entry(".data/version")
	if !ok {
		if e, ok = a.Entry("version"); !ok {
			return ckpterr.New(ckpterr.BadArchive, "no version entry")
		}
	}
	b, err := a.ReadEntry(e, 32)
	if err != nil {
		return err
	}
	text := bytes.TrimSuffix(b, []byte("\n"))
	n, err := strconv.ParseUint(string(text), 10, 16)
	if err != nil {
		return bad(e.Offset, "version %q", b)
	}
	if n < minVersion || n > maxVersion {
		return bad(e.Offset, "version %d, torch reads %d to %d", n, minVersion, maxVersion)
	}
	return nil
}

func (a *Archive) checkByteOrder() error {
	e, ok := a.Entry("byteorder")
	if !ok {
		return nil
	}
	b, err := a.ReadEntry(e, 32)
	if err != nil {
		return err
	}
	switch string(b) {
	case "little":
	case "big":
		a.bigEndian = true
	default:
		return bad(e.Offset, "byte order %q", b)
	}
	return nil
}
