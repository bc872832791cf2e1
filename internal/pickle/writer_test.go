package pickle

import (
	"bytes"
	"fmt"
	"math"
	"math/big"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"pgregory.net/rapid"

	"github.com/godcp/godcp/ckpterr"
)

// write returns what f writes without frame and STOP, after a rehearsal.
func write(t *testing.T, protocol int, f func(w *Writer)) string {
	t.Helper()
	w := NewWriter(protocol)
	f(w)
	w.Restart()
	f(w)
	b, err := w.Bytes()
	if err != nil {
		t.Fatal(err)
	}
	if _, n, err := Decode(b, Options{Persistent: func(Value) (any, error) { return nil, nil }}); err != nil || n != len(b) {
		t.Fatalf("%q: %d, %v", b, n, err)
	}
	head := 2
	if protocol >= 4 {
		head += 9
	}
	return string(b[head : len(b)-1])
}

// TestWriterAsCPython: the opcodes that pickletools.optimize leaves of
// CPython's pickle.
func TestWriterAsCPython(t *testing.T) {
	pow := func(n uint, times int64) *big.Int { return new(big.Int).Lsh(big.NewInt(times), n) }
	many := func(n int) func(w *Writer) {
		return func(w *Writer) { w.List(n, func(int) { w.None() }) }
	}
	for _, tc := range []struct {
		write  func(w *Writer)
		p4, p2 string // p2 is p4 when empty
	}{
		{func(w *Writer) { w.Int(0) }, "K\x00", ""},
		{func(w *Writer) { w.Int(255) }, "K\xff", ""},
		{func(w *Writer) { w.Int(256) }, "M\x00\x01", ""},
		{func(w *Writer) { w.Int(65535) }, "M\xff\xff", ""},
		{func(w *Writer) { w.Int(65536) }, "J\x00\x00\x01\x00", ""},
		{func(w *Writer) { w.Int(-1) }, "J\xff\xff\xff\xff", ""},
		{func(w *Writer) { w.Int(math.MinInt32) }, "J\x00\x00\x00\x80", ""},
		{func(w *Writer) { w.Int(1 << 31) }, "\x8a\x05\x00\x00\x00\x80\x00", ""},
		{func(w *Writer) { w.Int(-1<<31 - 1) }, "\x8a\x05\xff\xff\xff\x7f\xff", ""},
		{func(w *Writer) { w.Int(-1 << 39) }, "\x8a\x05\x00\x00\x00\x00\x80", ""},
		{func(w *Writer) { w.Int(math.MaxInt64) }, "\x8a\x08\xff\xff\xff\xff\xff\xff\xff\x7f", ""},
		{func(w *Writer) { w.Int(math.MinInt64) }, "\x8a\x08\x00\x00\x00\x00\x00\x00\x00\x80", ""},
		{func(w *Writer) { w.BigInt(big.NewInt(7)) }, "K\x07", ""},
		{func(w *Writer) { w.BigInt(pow(63, 1)) }, "\x8a\x09\x00\x00\x00\x00\x00\x00\x00\x80\x00", ""},
		{func(w *Writer) { w.BigInt(pow(71, -1)) }, "\x8a\x09\x00\x00\x00\x00\x00\x00\x00\x00\x80", ""},
		{func(w *Writer) { w.BigInt(pow(2040, 1)) }, "\x8b\x00\x01\x00\x00" + strings.Repeat("\x00", 255) + "\x01", ""},
		{func(w *Writer) { w.Float(1.5) }, "G\x3f\xf8\x00\x00\x00\x00\x00\x00", ""},
		{func(w *Writer) { w.Str("é") }, "\x8c\x02é", "X\x02\x00\x00\x00é"},
		{func(w *Writer) { w.Str(strings.Repeat("x", 256)) }, "X\x00\x01\x00\x00" + strings.Repeat("x", 256), ""},
		{func(w *Writer) { w.RawBytes("\x00\xff") }, "C\x02\x00\xff", "c_codecs\nencode\nX\x03\x00\x00\x00\x00ÿX\x06\x00\x00\x00latin1\x86R"},
		{func(w *Writer) { w.RawBytes("") }, "C\x00", "c__builtin__\nbytes\n)R"},
		{func(w *Writer) { w.ByteArray("") }, "\x96\x00\x00\x00\x00\x00\x00\x00\x00", "c__builtin__\nbytearray\n)R"},
		{many(0), "]", ""},
		{many(1), "]Na", ""},
		{many(2), "](NNe", ""},
		{many(1001), "](" + strings.Repeat("N", 1000) + "eNa", ""},
		{func(w *Writer) { w.Dict(1, func(int) { w.None(); w.Bool(true) }) }, "}N\x88s", ""},
		{func(w *Writer) { w.Dict(2, func(i int) { w.Int(int64(i)); w.Bool(false) }) }, "}(K\x00\x89K\x01\x89u", ""},
		{func(w *Writer) { w.BeginTuple(0); w.EndTuple(0) }, ")", ""},
		{func(w *Writer) { w.BeginTuple(3); w.None(); w.None(); w.None(); w.EndTuple(3) }, "NNN\x87", ""},
		{func(w *Writer) {
			w.BeginTuple(4)
			w.None()
			w.None()
			w.None()
			w.None()
			w.EndTuple(4)
		}, "(NNNNt", ""},
		{func(w *Writer) { w.Global(Global{"m", "n"}) }, "\x8c\x01m\x8c\x01n\x93", "cm\nn\n"},
		{
			func(w *Writer) { w.List(3, func(int) { w.Str("a") }) },
			"](\x8c\x01a\x94h\x00h\x00e", "](X\x01\x00\x00\x00aq\x00h\x00h\x00e",
		},
		{func(w *Writer) {
			w.List(2, func(int) {
				if r, done := w.Recall([]byte("k")); !done {
					w.Int(5)
					w.Keep(r)
				}
			})
		}, "](K\x05\x94h\x00e", "](K\x05q\x00h\x00e"},
		{
			func(w *Writer) { w.BeginObject(Global{"m", "C"}); w.Str("a"); w.None(); w.EndObject() },
			"\x8c\x01m\x8c\x01C\x93)\x81}(\x8c\x01aNub", "cm\nC\n)\x81}(X\x01\x00\x00\x00aNub",
		},
		{func(w *Writer) { w.Str("0"); w.PersistentID() }, "\x8c\x010Q", "X\x01\x00\x00\x000Q"},
	} {
		for protocol, want := range map[int]string{4: tc.p4, 2: tc.p2} {
			if want == "" {
				want = tc.p4
			}
			if diff := cmp.Diff(want, write(t, protocol, tc.write)); diff != "" {
				t.Errorf("protocol %d: -want +got:\n%s", protocol, diff)
			}
		}
	}
}

func TestWriterManyMarks(t *testing.T) {
	for _, protocol := range []int{2, 4} {
		var got []Value
		w := NewWriter(protocol)
		for range 2 {
			w.List(1400, func(i int) { w.Str(fmt.Sprint(i % 700)) })
			b, err := w.Bytes()
			if err != nil {
				t.Fatal(err)
			}
			got = decode(t, string(b), Options{}).List()
			w.Restart()
		}
		for i, v := range got {
			if s, _ := v.Str(); s != fmt.Sprint(i%700) {
				t.Fatalf("%d: %q", i, s)
			}
		}
	}
}

// TestFrames: each begins and ends between opcodes and is of CPython's size.
func TestFrames(t *testing.T) {
	w := NewWriter(4)
	w.List(30000, func(i int) { w.Int(int64(i) << 20) })
	b, err := w.Bytes()
	if err != nil {
		t.Fatal(err)
	}
	decode(t, string(b), Options{})
	pos, frames := 2, 0
	for b[pos] != opStop {
		if b[pos] != opFrame {
			t.Fatalf("no frame at %d", pos)
		}
		n := int(b[pos+1]) | int(b[pos+2])<<8 | int(b[pos+3])<<16
		pos += 9 + n
		frames++
		if n > frameSize+20 || bytes.Count(b[pos-n:pos], []byte{opFrame}) > n {
			t.Errorf("frame of %d bytes", n)
		}
	}
	if pos != len(b)-1 || frames < 3 {
		t.Errorf("%d frames end at %d of %d", frames, pos, len(b))
	}
}

func TestWriterRefuses(t *testing.T) {
	persistent := decode(t, "NQ.", Options{Persistent: func(Value) (any, error) { return 1, nil }})
	for want, f := range map[string]func(w *Writer){
		`"\xff" is not UTF-8`:             func(w *Writer) { w.Str("\xff"); w.Str("\xfe") },
		`"a\nb" is no name of protocol 2`: func(w *Writer) { w.Global(Global{"a\nb", "c"}) },
		`" b" is no name of protocol 2`:   func(w *Writer) { w.Global(Global{"a", " b"}) },
		"a persistent cannot be written":  func(w *Writer) { w.Value(persistent) },
		"a invalid cannot be written":     func(w *Writer) { w.Value(Value{}) },
		"an object made with keyword arguments cannot be written in protocol 2": func(w *Writer) {
			w.Value(decode(t, "cm\nC\n)}\x92.", Options{}))
		},
	} {
		w := NewWriter(2)
		f(w)
		if _, err := w.Bytes(); err == nil || err.Error() != want || w.Err() != err {
			t.Errorf("got %v, want %s", err, want)
		}
	}
	// Lists that are filled after they are put in: no depth when decoded.
	p := "("
	for range 3000 {
		p += "]\x94"
	}
	get := func(i int) string { return "j" + string([]byte{byte(i), byte(i >> 8), 0, 0}) }
	for i := range 2999 {
		p += get(i) + get(i+1) + "a"
	}
	w := NewWriter(4)
	w.Value(decode(t, p+"t.", Options{}))
	if err := w.Err(); ckpterr.ClassOf(err) != ckpterr.LimitExceeded {
		t.Errorf("deep: %v", err)
	}
}

func TestBigIntProperty(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		n := new(big.Int).SetBytes(rapid.SliceOfN(rapid.Byte(), 0, 300).Draw(t, "bytes"))
		if rapid.Bool().Draw(t, "negative") {
			n.Neg(n)
		}
		w := NewWriter(2)
		w.BigInt(n)
		b, err := w.Bytes()
		if err != nil {
			t.Fatal(err)
		}
		v, _, err := Decode(b, Options{})
		if err != nil {
			t.Fatal(err)
		}
		if got, _ := v.BigInt(); got.Cmp(n) != 0 {
			t.Fatalf("%v became %v", n, got)
		}
	})
}
