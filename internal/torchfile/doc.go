// Package torchfile reads and writes one item of a DCP data file: the zip
// archive that torch.save writes, with a tensor or a pickled object in it.
//
// Nothing in an item is believed before it is checked. Opening reads the
// archive's tail and its local headers, never a payload; what the records
// claim is compared with the bytes that are there before memory is taken, and
// local headers, central directory and data descriptors must tell the same.
// Faults are *ckpterr.Error with offsets in bytes from the item's start; an
// error of the reader underneath comes back wrapped and without a class.
package torchfile

// Limits bound what an archive may make the reader do. A zero field means the
// default.
type Limits struct {
	// Entries is the largest number of entries (default 1 << 20).
	Entries int
	// Directory is the largest central directory in bytes (default 64 MiB).
	Directory int64
	// Pickle is the largest data.pkl of [Archive.Value], inflated, in bytes
	// (default 64 MiB). The one of a tensor is never more than 64 KiB.
	Pickle int64
	// Expand is how many logical bytes a tensor may have that repeats its
	// storage with stride 0 or overlapping strides (default 1 GiB). It does not
	// bound tensors whose storage really is that large.
	Expand int64
}

// tensorPickle bounds the data.pkl of a tensor item: torch's has about 300
// bytes.
const tensorPickle = 64 << 10

// deflatedPickle bounds a data.pkl that is deflated: no writer of torch's does
// that, and a small item would become much work.
const deflatedPickle = 1 << 20

func (l Limits) withDefaults() Limits {
	if l.Entries == 0 {
		l.Entries = 1 << 20
	}
	if l.Directory == 0 {
		l.Directory = 64 << 20
	}
	if l.Pickle == 0 {
		l.Pickle = 64 << 20
	}
	if l.Expand == 0 {
		l.Expand = 1 << 30
	}
	return l
}
