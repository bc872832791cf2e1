package pickle

import (
	"encoding/binary"

	"github.com/godcp/godcp/ckpterr"
)

func (m *machine) push(w word) { m.stack = append(m.stack, w) }

// floor is the height of the stack at the last mark.
func (m *machine) floor() int {
	if len(m.marks) == 0 {
		return 0
	}
	return m.marks[len(m.marks)-1]
}

// need checks that n values lie above the last mark.
func (m *machine) need(n int) error {
	if len(m.stack)-m.floor() < n {
		return malformed("stack underflow")
	}
	return nil
}

// popMark returns the height of the stack at the last mark and forgets it.
func (m *machine) popMark() (int, error) {
	if len(m.marks) == 0 {
		return 0, malformed("no MARK")
	}
	h := m.marks[len(m.marks)-1]
	m.marks = m.marks[:len(m.marks)-1]
	return h, nil
}

// bytes takes the next n bytes of the pickle.
func (m *machine) bytes(n uint64) ([]byte, error) {
	if n > uint64(len(m.data)-m.pos) {
		return nil, malformed("wants %d bytes, %d are left", n, len(m.data)-m.pos)
	}
	b := m.data[m.pos : m.pos+int(n)]
	m.pos += int(n)
	return b, nil
}

// uint takes a little-endian number of n bytes.
func (m *machine) uint(n int) (uint64, error) {
	b, err := m.bytes(uint64(n))
	if err != nil {
		return 0, err
	}
	var buf [8]byte
	copy(buf[:], b)
	return binary.LittleEndian.Uint64(buf[:]), nil
}

func (m *machine) stepStack(op byte) error {
	switch op {
	case opMark:
		if len(m.marks) > m.g.maxDepth {
			return ckpterr.New(ckpterr.LimitExceeded, "more than %d marks", m.g.maxDepth)
		}
		m.marks = append(m.marks, len(m.stack))
		return nil
	case opPopMark:
		h, err := m.popMark()
		if err != nil {
			return err
		}
		m.stack = m.stack[:h]
		return nil
	case opPop:
		if len(m.marks) > 0 && m.marks[len(m.marks)-1] == len(m.stack) {
			m.marks = m.marks[:len(m.marks)-1] // as Python: POP takes a mark
			return nil
		}
		if err := m.need(1); err != nil {
			return err
		}
		m.stack = m.stack[:len(m.stack)-1]
		return nil
	case opDup:
		if err := m.need(1); err != nil {
			return err
		}
		top := m.stack[len(m.stack)-1]
		if top.tag() >= tagFreshObj {
			return errRetry
		}
		m.push(top)
		return nil
	case opBinGet, opLongBinGet:
		return m.get(op)
	}
	return m.put(op)
}

func (m *machine) get(op byte) error {
	n := 1
	if op == opLongBinGet {
		n = 4
	}
	i, err := m.uint(n)
	if err != nil {
		return err
	}
	w := m.memo.get(uint32(i))
	if w == 0 {
		return malformed("memo entry %d is not set", i)
	}
	if w.tag() == tagPending {
		return errRetry
	}
	m.push(w)
	return nil
}

func (m *machine) put(op byte) error {
	if err := m.need(1); err != nil {
		return err
	}
	i := uint64(len(m.memo.small))
	var err error
	switch op {
	case opBinPut:
		i, err = m.uint(1)
	case opLongBinPut:
		i, err = m.uint(4)
	}
	if err != nil {
		return err
	}
	if i > uint64(m.pos) {
		// Picklers count up, so no index is above the bytes read.
		return ckpterr.New(ckpterr.LimitExceeded, "memo index %d", i)
	}
	if grow := int(i) + 1 - cap(m.memo.small); grow > 0 {
		if err := m.g.take(4 * grow); err != nil {
			return err
		}
	}
	top := &m.stack[len(m.stack)-1]
	if top.tag() < tagFreshObj {
		m.memo.set(int(i), *top)
		return nil
	}
	if top.freshMemo() != 0 || i+1 >= 1<<36 {
		return errRetry // memoised twice
	}
	*top = fresh(top.tag(), top.freshGlobal(), int(i)+1)
	m.memo.set(int(i), word(tagPending))
	return nil
}

// made notes what became of a fresh value that the memo may have.
func (m *machine) made(was, is word) {
	if i := was.freshMemo(); i != 0 {
		m.memo.set(i-1, is)
	}
}
