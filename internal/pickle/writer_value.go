package pickle

import "github.com/godcp/godcp/ckpterr"

// maxWriteDepth is how deep values may nest when they are written: as deep as
// Decode takes them unless told otherwise. What a pickle holds can be deeper
// than it was when it was decoded, through containers that were filled later.
const maxWriteDepth = 100

// Value writes a decoded value again: calls, shared parts and cycles included.
// Persistent values and handles of a Builder cannot be written.
func (w *Writer) Value(v Value) { w.value(v, 1) }

func (w *Writer) value(v Value, depth int) {
	if w.err != nil {
		return
	}
	if depth > maxWriteDepth {
		w.err = ckpterr.New(ckpterr.LimitExceeded, "nested deeper than %d", maxWriteDepth)
		return
	}
	switch v.w.tag() {
	case tagNone:
		w.None()
	case tagBool:
		w.Bool(v.w == wTrue)
	case tagInt, tagWide:
		n, _ := v.Int64()
		w.Int(n)
	case tagFloat:
		f, _ := v.Float()
		w.Float(f)
	case tagStr:
		w.Str(v.g.strs[v.w.index()])
	case tagGlobal:
		w.Global(v.g.globals[v.w.index()])
	case tagFreshDict:
		w.op(opEmptyDict)
	case tagFreshObj:
		o, _ := v.Object()
		w.NewObject(o.Global())
	case tagTuple:
		if v.w == emptyTuple {
			w.op(opEmptyTuple)
			return
		}
		w.identity(v, depth)
	case tagBig, tagBytes, tagByteArray, tagList, tagDict, tagSet, tagFrozenSet, tagObject:
		w.identity(v, depth)
	default:
		w.fail("a %s cannot be written", v.Kind())
	}
}

// identity writes a value that is the same one wherever it occurs.
func (w *Writer) identity(v Value, depth int) {
	r := ref(w, w.values, v)
	if w.fetch(r) {
		return
	}
	members := func(it Items) func(int) {
		return func(i int) { w.value(it.At(i), depth+1) }
	}
	switch v.w.tag() {
	case tagBig:
		w.BigInt(v.g.bigs[v.w.index()])
	case tagBytes:
		w.RawBytes(v.g.strs[v.w.index()])
	case tagByteArray:
		w.ByteArray(v.g.strs[v.w.index()])
	case tagTuple:
		w.tuple(r, v.Items(), depth)
		return
	case tagObject:
		w.object(r, v, depth)
		return
	case tagList:
		w.op(opEmptyList)
		w.Keep(r) // before the members, which may lead back here
		w.fill(v.Items().Len(), opAppend, opAppends, members(v.Items()))
		return
	case tagDict:
		w.op(opEmptyDict)
		w.Keep(r)
		w.pairs(v, depth)
		return
	default:
		w.set(r, v, depth)
		return
	}
	w.Keep(r)
}

func (w *Writer) pairs(v Value, depth int) {
	it := v.RawPairs()
	w.fill(it.Len()/2, opSetItem, opSetItems, func(i int) {
		w.value(it.At(2*i), depth+1)
		w.value(it.At(2*i+1), depth+1)
	})
}

// again tells whether r was written while its own parts were: a cycle leads
// through them. The parts, from the last MARK or n of them, are then dropped.
func (w *Writer) again(r Ref, n int, marked bool) bool {
	if w.shared[r].mark == 0 {
		return false
	}
	if marked {
		w.op(opPopMark)
	} else {
		for range n {
			w.op(opPop)
		}
	}
	return w.fetch(r)
}

func (w *Writer) tuple(r Ref, it Items, depth int) {
	n := it.Len()
	w.BeginTuple(n)
	for _, m := range it.All() {
		w.value(m, depth+1)
	}
	if !w.again(r, n, n > 3) {
		w.EndTuple(n)
		w.Keep(r)
	}
}

// set writes a set or frozenset; protocol 2 has calls for them.
func (w *Writer) set(r Ref, v Value, depth int) {
	frozen, it := v.w.tag() == tagFrozenSet, v.Items()
	member := func(i int) { w.value(it.At(i), depth+1) }
	switch {
	case w.protocol < 4:
		w.Global(Global{"__builtin__", v.Kind().String()})
		w.List(it.Len(), member)
		if !w.again(r, 2, false) {
			w.op(opTuple1, opReduce)
			w.Keep(r)
		}
	case frozen:
		w.op(opMark)
		for i := range it.Len() {
			member(i)
		}
		if !w.again(r, 0, true) {
			w.op(opFrozenSet)
			w.Keep(r)
		}
	default:
		w.op(opEmptySet)
		w.Keep(r)
		w.fill(it.Len(), 0, opAddItems, member)
	}
}

func (w *Writer) object(r Ref, v Value, depth int) {
	o, _ := v.Object()
	w.value(o.Callable, depth+1)
	w.value(o.Args, depth+1)
	op, n := byte(opReduce), 2
	switch o.Op {
	case NewObj:
		op = opNewObj
	case NewObjEx:
		if w.protocol < 4 {
			w.fail("an object made with keyword arguments cannot be written in protocol %d", w.protocol)
			return
		}
		w.value(o.Kwargs, depth+1)
		op, n = opNewObjEx, 3
	}
	if w.again(r, n, false) {
		return
	}
	w.op(op)
	w.Keep(r)
	w.fill(o.Items.Len(), opAppend, opAppends, func(i int) { w.value(o.Items.At(i), depth+1) })
	if o.Pairs.Kind() == Dict {
		w.pairs(o.Pairs, depth)
	}
	for _, s := range o.States.All() {
		w.value(s, depth+1)
		w.op(opBuild)
	}
}
