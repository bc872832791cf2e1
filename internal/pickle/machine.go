package pickle

import (
	"encoding/binary"
	"hash/maphash"

	"github.com/godcp/godcp/ckpterr"
)

// machine runs one pickle.
type machine struct {
	g     *graph
	opt   Options
	data  []byte
	at    int // the opcode at work, for errors
	pos   int // the next byte
	stack []word
	marks []int // stack heights
	memo  memo
	class []Class // by index into g.globals

	globals   map[Global]int
	seed      maphash.Seed
	strs      []uint32 // by hash the place of the string met last, so that repeats are kept once
	keyWeight int      // of all dict keys and set members that are tuples
}

func newMachine(data []byte, opt Options) *machine {
	depth, limit := opt.Limits.MaxDepth, opt.Limits.MaxMemory
	if depth <= 0 {
		depth = 100
	}
	if limit <= 0 {
		limit = 24<<20 + 12*int64(len(data))
	}
	m := &machine{
		g:       &graph{words: []word{word(mkHeader(0, 1, 1, true))}, strs: []string{""}, limit: limit, maxDepth: min(depth, 4000)},
		opt:     opt,
		data:    data,
		globals: make(map[Global]int),
		seed:    maphash.MakeSeed(),
		strs:    make([]uint32, 64),
	}
	if len(data) > 1<<16 {
		// Enough for what torch writes: one allocation instead of a series.
		m.memo.small = make([]uint32, 0, len(data)/9)
		m.g.words = append(make([]word, 0, len(data)/40), m.g.words...)
		m.strs = make([]uint32, 1<<14)
	}
	return m
}

func malformed(format string, args ...any) error {
	return ckpterr.New(ckpterr.MalformedPickle, format, args...)
}

func unsafePickle(format string, args ...any) error {
	return ckpterr.New(ckpterr.UnsafePickle, format, args...)
}

func truncated() error { return malformed("ends before STOP") }

// run executes opcodes until STOP. The frequent and cheap ones are handled
// here, on local variables; the rest in step.
func (m *machine) run() (Value, int, error) {
	data, pos, stack := m.data, 0, make([]word, 0, 4096)
	fast := m.opt.Builder != nil
	restricted := m.opt.Restricted
	for pos < len(data) {
		op := data[pos]
		m.at = pos
		pos++
		if len(stack) > maxStack {
			return Value{}, 0, ckpterr.New(ckpterr.LimitExceeded, "more than %d values on the stack", maxStack)
		}
		if restricted && !restrictedOps[op] {
			return Value{}, 0, unsafePickle("opcode %#02x does not belong in a tensor", op)
		}
		switch op {
		case opMemoize:
			if len(stack) > m.floor() && stack[len(stack)-1].tag() < tagFreshObj {
				m.memo.add(stack[len(stack)-1])
				continue
			}
		case opBinGet:
			if pos < len(data) {
				if w := m.memo.get(uint32(data[pos])); w.tag() < tagFreshObj && w != 0 {
					stack = append(stack, w)
					pos++
					continue
				}
			}
		case opLongBinGet:
			if pos+4 <= len(data) {
				if w := m.memo.get(binary.LittleEndian.Uint32(data[pos:])); w.tag() < tagFreshObj && w != 0 {
					stack = append(stack, w)
					pos += 4
					continue
				}
			}
		case opBinInt1:
			if pos < len(data) {
				stack = append(stack, smallInt(int64(data[pos])))
				pos++
				continue
			}
		case opBinInt2:
			if pos+2 <= len(data) {
				stack = append(stack, smallInt(int64(binary.LittleEndian.Uint16(data[pos:]))))
				pos += 2
				continue
			}
		case opBinInt:
			if pos+4 <= len(data) {
				stack = append(stack, smallInt(int64(int32(binary.LittleEndian.Uint32(data[pos:])))))
				pos += 4
				continue
			}
		case opLong1:
			// Up to 7 bytes always fit a small int.
			if pos+9 <= len(data) && 0 < data[pos] && data[pos] < 8 {
				n := int(data[pos])
				shift := 64 - 8*n
				stack = append(stack, smallInt(int64(binary.LittleEndian.Uint64(data[pos+1:])<<shift)>>shift))
				pos += 1 + n
				continue
			}
		case opShortBinUnicode:
			if pos < len(data) && int(data[pos]) < len(data)-pos {
				end := pos + 1 + int(data[pos])
				w, err := m.str(data[pos+1 : end])
				if err != nil {
					return Value{}, 0, err
				}
				stack = append(stack, w)
				pos = end
				continue
			}
		case opMark:
			if len(m.marks) <= m.g.maxDepth {
				m.marks = append(m.marks, len(stack))
				continue
			}
		case opEmptyTuple:
			if fast {
				if n, memoised := m.opensState(pos, stack); n > 0 {
					top, next := len(stack)-1, 0
					if memoised {
						next = len(m.memo.small) + 1
						m.memo.add(word(tagPending))
						m.memo.add(word(tagPending))
					}
					stack[top] = fresh(tagFreshObj, stack[top].index(), next)
					stack = append(stack, fresh(tagFreshDict, 0, next+min(next, 1)))
					m.marks = append(m.marks, len(stack))
					pos += n - 1
					continue
				}
			}
			stack = append(stack, emptyTuple)
			continue
		case opTuple1, opTuple2, opTuple3:
			n := int(op-opTuple1) + 1
			if len(stack)-m.floor() >= n {
				m.pos, m.stack = pos, stack
				if err := m.tuple(len(stack) - n); err != nil {
					return Value{}, 0, err
				}
				pos, stack = m.pos, m.stack
				continue
			}
		case opSetItems:
			if h := m.floor(); fast && h > 0 && len(m.marks) > 0 && stack[h-1].tag() == tagFreshDict && pos < len(data) && data[pos] == opBuild {
				m.pos, m.stack = pos, stack
				done, err := m.buildDict(h)
				if err != nil {
					return Value{}, 0, err
				}
				if done {
					pos, stack = m.pos, m.stack
					continue
				}
			}
		case opNone:
			stack = append(stack, wNone)
			continue
		case opNewTrue:
			stack = append(stack, wTrue)
			continue
		case opNewFalse:
			stack = append(stack, wFalse)
			continue
		case opEmptyDict:
			if fast {
				stack = append(stack, word(tagFreshDict))
				continue
			}
		case opStop:
			if len(stack) != 1 || len(m.marks) != 0 {
				return Value{}, 0, malformed("STOP with %d values and %d marks on the stack", len(stack), len(m.marks))
			}
			return Value{m.g, stack[0]}, pos, nil
		}
		m.pos, m.stack = pos, stack
		if err := m.step(op); err != nil {
			return Value{}, 0, err
		}
		pos, stack = m.pos, m.stack
	}
	m.at = len(data)
	return Value{}, 0, truncated()
}

// step executes any opcode but STOP.
func (m *machine) step(op byte) error {
	switch op {
	case opReduce, opNewObj, opNewObjEx, opBuild, opGlobal, opStackGlobal, opBinPersID:
		return m.stepCall(op)
	case opTuple, opTuple1, opTuple2, opTuple3, opEmptyList, opEmptyDict, opEmptySet, opFrozenSet,
		opAppend, opAppends, opSetItem, opSetItems, opAddItems:
		return m.stepContainer(op)
	case opMemoize, opBinPut, opLongBinPut, opBinGet, opLongBinGet, opPop, opPopMark, opDup, opMark:
		return m.stepStack(op)
	case opProto, opFrame:
		return m.stepFrame(op)
	case opInst, opObj, opExt1, opExt2, opExt4, opPersID:
		return unsafePickle("opcode %#02x", op)
	}
	return m.stepScalar(op)
}

// maxStack is far above what any pickler leaves lying: a tuple's members, or
// 1000 pairs per level of nesting.
const maxStack = 1 << 22
