package planner

import (
	"encoding/binary"
	"math"
)

// The fewest bytes that one of each takes: what is left of the data bounds how
// many there can be.
const (
	minItem = 3
	minPath = 1
	minElem = 1
	minDim  = 1
)

// planDecoder reads from rest until something is bad; then everything is 0.
type planDecoder struct {
	rest string
	bad  bool
}

func (d *planDecoder) fail() { d.rest, d.bad = "", true }

func (d *planDecoder) byte() byte {
	if d.rest == "" {
		d.fail()
		return 0
	}
	b := d.rest[0]
	d.rest = d.rest[1:]
	return b
}

func (d *planDecoder) uvarint() uint64 {
	var buf [binary.MaxVarintLen64]byte
	v, n := binary.Uvarint(buf[:copy(buf[:], d.rest)])
	if n <= 0 {
		d.fail()
		return 0
	}
	d.rest = d.rest[n:]
	return v
}

func (d *planDecoder) varint() int64 {
	u := d.uvarint()
	return int64(u>>1) ^ -int64(u&1)
}

func (d *planDecoder) uint64() uint64 {
	b := d.take(8)
	if b == "" {
		return 0
	}
	return binary.LittleEndian.Uint64([]byte(b))
}

// int is a varint for what Go holds in an int.
func (d *planDecoder) int() int {
	v := d.varint()
	if v < math.MinInt || v > math.MaxInt {
		d.fail()
		return 0
	}
	return int(v)
}

// count is the number of things of at least size bytes each.
func (d *planDecoder) count(size int) int {
	n := d.uvarint()
	if n > uint64(len(d.rest)/size) {
		d.fail()
		return 0
	}
	return int(n)
}

// take returns n bytes as a part of the data, which is not copied.
func (d *planDecoder) take(n uint64) string {
	if n > uint64(len(d.rest)) {
		d.fail()
		return ""
	}
	s := d.rest[:n]
	d.rest = d.rest[n:]
	return s
}

func (d *planDecoder) string() string { return d.take(d.uvarint()) }

func (d *planDecoder) dims() []int64 {
	dims := make([]int64, d.count(minDim))
	for i := range dims {
		dims[i] = d.varint()
	}
	return dims
}
