package torchfile

import (
	"strconv"
	"strings"
)

const (
	writtenRoot = "archive/" // what torch calls the root when it writes to a stream

	alignment  = 64 // of every payload, in bytes from the item's start
	alignField = 4  // id and length of the field whose content is the padding

	descriptorLen   = 16
	descriptor64Len = 24

	fixedRecords = 6 // all but the storages
	firstStorage = 4

	idLen = 40

	// From here on a size or a position takes a zip64 field.
	ones32 = 0xffffffff
)

// record is an entry of an archive to be written.
type record struct {
	name            string // root included
	data            []byte
	size            int64 // bytes of data
	header, payload int64 // positions, bytes from the item's start
	crc             uint32
	storage         bool
}

// placeholder has the length of a serialization id, which depends on all other
// records' checksums.
var placeholder = []byte(strings.Repeat("0", idLen))

// records appends the entries in torch's order.
func (it *Item) records(recs []record) []record {
	add := func(name string, data []byte) *record {
		recs = append(recs, record{name: name, data: data, size: int64(len(data))})
		return &recs[len(recs)-1]
	}
	add(writtenRoot+"data.pkl", it.pkl)
	add(writtenRoot+".format_version", recordFormat)
	add(writtenRoot+".storage_alignment", recordAlignment)
	add(writtenRoot+"byteorder", recordOrder)
	for i, s := range it.storages {
		add(storageName(i), s).storage = true
	}
	add(writtenRoot+"version", recordVersion)
	add(writtenRoot+".data/serialization_id", placeholder)
	return recs
}

var (
	recordFormat    = []byte("1")
	recordAlignment = []byte("64")
	recordOrder     = []byte("little")
	recordVersion   = []byte("3\n")
)

func storageName(i int) string {
	if i == 0 {
		return writtenRoot + "data/0" // saves an allocation in the usual case
	}
	return writtenRoot + "data/" + strconv.Itoa(i)
}

// layOut sets the positions of all records, and returns where the central
// directory begins, its length and that of the item.
func layOut(recs []record) (dir, dirLen, size int64) {
	for i := range recs {
		r := &recs[i]
		r.header = dir
		after := dir + localLen + int64(len(r.name)+r.zip64Len()+alignField)
		r.payload = (after + alignment - 1) / alignment * alignment
		dir = r.payload + r.size + int64(r.descriptorLen())
		dirLen += int64(centralLen + len(r.name) + r.zip64Len())
	}
	return dir, dirLen, dir + dirLen + end64Len + locator64Len + endLen
}

func (r *record) big() bool  { return r.size >= ones32 }
func (r *record) late() bool { return r.header >= ones32 }

// zip64Len is the length of the zip64 field: sizes if the record is big,
// the position if it is late.
func (r *record) zip64Len() int {
	n := 0
	if r.big() {
		n += 16
	}
	if r.late() {
		n += 8
	}
	if n > 0 {
		n += 4
	}
	return n
}

// descriptorLen is the length of what follows the payload: nothing when there
// is none.
func (r *record) descriptorLen() int {
	switch {
	case r.size == 0:
		return 0
	case r.big() || r.late():
		return descriptor64Len
	}
	return descriptorLen
}
