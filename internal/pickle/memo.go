package pickle

import "math"

// memo remembers values by number. Picklers memoise everything and fetch
// little of it: most words are small, and kept in half their size.
type memo struct {
	small []uint32
	big   map[int]word // those that do not fit: small has tagElsewhere
}

// tagElsewhere is in memo.small only.
const tagElsewhere tag = 1<<tagBits - 1

// get returns entry i, or 0.
func (m *memo) get(i uint32) word {
	if uint64(i) >= uint64(len(m.small)) {
		return 0
	}
	w := word(m.small[i])
	if w == word(tagElsewhere) {
		return m.big[int(i)]
	}
	return w
}

// add sets the entry after the last.
func (m *memo) add(w word) {
	if w <= math.MaxUint32 {
		m.small = append(m.small, uint32(w))
		return
	}
	m.set(len(m.small), w)
}

// set sets entry i, which may be any number of entries after the last.
func (m *memo) set(i int, w word) {
	for len(m.small) <= i {
		m.small = append(m.small, 0)
	}
	if w <= math.MaxUint32 {
		m.small[i] = uint32(w)
		return
	}
	m.small[i] = uint32(tagElsewhere)
	if m.big == nil {
		m.big = make(map[int]word)
	}
	m.big[i] = w
}
