package pickle

import (
	"bytes"
	"strings"
	"unicode/utf8"
)

func (m *machine) stepCall(op byte) error {
	switch op {
	case opGlobal:
		return m.globalText()
	case opStackGlobal:
		if err := m.need(2); err != nil {
			return err
		}
		module, ok1 := Value{m.g, m.stack[len(m.stack)-2]}.Str()
		name, ok2 := Value{m.g, m.stack[len(m.stack)-1]}.Str()
		if !ok1 || !ok2 {
			return malformed("STACK_GLOBAL without two strings")
		}
		m.stack = m.stack[:len(m.stack)-2]
		return m.global(Global{module, name})
	case opBinPersID:
		return m.persistent()
	case opBuild:
		if err := m.need(2); err != nil {
			return err
		}
		state := m.stack[len(m.stack)-1]
		m.stack = m.stack[:len(m.stack)-1]
		return m.build(state)
	case opNewObjEx:
		return m.newObjEx()
	}
	if err := m.need(2); err != nil {
		return err
	}
	fn, args := m.stack[len(m.stack)-2], m.stack[len(m.stack)-1]
	if args.tag() != tagTuple {
		return malformed("call with a %s for arguments", kindOf[args.tag()])
	}
	kind := Reduce
	if op == opNewObj {
		kind = NewObj
	}
	if err := m.callable(fn, kind); err != nil {
		return err
	}
	m.stack = m.stack[:len(m.stack)-2]
	if m.opt.Builder != nil && fn.tag() == tagGlobal {
		if kind == NewObj && args == emptyTuple && fn.index() < 1<<20 {
			m.push(fresh(tagFreshObj, fn.index(), 0))
			return nil
		}
		if w, ok := m.call(fn, args); ok {
			m.push(w)
			return nil
		}
	}
	w, err := m.g.newObject(object{op: kind, fn: fn, args: args, pos: m.at})
	m.push(w)
	return err
}

// callable refuses what Python could not call. An Object may stand for a
// class or function; to allow it costs nothing as nothing is called.
func (m *machine) callable(fn word, op Op) error {
	switch fn.tag() {
	case tagGlobal:
		return nil
	case tagObject, tagFreshObj, tagPersist:
		if m.opt.Restricted {
			return unsafePickle("call of a computed function")
		}
		if op == Reduce {
			return nil
		}
	}
	return malformed("call of a %s", kindOf[fn.tag()])
}

func (m *machine) newObjEx() error {
	if err := m.need(3); err != nil {
		return err
	}
	s := m.stack[len(m.stack)-3:]
	if s[1].tag() != tagTuple || kindOf[s[2].tag()] != Dict {
		return malformed("NEWOBJ_EX without a tuple and a dict")
	}
	if err := m.callable(s[0], NewObjEx); err != nil {
		return err
	}
	w, err := m.g.newObject(object{op: NewObjEx, fn: s[0], args: s[1], kwargs: s[2], pos: m.at})
	m.stack = append(m.stack[:len(m.stack)-3], w)
	return err
}

// globalText is GLOBAL: two lines of text.
func (m *machine) globalText() error {
	var parts [2]string
	for i := range parts {
		n := bytes.IndexByte(m.data[m.pos:], '\n')
		if n < 0 {
			return truncated()
		}
		parts[i] = strings.TrimSpace(string(m.data[m.pos : m.pos+n]))
		m.pos += n + 1
		if !utf8.ValidString(parts[i]) {
			return malformed("a name that is not UTF-8")
		}
	}
	return m.global(Global{parts[0], parts[1]})
}

func (m *machine) global(name Global) error {
	if i, ok := m.globals[name]; ok {
		m.push(mk(tagGlobal, uint64(i)))
		return nil
	}
	if KnownDangerous(name) {
		return unsafePickle("the file names %q", name.String())
	}
	verdict := Opaque
	if m.opt.Globals != nil {
		verdict = m.opt.Globals(name)
	}
	if verdict == Deny || m.opt.Restricted && verdict != Allow {
		return unsafePickle("the file names %q", name.String())
	}
	if err := m.g.take(64 + len(name.Module) + len(name.Name)); err != nil {
		return err
	}
	i := len(m.g.globals)
	m.globals[name] = i
	m.g.globals = append(m.g.globals, name)
	if m.opt.Builder != nil {
		m.class = append(m.class, m.opt.Builder.Class(name))
	}
	m.push(mk(tagGlobal, uint64(i)))
	return nil
}

func (m *machine) persistent() error {
	if m.opt.Persistent == nil {
		return unsafePickle("a persistent id")
	}
	if err := m.need(1); err != nil {
		return err
	}
	if err := m.g.take(16); err != nil {
		return err
	}
	top := len(m.stack) - 1
	p, err := m.opt.Persistent(Value{m.g, m.stack[top]})
	if err != nil {
		return err
	}
	m.g.persistent = append(m.g.persistent, p)
	m.stack[top] = mk(tagPersist, uint64(len(m.g.persistent)-1))
	return nil
}

// build is BUILD: state is set on the value at the top.
func (m *machine) build(state word) error {
	top := &m.stack[len(m.stack)-1]
	switch top.tag() {
	case tagFreshObj:
		return m.buildFresh(state)
	case tagObject:
		return m.g.member(top.index(), func(o *object) *int32 { return &o.states }, []word{state})
	case tagHandle:
		return errRetry
	case tagGlobal:
		return unsafePickle("BUILD sets attributes of %q", m.g.globals[top.index()].String())
	}
	return malformed("BUILD on a %s", kindOf[top.tag()])
}
