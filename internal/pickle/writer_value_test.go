package pickle

import (
	"fmt"
	"math"
	"strings"
	"testing"

	"github.com/godcp/godcp/ckpterr"
)

// graphs test identity, cycles and calls.
var graphs = []string{
	"]\x94h\x00a.",                                  // a list in itself
	"]\x94}\x94(K\x01h\x01K\x02h\x00ua.",            // a dict in itself
	"]\x940(h\x00K\x01K\x02K\x03t\x94h\x00h\x01a0.", // tuples in themselves
	"]\x940h\x00\x85\x94h\x00h\x01a0.",
	"]\x94(h\x00h\x00K\x01K\x02tah\x00\x86.", // tuples around a cycle
	"cm\nC\n]\x94\x85R\x94h\x00h\x01a0.",     // an object in its own argument
	"cm\nC\n)\x81\x94}\x94(\x8c\x01ah\x00\x8c\x01bh\x01ub.",
	"cm\nC\nK\x07\x85}\x8c\x01k\x88s\x92}\x8c\x01s\x89sb}b(K\x08K\x09e.",
	"ccollections\nOrderedDict\n)R(K\x01K\x02K\x01K\x03u.",
	"}(K\x01K\x02K\x01K\x03u.",
	"\x8f\x94(K\x01K\x02\x90h\x00\x86.",
	"(K\x01K\x02\x91\x94h\x00\x86.",
	"(cm\nC\n)\x81\x94\x91\x94h\x00}\x8c\x01fh\x01sb0.", // a frozenset in a member's state
	"C\x03abc\x94h\x00\x86.",
	"\x96\x02\x00\x00\x00\x00\x00\x00\x00xy\x94h\x00h\x00\x87.",
	"\x8a\x09\x00\x00\x00\x00\x00\x00\x00\x80\x00\x94h\x00\x86.",
	"cm\nC\n)R)R)R.",
	"(cm\nC\n)\x81cm\nC\n)\x81}}t.",
}

func TestWriterValue(t *testing.T) {
	for _, p := range graphs {
		v := decode(t, p, Options{})
		b := rewritten(t, v, 4)
		if want, got := shapeOf(v), shapeOf(decode(t, b, Options{})); got != want {
			t.Errorf("%q: became %q\n%s\n%s", p, b, want, got)
		}
		if !strings.Contains(p, "\x92") {
			decode(t, rewritten(t, v, 2), Options{})
		}
	}
}

func rewritten(t *testing.T, v Value, protocol int) string {
	t.Helper()
	w := NewWriter(protocol)
	w.Value(v)
	w.Restart()
	w.Value(v)
	b, err := w.Bytes()
	if err != nil {
		t.Fatalf("%s: %v", Describe(v), err)
	}
	return string(b)
}

// shapeOf is a text of all that v is, with numbers for what occurs again.
func shapeOf(v Value) string {
	var b strings.Builder
	seen := map[Value]int{}
	var walk func(v Value)
	many := func(it Items) {
		b.WriteByte('(')
		for _, m := range it.All() {
			walk(m)
			b.WriteByte(' ')
		}
		b.WriteByte(')')
	}
	walk = func(v Value) {
		tag := v.w.tag()
		if tag >= tagByteArray && tag != tagGlobal && v.w != emptyTuple {
			if n, ok := seen[v]; ok {
				fmt.Fprintf(&b, "#%d", n)
				return
			}
			seen[v] = len(seen)
		}
		b.WriteString(v.Kind().String())
		o, isObject := v.Object()
		switch {
		case isObject:
			fmt.Fprint(&b, o.Op)
			walk(o.Callable)
			walk(o.Args)
			walk(o.Kwargs)
			many(o.States)
			many(o.Items)
			many(o.Pairs.RawPairs())
		case tag == tagDict:
			many(v.RawPairs())
		case tag >= tagTuple && tag <= tagFrozenSet:
			many(v.Items())
		case tag == tagFloat:
			f, _ := v.Float()
			fmt.Fprintf(&b, "%x", math.Float64bits(f))
		default:
			n, _ := v.BigInt()
			raw, _ := v.Bytes()
			s, _ := v.Str()
			g, _ := v.Global()
			fmt.Fprintf(&b, "%v%q%q%q%v", n, raw, s, g, v.w == wTrue)
		}
	}
	walk(v)
	return b.String()
}

// FuzzRewrite: what was decoded is written so that it decodes to the same.
func FuzzRewrite(f *testing.F) {
	for _, p := range graphs {
		f.Add([]byte(p))
	}
	f.Fuzz(func(t *testing.T, data []byte) {
		v, n, err := Decode(data, Options{})
		if err != nil {
			return
		}
		w := NewWriter(4)
		w.Value(v)
		if ckpterr.ClassOf(w.Err()) == ckpterr.LimitExceeded {
			return
		}
		b := rewritten(t, v, 4)
		if len(b) > 64+20*n {
			t.Errorf("%d bytes became %d", n, len(b))
		}
		again, _, err := Decode([]byte(b), Options{})
		if ckpterr.ClassOf(err) == ckpterr.LimitExceeded {
			return
		}
		if err != nil {
			t.Fatalf("%q: %v", b, err)
		}
		if want, got := shapeOf(v), shapeOf(again); got != want {
			t.Errorf("became %q\n%s\n%s", b, want, got)
		}
	})
}
