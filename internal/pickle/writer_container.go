package pickle

// batch is how many members CPython puts under one MARK.
const batch = 1000

// Mark begins the members of a Tuple, or pairs for SetItems.
func (w *Writer) Mark() { w.op(opMark) }

// BeginTuple begins a tuple of n members; n values and EndTuple follow.
func (w *Writer) BeginTuple(n int) {
	if n > 3 {
		w.op(opMark)
	}
}

// EndTuple ends a tuple of n members.
func (w *Writer) EndTuple(n int) {
	w.op([...]byte{opEmptyTuple, opTuple1, opTuple2, opTuple3, opTuple}[min(n, 4)])
}

// List writes a list of n members.
func (w *Writer) List(n int, member func(i int)) {
	w.op(opEmptyList)
	w.fill(n, opAppend, opAppends, member)
}

// Dict writes a dict of n pairs; pair writes a key and a value.
func (w *Writer) Dict(n int, pair func(i int)) {
	w.op(opEmptyDict)
	w.fill(n, opSetItem, opSetItems, pair)
}

// SetPairs sets n pairs on the object on top of the stack.
func (w *Writer) SetPairs(n int, pair func(i int)) { w.fill(n, opSetItem, opSetItems, pair) }

// fill puts n members into the container on top of the stack; one is 0 if there
// is no opcode for a single one.
func (w *Writer) fill(n int, one, many byte, member func(i int)) {
	for from := 0; from < n; from += batch {
		to := min(from+batch, n)
		if to-from == 1 && one != 0 {
			w.boundary()
			member(from)
			w.op(one)
			return
		}
		w.op(opMark)
		for i := from; i < to; i++ {
			w.boundary()
			member(i)
		}
		w.op(many)
	}
}

// Reduce calls: a callable and a tuple of arguments are on the stack.
func (w *Writer) Reduce() { w.op(opReduce) }

// PersistentID makes the value on top of the stack a persistent id.
func (w *Writer) PersistentID() { w.op(opBinPersID) }

// BeginObject begins an instance of a class without arguments, whose state is a
// dict: keys and values and EndObject follow.
func (w *Writer) BeginObject(class Global) {
	w.NewObject(class)
	w.op(opEmptyDict, opMark)
}

// EndObject ends what BeginObject began.
func (w *Writer) EndObject() { w.op(opSetItems, opBuild) }

// NewObject writes an instance of a class without arguments and state.
func (w *Writer) NewObject(class Global) {
	w.Global(class)
	w.op(opEmptyTuple, opNewObj)
}

// Build sets the state on top of the stack on the object below it.
func (w *Writer) Build() { w.op(opBuild) }
