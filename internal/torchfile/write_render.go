package torchfile

import (
	"hash/crc32"
	"math"
	"slices"
)

var castagnoli = crc32.MakeTable(crc32.Castagnoli)

// sumChunk is what is read from memory for one checksum and from the cache for
// the other.
const sumChunk = 256 << 10

// render makes the bytes around the payloads, and all checksums on the way.
func (it *Item) render() {
	var few [fixedRecords + 1]record
	recs := it.records(few[:0])
	dir, dirLen, size := layOut(recs)
	around := size
	for _, s := range it.storages {
		around -= int64(len(s))
	}
	// The runs are parts of b, which therefore must never move.
	b, cut := make([]byte, 0, around), 0
	it.runs = make([]run, 0, 2*len(it.storages)+1)
	emit := func(data []byte) {
		off := int64(0)
		if n := len(it.runs); n > 0 {
			off = it.runs[n-1].off + int64(len(it.runs[n-1].data))
		}
		it.runs = append(it.runs, run{off, data})
	}
	var crcs uint64
	for i := range recs {
		r := &recs[i]
		if i == len(recs)-1 {
			r.data = serializationID(namesHash(len(it.storages)), crcs)
		}
		b = r.appendLocal(b)
		if r.storage {
			it.crc32c = crc32.Update(it.crc32c, castagnoli, b[cut:])
			emit(b[cut:])
			emit(r.data)
			cut = len(b)
			for part := range slices.Chunk(r.data, sumChunk) {
				r.crc = crc32.Update(r.crc, crc32.IEEETable, part)
				it.crc32c = crc32.Update(it.crc32c, castagnoli, part)
			}
		} else {
			b = append(b, r.data...)
			r.crc = crc32.ChecksumIEEE(r.data)
		}
		b = r.appendDescriptor(b)
		crcs = r.addCRC(crcs)
	}
	for i := range recs {
		b = recs[i].appendCentral(b)
	}
	b = appendEnd(b, len(recs), dir, dirLen)
	it.crc32c = crc32.Update(it.crc32c, castagnoli, b[cut:])
	emit(b[cut:])
}

// flags are those of the local header and of the directory: UTF-8, and a
// descriptor if there is a payload that it can follow.
func (r *record) flags() uint16 {
	if r.size == 0 {
		return 1 << 11
	}
	return 1<<11 | flagDescriptor
}

// appendLocal appends the local header up to the payload.
func (r *record) appendLocal(b []byte) []byte {
	extra := r.payload - r.header - localLen - int64(len(r.name))
	b = append(b, sigLocal...)
	b = le.AppendUint16(b, 0)
	b = le.AppendUint16(b, r.flags())
	b = append(b, make([]byte, 18)...) // method, time, checksum, sizes
	b = le.AppendUint16(b, uint16(len(r.name)))
	b = le.AppendUint16(b, uint16(extra))
	b = append(b, r.name...)
	b = r.appendZip64(b, 0)
	pad := extra - int64(r.zip64Len()) - alignField
	b = append(b, "FB"...)
	b = le.AppendUint16(b, uint16(pad))
	return append(b, padding[:pad]...)
}

const padding = "ZZZZZZZZZZZZZZZZZZZZZZZZZZZZZZZZZZZZZZZZZZZZZZZZZZZZZZZZZZZZZZZZ"

// appendZip64 appends the zip64 field, if the record needs one. The local one
// says a compressed size of 0, as it is written before anything is compressed.
func (r *record) appendZip64(b []byte, compressed uint64) []byte {
	n := r.zip64Len()
	if n == 0 {
		return b
	}
	b = le.AppendUint16(b, 1)
	b = le.AppendUint16(b, uint16(n-4))
	if r.big() {
		b = le.AppendUint64(b, uint64(r.size))
		b = le.AppendUint64(b, compressed)
	}
	if r.late() {
		b = le.AppendUint64(b, uint64(r.header))
	}
	return b
}

func (r *record) appendDescriptor(b []byte) []byte {
	n := r.descriptorLen()
	if n == 0 {
		return b
	}
	b = append(b, sigDescriptor...)
	b = le.AppendUint32(b, r.crc)
	size := uint64(r.size)
	if n == descriptor64Len {
		return le.AppendUint64(le.AppendUint64(b, size), size)
	}
	return le.AppendUint32(le.AppendUint32(b, uint32(size)), uint32(size))
}

func (r *record) appendCentral(b []byte) []byte {
	size := uint32(min(r.size, ones32))
	b = append(b, sigCentral...)
	b = append(b, 0, 0, 0, 0) // made by, needed
	b = le.AppendUint16(b, r.flags())
	b = append(b, 0, 0, 0, 0, 0, 0) // method, time
	b = le.AppendUint32(b, r.crc)
	b = le.AppendUint32(b, size)
	b = le.AppendUint32(b, size)
	b = le.AppendUint16(b, uint16(len(r.name)))
	b = le.AppendUint16(b, uint16(r.zip64Len()))
	b = append(b, make([]byte, 10)...) // comment, disk, attributes
	b = le.AppendUint32(b, uint32(min(r.header, ones32)))
	b = append(b, r.name...)
	return r.appendZip64(b, uint64(r.size))
}

// appendEnd appends the end records; torch writes the zip64 ones always.
func appendEnd(b []byte, count int, dir, dirLen int64) []byte {
	b = append(b, sigEnd64...)
	b = le.AppendUint64(b, end64Len-12)
	b = le.AppendUint16(b, 0x031e) // made by
	b = le.AppendUint16(b, 45)     // needed
	b = append(b, make([]byte, 8)...)
	b = le.AppendUint64(b, uint64(count))
	b = le.AppendUint64(b, uint64(count))
	b = le.AppendUint64(b, uint64(dirLen))
	b = le.AppendUint64(b, uint64(dir))
	b = append(b, sigLocator64...)
	b = le.AppendUint32(b, 0)
	b = le.AppendUint64(b, uint64(dir+dirLen))
	b = le.AppendUint32(b, 1)
	b = append(b, sigEnd...)
	b = le.AppendUint32(b, 0) // disks
	few := uint16(min(count, math.MaxUint16))
	b = le.AppendUint16(b, few)
	b = le.AppendUint16(b, few)
	b = le.AppendUint32(b, uint32(min(dirLen, ones32)))
	b = le.AppendUint32(b, uint32(min(dir, ones32)))
	return le.AppendUint16(b, 0)
}
