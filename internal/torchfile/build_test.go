package torchfile

import (
	"bytes"
	"compress/flate"
	"encoding/binary"
	"hash/crc32"
	"math/big"
	"slices"
)

// rawEntry is one entry of an archive that a test makes by hand: what its
// three records say, each of which may lie.
type rawEntry struct {
	name           string
	localName      string // when it differs
	data           []byte // payload as stored
	size           int    // inflated; 0 means len(data)
	crc            uint32
	flags, method  uint16
	localFlags     uint16 // xor
	localMethod    uint16 // xor
	localSize      int    // added
	localCRC       uint32 // xor
	centralSize    int    // added to both sizes
	descriptorSize int    // added
	noDescriptor   bool
	descriptor64   bool
	extra          []byte // local
	centralExtra   []byte
	header         int64 // added to the directory's offset
}

// rawZip is an archive: entries and what the end records say about them.
type rawZip struct {
	entries  []rawEntry
	before   []byte
	gap      []byte // between directory and end records
	comment  []byte
	trailing []byte
	count    int // added
	dirSize  int // added
	dirOff   int // added
	disk     uint16
	zip64    bool
	ones     bool // the end record has all ones and leaves it to zip64
	count64  int  // added
}

// entry makes a stored entry with true sizes and checksum.
func entry(name string, data []byte) rawEntry {
	return rawEntry{name: name, data: data, crc: crc32.ChecksumIEEE(data)}
}

func (z rawZip) bytes() []byte {
	p := binary.LittleEndian
	b := slices.Clone(z.before)
	offs := make([]int64, len(z.entries))
	for i, e := range z.entries {
		offs[i] = int64(len(b))
		size, name := e.size, e.name
		if size == 0 {
			size = len(e.data)
		}
		if e.localName != "" {
			name = e.localName
		}
		lsize, lcsize, lcrc := size+e.localSize, len(e.data)+e.localSize, e.crc^e.localCRC
		if e.flags&flagDescriptor != 0 {
			lsize, lcsize, lcrc = e.localSize, e.localSize, e.localCRC
		}
		b = append(b, sigLocal...)
		b = p.AppendUint16(b, 0)
		b = p.AppendUint16(b, e.flags^e.localFlags)
		b = p.AppendUint16(b, e.method^e.localMethod)
		b = append(b, 0, 0, 0, 0)
		b = p.AppendUint32(b, lcrc)
		b = p.AppendUint32(b, uint32(lcsize))
		b = p.AppendUint32(b, uint32(lsize))
		b = p.AppendUint16(b, uint16(len(name)))
		b = p.AppendUint16(b, uint16(len(e.extra)))
		b = append(append(append(b, name...), e.extra...), e.data...)
		if e.flags&flagDescriptor == 0 || e.noDescriptor {
			continue
		}
		b = append(b, sigDescriptor...)
		b = p.AppendUint32(b, e.crc)
		if e.descriptor64 {
			b = p.AppendUint64(b, uint64(len(e.data)+e.descriptorSize))
			b = p.AppendUint64(b, uint64(size+e.descriptorSize))
		} else {
			b = p.AppendUint32(b, uint32(len(e.data)+e.descriptorSize))
			b = p.AppendUint32(b, uint32(size+e.descriptorSize))
		}
	}
	dir := len(b)
	for i, e := range z.entries {
		size := e.size
		if size == 0 {
			size = len(e.data)
		}
		b = append(b, sigCentral...)
		b = append(b, 0, 0, 0, 0)
		b = p.AppendUint16(b, e.flags)
		b = p.AppendUint16(b, e.method)
		b = append(b, 0, 0, 0, 0)
		b = p.AppendUint32(b, e.crc)
		b = p.AppendUint32(b, uint32(len(e.data)+e.centralSize))
		b = p.AppendUint32(b, uint32(size+e.centralSize))
		b = p.AppendUint16(b, uint16(len(e.name)))
		b = p.AppendUint16(b, uint16(len(e.centralExtra)))
		b = append(b, make([]byte, 10)...)
		b = p.AppendUint32(b, uint32(offs[i]+e.header))
		b = append(append(b, e.name...), e.centralExtra...)
	}
	dirSize := len(b) - dir + z.dirSize
	dir += z.dirOff
	b = append(b, z.gap...)
	count := len(z.entries) + z.count
	if z.zip64 {
		end64 := len(b)
		b = append(b, sigEnd64...)
		b = p.AppendUint64(b, end64Len-12)
		b = append(b, make([]byte, 12)...)
		b = p.AppendUint64(b, uint64(count+z.count64))
		b = p.AppendUint64(b, uint64(count+z.count64))
		b = p.AppendUint64(b, uint64(dirSize))
		b = p.AppendUint64(b, uint64(dir))
		b = append(b, sigLocator64...)
		b = p.AppendUint32(b, 0)
		b = p.AppendUint64(b, uint64(end64))
		b = p.AppendUint32(b, 1)
	}
	if z.ones {
		count, dirSize, dir = -1, -1, -1
	}
	b = append(b, sigEnd...)
	b = p.AppendUint16(b, z.disk)
	b = p.AppendUint16(b, z.disk)
	b = p.AppendUint16(b, uint16(count))
	b = p.AppendUint16(b, uint16(count))
	b = p.AppendUint32(b, uint32(dirSize))
	b = p.AppendUint32(b, uint32(dir))
	b = p.AppendUint16(b, uint16(len(z.comment)))
	return append(append(b, z.comment...), z.trailing...)
}

// op is a raw piece of a pickle.
type op string

func pickleInt(n int64) string {
	switch {
	case n >= 0 && n < 256:
		return "K" + string([]byte{byte(n)})
	case n >= 0 && n < 65536:
		return "M" + string(le.AppendUint16(nil, uint16(n)))
	case n >= -1<<31 && n < 1<<31:
		return "J" + string(le.AppendUint32(nil, uint32(n)))
	}
	return pickleBig(big.NewInt(n))
}

// pickleBig is a LONG1.
func pickleBig(n *big.Int) string {
	m := new(big.Int).Set(n)
	size := n.BitLen()/8 + 1
	if n.Sign() < 0 {
		m.Add(m, new(big.Int).Lsh(big.NewInt(1), uint(8*size)))
	}
	b := m.FillBytes(make([]byte, size))
	slices.Reverse(b)
	return "\x8a" + string([]byte{byte(size)}) + string(b)
}

func pickleInts(ns []int64) string {
	if len(ns) == 0 {
		return ")"
	}
	s := "("
	for _, n := range ns {
		s += pickleInt(n)
	}
	return s + "t"
}

func text(s string) string {
	return "X" + string(le.AppendUint32(nil, uint32(len(s)))) + s
}

// pklStorage is a storage's persistent id; class has the module in front.
func pklStorage(class, key string, numel int64) string {
	return "(" + text("storage") + "c" + class + "\n" + text(key) + text("cpu") + pickleInt(numel) + "tQ"
}

const hooks = "ccollections\nOrderedDict\n)R"

// pklV2 is a call of _rebuild_tensor_v2.
func pklV2(storage string, offset int64, size, stride []int64, more ...op) string {
	s := "ctorch._utils\n_rebuild_tensor_v2\n(" + storage + pickleInt(offset) + pickleInts(size) + pickleInts(stride) + "\x89" + hooks
	for _, m := range more {
		s += string(m)
	}
	return s + "tR"
}

// item23 is an item whose data.pkl is pkl and whose data/0 has 24 bytes.
func item23(pkl string) []byte { return itemOf("\x80\x02"+pkl+".", make([]byte, 24)) }

func itemOf(pkl string, storages ...[]byte) []byte {
	z := rawZip{entries: []rawEntry{entry("archive/data.pkl", []byte(pkl))}}
	for i, s := range storages {
		z.entries = append(z.entries, entry("archive/data/"+big.NewInt(int64(i)).String(), s))
	}
	z.entries = append(z.entries, entry("archive/version", []byte("3\n")))
	return z.bytes()
}

// tensorItem is an item of a one-dimensional uint8 tensor.
func tensorItem(data []byte) []byte {
	n := int64(len(data))
	return itemOf("\x80\x02"+pklV2(pklStorage("torch\nByteStorage", "0", n), 0, []int64{n}, []int64{1})+".", data)
}

func deflate(b []byte) []byte {
	var out bytes.Buffer
	w, _ := flate.NewWriter(&out, 5)
	_, _ = w.Write(b)
	_ = w.Close()
	return out.Bytes()
}
