package pickle

import (
	"encoding/binary"
	"fmt"
)

// Writer appends the opcodes of one pickle. It writes calls and never makes
// any; whoever uses it sees to it that the opcodes make sense together.
//
// Strings, globals and what is kept under a key come once; when they come again
// they are fetched from the memo. Python pays for each mark of the memo in time
// and memory. To have marks only where something is fetched later, write
// everything twice with [Writer.Restart] between.
//
// The first error stays and is returned by [Writer.Bytes]. Protocol 4 comes in
// frames, which leave out STOP.
type Writer struct {
	buf      []byte
	protocol int
	err      error

	strs    map[string]Ref
	globals map[Global]Ref
	values  map[Value]Ref
	keyed   map[string]Ref
	shared  []shared
	marks   uint32 // of the memo
	known   bool   // which of shared are fetched again
	frame   int    // where the open frame's length lies; 0 in protocol 2
}

// Ref stands for something that may come again.
type Ref int

type shared struct {
	uses uint32
	mark uint32 // of the memo, plus one; 0: not there
}

// NewWriter begins a pickle of protocol 2 or 4.
func NewWriter(protocol int) *Writer {
	if protocol != 2 && protocol != 4 {
		panic(fmt.Sprintf("pickle: writing protocol %d", protocol))
	}
	w := &Writer{
		protocol: protocol, strs: make(map[string]Ref), globals: make(map[Global]Ref),
		values: make(map[Value]Ref), keyed: make(map[string]Ref),
	}
	w.op(opProto, byte(protocol))
	w.beginFrame()
	return w
}

// Restart begins again. What is written now is marked only if it came more than
// once before, so it must be the same as before.
func (w *Writer) Restart() {
	w.buf = w.buf[:2]
	w.beginFrame()
	w.marks = 0
	w.known = true
	for i := range w.shared {
		w.shared[i].mark = 0
	}
}

// Err is the first error.
func (w *Writer) Err() error { return w.err }

// Bytes ends the pickle and returns it.
func (w *Writer) Bytes() ([]byte, error) {
	if w.err != nil {
		return nil, w.err
	}
	w.endFrame()
	w.op(opStop)
	return w.buf, nil
}

// frameSize is CPython's. A frame is what Python asks of a file in one piece:
// without them it would ask for each opcode by itself, unless it can peek.
const frameSize = 64 << 10

// boundary is where a frame may end.
func (w *Writer) boundary() {
	if w.frame > 0 && len(w.buf)-w.frame-8 >= frameSize {
		w.endFrame()
		w.beginFrame()
	}
}

func (w *Writer) beginFrame() {
	if w.protocol >= 4 {
		w.op(opFrame, 0, 0, 0, 0, 0, 0, 0, 0)
		w.frame = len(w.buf) - 8
	}
}

func (w *Writer) endFrame() {
	if w.frame > 0 {
		binary.LittleEndian.PutUint64(w.buf[w.frame:], uint64(len(w.buf)-w.frame-8))
	}
}

// Fail makes an error the first one, if there is none yet.
func (w *Writer) Fail(err error) {
	if w.err == nil {
		w.err = err
	}
}

func (w *Writer) fail(format string, args ...any) { w.Fail(fmt.Errorf(format, args...)) }

func (w *Writer) op(b ...byte) { w.buf = append(w.buf, b...) }

// Recall fetches what was kept under this key. If there is nothing yet, the
// caller writes it and then calls Keep.
func (w *Writer) Recall(key []byte) (Ref, bool) {
	r, ok := w.keyed[string(key)]
	if !ok {
		r = w.newRef()
		w.keyed[string(key)] = r
	}
	return r, w.fetch(r)
}

// Keep marks the value on top of the stack, which can be fetched then.
func (w *Writer) Keep(r Ref) {
	s := &w.shared[r]
	if w.known && s.uses < 2 {
		return
	}
	switch i := w.marks; {
	case w.protocol >= 4:
		w.op(opMemoize)
	case i < 1<<8:
		w.op(opBinPut, byte(i))
	default:
		w.op(opLongBinPut)
		w.buf = binary.LittleEndian.AppendUint32(w.buf, i)
	}
	w.marks++
	s.mark = w.marks
}

func (w *Writer) newRef() Ref {
	w.shared = append(w.shared, shared{})
	return Ref(len(w.shared) - 1)
}

func (w *Writer) fetch(r Ref) bool {
	s := &w.shared[r]
	if !w.known {
		s.uses++
	}
	switch i := s.mark - 1; {
	case s.mark == 0:
		return false
	case i < 1<<8:
		w.op(opBinGet, byte(i))
	default:
		w.op(opLongBinGet)
		w.buf = binary.LittleEndian.AppendUint32(w.buf, i)
	}
	return true
}

// ref finds the Ref of k in one of the Writer's maps.
func ref[K comparable](w *Writer, m map[K]Ref, k K) Ref {
	r, ok := m[k]
	if !ok {
		r = w.newRef()
		m[k] = r
	}
	return r
}
