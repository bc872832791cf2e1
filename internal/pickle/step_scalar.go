package pickle

import (
	"hash/maphash"
	"math"
	"math/big"
	"slices"
	"unicode/utf8"
)

// lengths of the sized opcodes' length fields.
var lengthBytes = map[byte]int{
	opBinUnicode: 4, opBinUnicode8: 8, opShortBinString: 1,
	opShortBinBytes: 1, opBinBytes: 4, opBinBytes8: 8, opByteArray8: 8,
}

func (m *machine) stepScalar(op byte) error {
	switch op {
	case opBinInt1, opBinInt2, opBinInt, opShortBinUnicode:
		return truncated() // run took them if they were whole
	case opBinFloat:
		b, err := m.bytes(8)
		if err != nil {
			return err
		}
		if err := m.g.take(8); err != nil {
			return err
		}
		var bits uint64
		for _, c := range b { // big-endian
			bits = bits<<8 | uint64(c)
		}
		m.g.floats = append(m.g.floats, math.Float64frombits(bits))
		m.push(mk(tagFloat, uint64(len(m.g.floats)-1)))
		return nil
	case opLong1, opLong4:
		return m.long(op)
	case opNextBuffer, opReadonlyBuffer:
		return malformed("opcode %#02x: buffers outside the file", op)
	case opInt, opLong, opFloat, opString, opUnicode, opGet, opPut, opList, opDict, opBinString:
		return malformed("opcode %#02x of protocol 0 or 1", op)
	}
	if n, ok := lengthBytes[op]; ok {
		return m.sized(op, n)
	}
	return malformed("unknown opcode %#02x", op)
}

// sized is a str, bytes or bytearray after a length of n bytes.
func (m *machine) sized(op byte, n int) error {
	size, err := m.uint(n)
	if err != nil {
		return err
	}
	b, err := m.bytes(size)
	if err != nil {
		return err
	}
	t := tagBytes
	switch op {
	case opBinUnicode, opBinUnicode8:
		w, err := m.str(b)
		m.push(w)
		return err
	case opByteArray8:
		t = tagByteArray
	case opShortBinString: // Python 2's str; torch reads it as UTF-8 text
		t = tagStr
		if !utf8.Valid(b) {
			return malformed("a str that is not UTF-8")
		}
	}
	i, err := m.intern(b)
	m.push(mk(t, uint64(i)))
	return err
}

// str is a str of these bytes.
func (m *machine) str(b []byte) (word, error) {
	if !utf8.Valid(b) && !validSurrogatePass(b) {
		return 0, malformed("a str that is not UTF-8")
	}
	i, err := m.intern(b)
	return mk(tagStr, uint64(i)), err
}

// intern returns the place of a copy of b in the graph's strs: of one made not
// long ago if there is any.
func (m *machine) intern(b []byte) (int, error) {
	var slot *uint32
	if len(b) <= 64 {
		slot = &m.strs[maphash.Bytes(m.seed, b)&uint64(len(m.strs)-1)]
		if m.g.strs[*slot] == string(b) {
			return int(*slot), nil
		}
	}
	if err := m.g.take(16); err != nil {
		return 0, err
	}
	m.g.strs = append(m.g.strs, string(b))
	i := len(m.g.strs) - 1
	if slot != nil && i < math.MaxUint32 {
		*slot = uint32(i)
	}
	return i, nil
}

// validSurrogatePass tells whether b is UTF-8 but for lone surrogates, as
// Python's "surrogatepass" writes them: ED A0..BF xx.
func validSurrogatePass(b []byte) bool {
	for len(b) > 0 {
		_, n := utf8.DecodeRune(b)
		if n == 1 && b[0] >= utf8.RuneSelf {
			if len(b) < 3 || b[0] != 0xed || b[1]&0xe0 != 0xa0 || b[2]&0xc0 != 0x80 {
				return false
			}
			n = 3
		}
		b = b[n:]
	}
	return true
}

func (m *machine) long(op byte) error {
	n := 1
	if op == opLong4 {
		n = 4
	}
	size, err := m.uint(n)
	if err != nil {
		return err
	}
	if size > math.MaxInt32 {
		return malformed("negative length of an int")
	}
	b, err := m.bytes(size)
	if err != nil {
		return err
	}
	if len(b) <= 8 {
		var v uint64
		for i, c := range b {
			v |= uint64(c) << (8 * i)
		}
		if shift := 64 - 8*len(b); len(b) > 0 {
			v = uint64(int64(v<<shift) >> shift)
		}
		w, err := m.g.int(int64(v))
		m.push(w)
		return err
	}
	if err := m.g.take(64 + len(b)); err != nil {
		return err
	}
	be := slices.Clone(b)
	slices.Reverse(be)
	v := new(big.Int).SetBytes(be)
	if be[0] >= 0x80 {
		v.Sub(v, new(big.Int).Lsh(big.NewInt(1), uint(8*len(be))))
	}
	if v.IsInt64() {
		w, err := m.g.int(v.Int64())
		m.push(w)
		return err
	}
	m.g.bigs = append(m.g.bigs, v)
	m.push(mk(tagBig, uint64(len(m.g.bigs)-1)))
	return nil
}

func (m *machine) stepFrame(op byte) error {
	if op == opFrame {
		n, err := m.uint(8)
		if err != nil {
			return err
		}
		if n > uint64(len(m.data)-m.pos) {
			return malformed("frame of %d bytes, %d are left", n, len(m.data)-m.pos)
		}
		return nil
	}
	v, err := m.uint(1)
	if err != nil {
		return err
	}
	if v < 2 || v > 5 {
		return malformed("protocol %d", v)
	}
	return nil
}
