package pickle

// What a Builder saves: no nodes for the objects it knows, nor for the states
// and argument tuples that only they use. An object that the file may look at
// again before it is finished has no node; the memo says tagPending then and
// fetching it makes Decode start again without a Builder.

func handle(h Handle) word { return mk(tagHandle, uint64(h)) }

// call asks the Builder for fn(*args).
func (m *machine) call(fn, args word) (word, bool) {
	c := m.class[fn.index()]
	if c == 0 {
		return 0, false
	}
	ws := m.g.tuple(args)
	if len(ws) == 1 && ws[0].tag() == tagTuple {
		h, ok := m.opt.Builder.CallTuple(c, Items{m.g, m.g.tuple(ws[0])})
		return handle(h), ok
	}
	h, ok := m.opt.Builder.Call(c, Items{m.g, ws})
	return handle(h), ok
}

// callNested does TUPLE, TUPLE1, REDUCE with their MEMOIZEs in one step, for
// fn((a, b, …)) with fn below height h: a torch.Size.
func (m *machine) callNested(h int) (bool, error) {
	c := m.class[m.stack[h-1].index()]
	if c == 0 {
		return false, nil
	}
	pos, skipped := m.pos, 0
	for _, op := range [...]byte{opTuple1, opReduce} {
		if pos < len(m.data) && m.data[pos] == opMemoize {
			pos++
			skipped++
		}
		if pos >= len(m.data) || m.data[pos] != op {
			return false, nil
		}
		pos++
	}
	r, ok := m.opt.Builder.CallTuple(c, Items{m.g, m.stack[h:]})
	if !ok {
		return false, nil
	}
	m.stack = append(m.stack[:h-1], handle(r))
	m.pos = pos
	for range skipped {
		m.memo.add(word(tagPending))
	}
	if pos < len(m.data) && m.data[pos] == opMemoize {
		m.memo.add(handle(r))
		m.pos++
	}
	return true, nil
}

// How picklers begin the state of an instance whose class is on the stack:
// CPython's, and ours.
const (
	opensState = ")\x81\x94}\x94("
	opensPlain = ")\x81}("
)

// opensState tells whether that is what follows the opcode before pos, and how
// long it is.
func (m *machine) opensState(pos int, stack []word) (n int, memoised bool) {
	top := len(stack) - 1
	if top < m.floor() || stack[top].tag() != tagGlobal || stack[top].index() >= 1<<20 || len(m.marks) > m.g.maxDepth {
		return 0, false
	}
	switch data := m.data[pos-1:]; {
	case len(data) >= len(opensState) && string(data[:len(opensState)]) == opensState:
		return len(opensState), true
	case len(data) >= len(opensPlain) && string(data[:len(opensPlain)]) == opensPlain:
		return len(opensPlain), false
	}
	return 0, false
}

// buildDict is SETITEMS on a fresh dict below height h, then BUILD on what is
// below that. It is false if that is not a fresh object that the Builder takes.
func (m *machine) buildDict(h int) (bool, error) {
	pairs := m.stack[h:]
	below := 0
	if len(m.marks) > 1 {
		below = m.marks[len(m.marks)-2]
	}
	if h-2 < below || m.stack[h-2].tag() != tagFreshObj || len(pairs)%2 != 0 {
		return false, nil
	}
	obj := m.stack[h-2]
	c := m.class[obj.freshGlobal()]
	if c == 0 {
		return false, nil
	}
	if err := m.keys(pairs, 2); err != nil {
		return false, err
	}
	r, ok := m.opt.Builder.BuildDict(c, Items{m.g, pairs})
	if !ok {
		return false, nil
	}
	m.made(obj, handle(r))
	m.stack = append(m.stack[:h-2], handle(r))
	m.marks = m.marks[:len(m.marks)-1]
	m.pos++
	return true, nil
}

// fillFresh is SETITEM(S) on a fresh dict, at the top of the stack: it gets a
// node.
func (m *machine) fillFresh(dict word, pairs []word) error {
	w, err := m.g.newNode(tagDict)
	if err != nil {
		return err
	}
	m.made(dict, w)
	m.stack[len(m.stack)-1] = w
	return m.g.extend(w.index(), pairs)
}

// buildFresh is BUILD on an object without a node, at the top of the stack.
func (m *machine) buildFresh(state word) error {
	top := &m.stack[len(m.stack)-1]
	obj := *top
	if c := m.class[obj.freshGlobal()]; c != 0 {
		var r Handle
		var ok bool
		switch state.tag() {
		case tagTuple:
			r, ok = m.opt.Builder.BuildTuple(c, Items{m.g, m.g.tuple(state)})
		case tagDict, tagFreshDict:
			r, ok = m.opt.Builder.BuildDict(c, Items{m.g, m.g.members(state)})
		}
		if ok {
			*top = handle(r)
			m.made(obj, *top)
			return nil
		}
	}
	w, err := m.g.newObject(object{op: NewObj, fn: mk(tagGlobal, uint64(obj.freshGlobal())), args: emptyTuple, pos: m.at})
	if err != nil {
		return err
	}
	*top = w
	m.made(obj, w)
	return m.g.member(w.index(), func(o *object) *int32 { return &o.states }, []word{state})
}
