package pickle

import (
	"encoding/binary"
	"math"
	"math/big"
	"math/bits"
	"slices"
	"strings"
	"unicode/utf8"
)

// None writes None.
func (w *Writer) None() { w.op(opNone) }

// Bool writes a bool.
func (w *Writer) Bool(b bool) {
	if b {
		w.op(opNewTrue)
	} else {
		w.op(opNewFalse)
	}
}

// Int writes an int with the smallest opcode, as CPython does.
func (w *Writer) Int(n int64) {
	switch {
	case 0 <= n && n < 1<<8:
		w.op(opBinInt1, byte(n))
	case 0 <= n && n < 1<<16:
		w.op(opBinInt2, byte(n), byte(n>>8))
	case math.MinInt32 <= n && n <= math.MaxInt32:
		w.op(opBinInt)
		w.buf = binary.LittleEndian.AppendUint32(w.buf, uint32(n))
	default:
		size := bits.Len64(uint64(max(n, ^n)))/8 + 1
		w.op(opLong1, byte(size))
		for range size {
			w.op(byte(n))
			n >>= 8
		}
	}
}

// BigInt writes an int of any size.
func (w *Writer) BigInt(n *big.Int) {
	if n.IsInt64() {
		w.Int(n.Int64())
		return
	}
	// Two's complement: the bits of -n-1, inverted.
	abs := n
	if n.Sign() < 0 {
		abs = new(big.Int).Not(n)
	}
	b := make([]byte, abs.BitLen()/8+1)
	abs.FillBytes(b)
	slices.Reverse(b)
	if n.Sign() < 0 {
		for i := range b {
			b[i] = ^b[i]
		}
	}
	switch {
	case len(b) < 1<<8:
		w.op(opLong1, byte(len(b)))
	case len(b) <= math.MaxInt32:
		w.op(opLong4)
		w.buf = binary.LittleEndian.AppendUint32(w.buf, uint32(len(b)))
	default:
		w.fail("an int of %d bytes", len(b))
		return
	}
	w.op(b...)
}

// Float writes a float.
func (w *Writer) Float(f float64) {
	w.op(opBinFloat)
	w.buf = binary.BigEndian.AppendUint64(w.buf, math.Float64bits(f))
}

// Str writes a str, or fetches it. It must be UTF-8, but for lone surrogates
// as three bytes.
func (w *Writer) Str(s string) {
	if r := ref(w, w.strs, s); !w.fetch(r) {
		w.newStr(s)
		w.Keep(r)
	}
}

func (w *Writer) newStr(s string) {
	if !w.known && !utf8.ValidString(s) && !validSurrogatePass([]byte(s)) {
		w.fail("%q is not UTF-8", s)
		return
	}
	w.sized(opShortBinUnicode, opBinUnicode, opBinUnicode8, s)
}

// RawBytes writes a bytes. Protocol 2 has no opcode for that, but a call.
func (w *Writer) RawBytes(b string) {
	switch {
	case w.protocol >= 4:
		w.sized(opShortBinBytes, opBinBytes, opBinBytes8, b)
	case b == "":
		w.Global(Global{"__builtin__", "bytes"})
		w.op(opEmptyTuple, opReduce)
	default:
		w.Global(Global{"_codecs", "encode"})
		w.Str(latin1(b))
		w.Str("latin1")
		w.op(opTuple2, opReduce)
	}
}

// ByteArray writes a bytearray: in protocol 4 with the opcode of 5, which every
// Python since 3.8 takes; in 2 with a call.
func (w *Writer) ByteArray(b string) {
	if w.protocol >= 4 {
		w.op(opByteArray8)
		w.buf = append(binary.LittleEndian.AppendUint64(w.buf, uint64(len(b))), b...)
		return
	}
	w.Global(Global{"__builtin__", "bytearray"})
	if b == "" {
		w.op(opEmptyTuple, opReduce)
		return
	}
	w.Str(latin1(b))
	w.Str("latin-1")
	w.op(opTuple2, opReduce)
}

// latin1 is the str that encodes to b.
func latin1(b string) string {
	var s strings.Builder
	for i := range len(b) {
		s.WriteRune(rune(b[i]))
	}
	return s.String()
}

// sized writes s after its length, in 1, 4 or 8 bytes; protocol 2 has 4 only.
func (w *Writer) sized(op1, op4, op8 byte, s string) {
	switch n := len(s); {
	case n < 1<<8 && w.protocol >= 4:
		w.op(op1, byte(n))
	case uint64(n) <= math.MaxUint32:
		w.op(op4)
		w.buf = binary.LittleEndian.AppendUint32(w.buf, uint32(n))
	case w.protocol >= 4:
		w.op(op8)
		w.buf = binary.LittleEndian.AppendUint64(w.buf, uint64(n))
	default:
		w.fail("a text of %d bytes", n)
		return
	}
	w.buf = append(w.buf, s...)
}

// Global writes a module-level name, or fetches it.
func (w *Writer) Global(g Global) {
	if r := ref(w, w.globals, g); !w.fetch(r) {
		w.newGlobal(g)
		w.Keep(r)
	}
}

func (w *Writer) newGlobal(g Global) {
	if w.protocol >= 4 {
		w.Str(g.Module)
		w.Str(g.Name)
		w.op(opStackGlobal)
		return
	}
	for _, s := range []string{g.Module, g.Name} {
		if strings.ContainsRune(s, '\n') || strings.TrimSpace(s) != s || !utf8.ValidString(s) {
			w.fail("%q is no name of protocol 2", s)
		}
	}
	w.op(opGlobal)
	w.buf = append(append(append(append(w.buf, g.Module...), '\n'), g.Name...), '\n')
}
