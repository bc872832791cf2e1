package pickle

// word is one value: a tag and a payload. Words hold no pointers, so the stack
// and the memo cost the garbage collector nothing; what does not fit lies in a
// graph's tables.
type word uint64

type tag uint8

const tagBits = 5

// The zero word is "no value": an unset memo entry.
const (
	tagInvalid   tag = iota
	tagNone          //
	tagBool          // payload 0 or 1
	tagInt           // payload is the number, 59 bits signed
	tagWide          // index into wides: the other int64
	tagBig           // index into bigs
	tagFloat         // index into floats
	tagStr           // index into strs
	tagBytes         // index into strs
	tagByteArray     // index into strs
	tagTuple         // index into words: header, members
	tagList          // index into nodes
	tagDict          // index into nodes; key, value, key, value …
	tagSet           // index into nodes
	tagFrozenSet     // index into nodes
	tagGlobal        // index into globals
	tagObject        // index into objects
	tagPersist       // index into persistent
	tagHandle        // a Builder's handle

	// With a Builder only: an object or dict that nothing has filled yet and
	// for which no node exists. Payload: global and memo place, see fresh.
	tagFreshObj
	tagFreshDict
	tagPending // in the memo only: what has no node; fetching it is errRetry
)

const (
	wNone  = word(tagNone)
	wFalse = word(tagBool)
	wTrue  = word(1<<tagBits | uint64(tagBool))

	// emptyTuple is the header at index 0 of every graph's words.
	emptyTuple = word(tagTuple)

	minInline = -1 << (63 - tagBits)
	maxInline = 1<<(63-tagBits) - 1
)

func mk(t tag, payload uint64) word { return word(payload<<tagBits | uint64(t)) }
func smallInt(n int64) word         { return word(uint64(n)<<tagBits | uint64(tagInt)) }
func (w word) tag() tag             { return tag(w & (1<<tagBits - 1)) }
func (w word) payload() uint64      { return uint64(w >> tagBits) }
func (w word) index() int           { return int(w >> tagBits) }
func (w word) int() int64           { return int64(w) >> tagBits }

// fresh packs what a tagFreshObj or tagFreshDict knows: its global and, plus
// one, where the memo has it (0: not memoised).
func fresh(t tag, global, memo int) word { return mk(t, uint64(global)<<36|uint64(memo)) }

func (w word) freshGlobal() int { return int(w.payload() >> 36) }
func (w word) freshMemo() int   { return int(w.payload() & (1<<36 - 1)) }

// header is the word before a tuple's members.
type header uint64

// A tuple's weight is the number of values in it, members of members included,
// shared ones as often as they occur; it saturates.
const maxWeight = 1<<23 - 1

func mkHeader(n, depth, weight int, hashable bool) header {
	h := header(n) | header(depth)<<28 | header(min(weight, maxWeight))<<41
	if hashable {
		h |= 1 << 40
	}
	return h
}

const maxTuple = 1<<28 - 1

func (h header) n() int         { return int(h & maxTuple) }
func (h header) depth() int     { return int(h >> 28 & (1<<12 - 1)) }
func (h header) hashable() bool { return h>>40&1 == 1 }
func (h header) weight() int    { return int(h >> 41) }
