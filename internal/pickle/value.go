package pickle

import (
	"iter"
	"math/big"
)

// Kind is what a [Value] is.
type Kind uint8

// The kinds. Invalid is the kind of the zero Value.
const (
	Invalid Kind = iota
	None
	Bool
	Int    // fits an int64
	BigInt // does not
	Float
	Str
	Bytes
	ByteArray
	Tuple
	List
	Dict
	Set
	FrozenSet
	GlobalKind     // a class, function or other module-level name
	ObjectKind     // a call or instance, see Object
	PersistentKind // what Options.Persistent returned
	HandleKind     // what the Builder returned
)

var kindOf = [1 << tagBits]Kind{
	tagNone: None, tagBool: Bool, tagInt: Int, tagWide: Int, tagBig: BigInt, tagFloat: Float,
	tagStr: Str, tagBytes: Bytes, tagByteArray: ByteArray, tagTuple: Tuple, tagList: List,
	tagDict: Dict, tagSet: Set, tagFrozenSet: FrozenSet, tagGlobal: GlobalKind,
	tagObject: ObjectKind, tagPersist: PersistentKind, tagHandle: HandleKind,
	tagFreshObj: ObjectKind, tagFreshDict: Dict,
}

var kindNames = [...]string{
	"invalid", "None", "bool", "int", "int", "float", "str", "bytes", "bytearray", "tuple", "list",
	"dict", "set", "frozenset", "global", "object", "persistent", "handle",
}

// String is Python's name of the kind.
func (k Kind) String() string { return kindNames[k] }

// Value is one value of a pickle: small, comparable (equal Values are the same
// Python object or the same small value) and safe for concurrent use. Mutable
// containers may contain themselves: whoever walks values bounds the depth.
type Value struct {
	g *graph
	w word
}

// Kind says which of the accessors answers.
func (v Value) Kind() Kind { return kindOf[v.w.tag()] }

// IsNone tells Python's None.
func (v Value) IsNone() bool { return v.w == wNone }

// Bool returns a bool.
func (v Value) Bool() (b, ok bool) { return v.w == wTrue, v.w.tag() == tagBool }

// Int64 returns an int that fits; a bool is no int here.
func (v Value) Int64() (int64, bool) {
	if v.w.tag() == tagInt {
		return v.w.int(), true
	}
	if v.w.tag() == tagWide {
		return v.g.wides[v.w.index()], true
	}
	return 0, false
}

// BigInt returns any int, as a copy.
func (v Value) BigInt() (*big.Int, bool) {
	if v.w.tag() == tagBig {
		return new(big.Int).Set(v.g.bigs[v.w.index()]), true
	}
	n, ok := v.Int64()
	return big.NewInt(n), ok
}

// Float returns a float; an int is none.
func (v Value) Float() (float64, bool) {
	if v.w.tag() != tagFloat {
		return 0, false
	}
	return v.g.floats[v.w.index()], true
}

// Str returns a str as UTF-8; lone surrogates are there as three bytes each,
// which Go holds for invalid UTF-8.
func (v Value) Str() (string, bool) {
	if v.w.tag() != tagStr {
		return "", false
	}
	return v.g.strs[v.w.index()], true
}

// Bytes returns a copy of a bytes or bytearray.
func (v Value) Bytes() ([]byte, bool) {
	if t := v.w.tag(); t != tagBytes && t != tagByteArray {
		return nil, false
	}
	return []byte(v.g.strs[v.w.index()]), true
}

// Global returns a module-level name.
func (v Value) Global() (Global, bool) {
	if v.w.tag() != tagGlobal {
		return Global{}, false
	}
	return v.g.globals[v.w.index()], true
}

// Persistent returns what Options.Persistent made of an id.
func (v Value) Persistent() (any, bool) {
	if v.w.tag() != tagPersist {
		return nil, false
	}
	return v.g.persistent[v.w.index()], true
}

// Handle returns what the Builder made.
func (v Value) Handle() (Handle, bool) { return Handle(v.w.payload()), v.w.tag() == tagHandle }

// Items returns the members of a tuple, list, set or frozenset without copying;
// none for other kinds.
func (v Value) Items() Items {
	switch v.w.tag() {
	case tagTuple:
		return Items{v.g, v.g.tuple(v.w)}
	case tagList, tagSet, tagFrozenSet:
		return Items{v.g, v.g.members(v.w)}
	}
	return Items{}
}

// List returns the members of a list; nil for other kinds.
func (v Value) List() []Value { return v.slice(tagList, tagList) }

// Tuple returns the members of a tuple; nil for other kinds.
func (v Value) Tuple() []Value { return v.slice(tagTuple, tagTuple) }

// Set returns the members of a set or frozenset as listed in the file; nil for
// other kinds.
func (v Value) Set() []Value { return v.slice(tagSet, tagFrozenSet) }

func (v Value) slice(a, b tag) []Value {
	if t := v.w.tag(); t != a && t != b {
		return nil
	}
	it := v.Items()
	vs := make([]Value, it.Len())
	for i := range vs {
		vs[i] = it.At(i)
	}
	return vs
}

// RawPairs returns the pairs of a dict as the file sets them: key, value, key,
// value …; a key may come again. See [Value.Dict] for Python's view.
func (v Value) RawPairs() Items {
	if t := v.w.tag(); t != tagDict && t != tagFreshDict {
		return Items{}
	}
	return Items{v.g, v.g.members(v.w)}
}

// Items are values in a row.
type Items struct {
	g  *graph
	ws []word
}

// Len is how many there are.
func (it Items) Len() int { return len(it.ws) }

// At is the i-th.
func (it Items) At(i int) Value { return Value{it.g, it.ws[i]} }

// All ranges over them.
func (it Items) All() iter.Seq2[int, Value] {
	return func(yield func(int, Value) bool) {
		for i, w := range it.ws {
			if !yield(i, Value{it.g, w}) {
				return
			}
		}
	}
}
