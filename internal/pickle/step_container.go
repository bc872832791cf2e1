package pickle

import "github.com/godcp/godcp/ckpterr"

func (m *machine) stepContainer(op byte) error {
	switch op {
	case opTuple1, opTuple2, opTuple3:
		n := int(op-opTuple1) + 1
		if err := m.need(n); err != nil {
			return err
		}
		return m.tuple(len(m.stack) - n)
	case opTuple:
		h, err := m.popMark()
		if err != nil {
			return err
		}
		return m.tuple(h)
	case opEmptyList:
		return m.container(tagList)
	case opEmptyDict:
		return m.container(tagDict)
	case opEmptySet:
		return m.container(tagSet)
	case opFrozenSet:
		return m.frozenSet()
	case opAppend, opSetItem:
		n := 1
		if op == opSetItem {
			n = 2
		}
		if err := m.need(n + 1); err != nil {
			return err
		}
		return m.fill(op, len(m.stack)-n)
	}
	h, err := m.popMark()
	if err != nil {
		return err
	}
	if err := m.need(len(m.stack) - h + 1); err != nil {
		return err
	}
	return m.fill(op, h)
}

func (m *machine) container(t tag) error {
	w, err := m.g.newNode(t)
	m.push(w)
	return err
}

// tuple makes one of the values from height h up.
func (m *machine) tuple(h int) error {
	if m.opt.Builder != nil && h > m.floor() && m.stack[h-1].tag() == tagGlobal {
		if done, err := m.callNested(h); done || err != nil {
			return err
		}
	}
	w, err := m.g.newTuple(m.stack[h:])
	m.stack = append(m.stack[:h], w)
	return err
}

func (m *machine) frozenSet() error {
	h, err := m.popMark()
	if err != nil {
		return err
	}
	members := m.stack[h:]
	if err := m.keys(members, 1); err != nil {
		return err
	}
	w, err := m.g.newNode(tagFrozenSet)
	if err != nil {
		return err
	}
	if err := m.g.extend(w.index(), members); err != nil {
		return err
	}
	m.stack = append(m.stack[:h], w)
	return nil
}

// keys checks every step-th word of ws as a dict key or set member.
func (m *machine) keys(ws []word, step int) error {
	for i := 0; i < len(ws); i += step {
		m.keyWeight += m.g.text(ws[i])
		if ws[i].tag() < tagByteArray || ws[i].tag() == tagHandle {
			continue
		}
		if !m.g.hashable(ws[i]) {
			return malformed("unhashable %s as a key", kindOf[ws[i].tag()])
		}
		// Comparing keys looks into tuples: shared members could make that
		// exponential.
		if ws[i].tag() == tagTuple {
			m.keyWeight += m.g.weight(ws[i])
			for _, w := range m.g.tuple(ws[i]) {
				m.keyWeight += m.g.text(w)
			}
		}
		if m.keyWeight > 1<<16+16*len(m.data) {
			return ckpterr.New(ckpterr.LimitExceeded, "keys are too big")
		}
	}
	return nil
}

// fill puts the values from height h up into the container below them.
func (m *machine) fill(op byte, h int) error {
	into, ws := m.stack[h-1], m.stack[h:]
	m.stack = m.stack[:h]
	if op == opSetItem || op == opSetItems {
		if len(ws)%2 != 0 {
			return malformed("a key without a value")
		}
		if err := m.keys(ws, 2); err != nil {
			return err
		}
	}
	switch t := into.tag(); {
	case t == tagHandle, t == tagFreshObj:
		return errRetry
	case t == tagObject && op != opAddItems:
		if op == opSetItem || op == opSetItems {
			return m.g.member(into.index(), func(o *object) *int32 { return &o.pairs }, ws)
		}
		return m.g.member(into.index(), func(o *object) *int32 { return &o.list }, ws)
	case t == tagObject: // ADDITEMS
		return m.g.member(into.index(), func(o *object) *int32 { return &o.list }, ws)
	case (op == opAppend || op == opAppends) && t == tagList:
	case (op == opSetItem || op == opSetItems) && t == tagFreshDict:
		return m.fillFresh(into, ws)
	case (op == opSetItem || op == opSetItems) && t == tagDict:
	case op == opAddItems && t == tagSet:
		if err := m.keys(ws, 1); err != nil {
			return err
		}
	default:
		return malformed("opcode %#02x fills a %s", op, kindOf[t])
	}
	return m.g.extend(into.index(), ws)
}
